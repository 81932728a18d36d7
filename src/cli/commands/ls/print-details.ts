// `rolecall ls` on a terminal: also the profile of each role, marks for the current and for protected roles, and times.
import type { AccountsDocument, RoleDocument, StatusDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess, Output } from '../../context.ts';
import { protectedMark } from '../../picker/role-columns.ts';
import type { FitStep } from '../../terminal/fit-columns.ts';
import type { ChainRows } from './chain-rows.ts';
import { createPainter, formatDuration, formatTableFor, harmless } from '../../terminal/render.ts';

type Context = DaemonAccess & Output & Pick<CliContext, 'clock' | 'page'>;

interface DetailOptions {
  /** Undefined: no role of the list is chained. */
  readonly chains: ChainRows | undefined;
  /** The age of the list, and a command if it is incomplete. */
  readonly describeList: (nowMs: number) => readonly string[];
  /** The query, whose matches are highlighted. */
  readonly words: string;
  readonly isWide: boolean;
  readonly usesPager: boolean;
}

const CURRENT_MARK = '*';

/** Prints the list on stdout, and what the marks mean, the sign-in's times and left-out columns on stderr. */
export async function printDetails(
  document: AccountsDocument,
  { chains, describeList, words, isWide, usesPager }: DetailOptions,
  context: Context,
): Promise<void> {
  const { client, signal, stdout, stderr, environment } = context;
  const [{ roles }, status] = await Promise.all([
    client.call('roles', { query: {} }, { signal }),
    client.call('status', {}, { signal }),
  ]);
  const rows = toRows(document, roles, status, { chains, protectedSign: protectedMark(environment) });
  const columns = COLUMNS.filter(({ key }) => rows.some((row) => key in row));
  const { text, leftOut } = await formatTableFor(
    stdout,
    [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ key }) => row[key] ?? ''))],
    { steps: toSteps(columns), isWide },
  );
  const paint = createPainter(stdout, environment);
  const [head = '', ...lines] = text.split(/(?<=\n)/);
  const shown = words === '' ? lines : await highlight(lines, words, paint);
  await context.page(paint('dim', head) + shown.join(''), { keepsRows: isWide, usesPager });
  // The documents have AWS's times.
  const awsNowMs = context.clock.nowMs() - (status.clockAheadSeconds ?? 0) * 1000;
  const [age = '', ...others] = describeList(awsNowMs);
  const notes = [
    age,
    ...describeSessions(document, status, awsNowMs),
    ...describeMarks(rows, protectedMark(environment)),
    ...describeCapped(rows),
    ...(leftOut === undefined ? [] : [leftOut]),
  ];
  stderr.write([notes.join(' '), ...others].map((line) => `${line}\n`).join(''));
}

/** Lines with the matching parts highlighted as in the picker. Columns are already cut and padded. */
async function highlight(
  lines: readonly string[],
  query: string,
  paint: ReturnType<typeof createPainter>,
): Promise<readonly string[]> {
  const [{ findMarks }, { parseWords }, { paintMarks }] = await Promise.all([
    import('../../../core/search/role-marks.js'),
    import('../../../core/search/search-words.js'),
    import('../../picker/paint-marks.ts'),
  ]);
  const words = parseWords(query);
  return lines.map((line) => {
    // Of an account id other parts match than of names.
    const [, before = line, id = '', after = ''] = /^(.*? {2})(\d{12})(?= {2}|\n)([^]*)$/u.exec(line) ?? [];
    const cells = [{ text: before }, { text: id, isId: true }, { text: after }];
    const marks = findMarks(cells, words, { marksLetters: false });
    return cells.map(({ text }, index) => paintMarks(text, marks[index], paint, (part) => part)).join('');
  });
}

interface Row {
  readonly mark?: string;
  readonly account: string;
  readonly id: string;
  readonly permissionSet: string;
  readonly lasts?: string;
  readonly session?: string;
  readonly profile?: string;
}

const COLUMNS: readonly { readonly key: keyof Row; readonly title: string }[] = [
  { key: 'mark', title: '' },
  { key: 'account', title: 'ACCOUNT' },
  { key: 'id', title: 'ID' },
  { key: 'permissionSet', title: 'PERMISSION SET' },
  { key: 'lasts', title: 'LASTS' },
  { key: 'session', title: 'SESSION' },
  { key: 'profile', title: 'PROFILE' },
];

/** The profile gives way first, then names share what is left, then the session; account ids stay whole. */
function toSteps(columns: typeof COLUMNS): readonly FitStep[] {
  const at = (...keys: readonly (keyof Row)[]) =>
    keys.map((key) => columns.findIndex((column) => column.key === key)).filter((index) => index >= 0);
  return [
    { columns: at('profile'), least: 24, orDrop: true },
    { columns: at('permissionSet', 'account'), least: 16 },
    { columns: at('session'), least: 8 },
    { columns: at('permissionSet', 'account'), least: 8 },
    { columns: at('lasts'), least: Number.POSITIVE_INFINITY, orDrop: true },
    { columns: at('session'), least: Number.POSITIVE_INFINITY, orDrop: true },
  ];
}

function toRows(
  { accounts }: AccountsDocument,
  roles: readonly RoleDocument[],
  { current }: StatusDocument,
  { chains, protectedSign }: Pick<DetailOptions, 'chains'> & { readonly protectedSign: string },
): readonly Row[] {
  const keyOf = (session: string, accountId: string, permissionSet: string) =>
    `${session}\n${accountId}\n${permissionSet}`;
  const known = new Map(roles.map((role) => [keyOf(role.session, role.accountId, role.permissionSet), role]));
  const currentKey = current === null ? '' : keyOf(current.session, current.accountId, current.permissionSet);
  const hasSessions = accounts.some(({ session }) => session !== accounts[0]?.session);
  return accounts.flatMap((account) => {
    const { session, accountId, accountName, permissionSets } = account;
    return (permissionSets.length === 0 ? ['-'] : permissionSets).map((permissionSet) => {
      const lasts = chains?.lifetimeOf(account, permissionSet);
      const key = keyOf(session, accountId, permissionSet);
      const role = known.get(key);
      const mark = `${key === currentKey ? CURRENT_MARK : ''}${role?.protected === true ? protectedSign : ''}`;
      return {
        ...(mark === '' ? {} : { mark }),
        account: harmless(accountName ?? '-'),
        id: accountId,
        permissionSet: harmless(chains?.titleOf(account, permissionSet) ?? permissionSet),
        ...(lasts === undefined ? {} : { lasts }),
        ...(hasSessions ? { session: harmless(session) } : {}),
        ...(role === undefined || role.profile === null ? {} : { profile: harmless(role.profile) }),
      };
    });
  });
}

function describeMarks(rows: readonly Row[], protectedSign: string): readonly string[] {
  const has = (sign: string) => rows.some(({ mark = '' }) => mark.includes(sign));
  const meanings = [
    ...(has(CURRENT_MARK) ? [`${CURRENT_MARK} current role`] : []),
    ...(has(protectedSign) ? [`${protectedSign} protected`] : []),
  ];
  return meanings.length === 0 ? [] : [`${meanings.join(', ')}.`];
}

/** What "1 h (8 h)" means. */
function describeCapped(rows: readonly Row[]): readonly string[] {
  const [, asked] = rows.flatMap(({ lasts = '' }) => /\((.+)\)/u.exec(lasts) ?? []);
  return asked === undefined ? [] : [`(${asked}): requested, but AWS limits chained roles to 1 h.`];
}

/** For the sessions in the list: whether they are signed in, and how long the sign-in lasts if that is known. */
function describeSessions(
  { accounts }: AccountsDocument,
  { sessions }: StatusDocument,
  nowMs: number,
): readonly string[] {
  const shown = sessions.filter(({ session }) => accounts.some((account) => account.session === session));
  return shown.map(({ session, state, sessionExpiresAt }) => {
    const name = shown.length > 1 ? ` to ${harmless(session)}` : '';
    if (state !== 'live') return `${state === 'expired' ? 'The sign-in has ended' : 'Signed out'}${name}.`;
    const left = sessionExpiresAt === undefined ? '' : `, ${formatDuration(Date.parse(sessionExpiresAt) - nowMs)} left`;
    return `Signed in${name}${left}.`;
  });
}
