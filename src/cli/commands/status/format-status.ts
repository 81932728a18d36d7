// The text of `rolecall status`.
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { SessionStatusDocument, ShownCurrentRoleDocument, StatusDocument } from '../../../local-api/schemas.ts';
import type { CliContext, Output, Places } from '../../context.ts';
import type * as RoleColumns from '../../picker/role-columns.ts';
import { describeAwsEndpoint } from '../../session-endpoint.ts';
import { describeTimes } from '../../session-times.ts';
import {
  count,
  createPainter,
  formatDuration,
  formatTable,
  harmless,
  shortenPath,
  type Style,
} from '../../terminal/render.ts';

type Context = Output & Places & Pick<CliContext, 'clock'>;
type Columns = typeof RoleColumns;

const STORES = {
  keychain: 'in the OS keychain',
  file: 'in an encrypted file',
  memory: 'in memory only, until the daemon stops',
} as const;

/** The status in full; `columns` is only needed if there is a current role. */
export function formatStatus(status: StatusDocument, columns: Columns | undefined, context: Context): string {
  const paint = createPainter(context.stdout, context.environment);
  const facts = [
    ...(status.current === null || columns === undefined
      ? []
      : [['Current role', describeCurrent(status.current, status, columns, context)]]),
    ['Tokens', STORES[status.store.driver]],
    ...describeEndpoints(status),
    ...(status.team === undefined ? [] : [['Team', `settings from ${harmless(status.team.source)}`]]),
    ['Daemon', `rolecall ${harmless(status.version)}, pid ${status.pid}`],
  ];
  const lines = [
    status.sessions.length === 0 ? describeNoSession(status, context) : describeSessions(status, context),
    '\n',
    formatTable(facts.map(([label = '', value = '']) => [paint('dim', label), value])),
    ...describeWaiting(status).map((line) => `\n${line}`),
    ...describeTokenFiles(status).map((line) => `\n${line}`),
  ];
  for (const problem of status.problems) {
    // Already shown in the session's own line.
    if (problem.code === 'sign-in-expired' || problem.code === 'sign-in-required') continue;
    lines.push(`\n${paint('yellow', '!')} ${harmless(problem.message)}\n`);
    // Do not suggest the command that has just run.
    if (problem.hint !== 'rolecall status') lines.push(`  Run: ${paint('bold', harmless(problem.hint))}\n`);
  }
  return lines.join('');
}

/** A failing proxy may refuse hundreds of profiles, each with a message of its own. */
const MAX_REFUSAL_LINES = 3;

/** The last refusals, without repetitions. */
export async function describeRefusals({ lastRefusals = [] }: StatusDocument, context: Context): Promise<string> {
  if (lastRefusals.length === 0) return '';
  const { groupRefusals } = await import('../../refusal-lines.ts');
  const paint = createPainter(context.stdout, context.environment);
  const lines = groupRefusals(lastRefusals, context.clock.nowMs());
  const left = lines.length - MAX_REFUSAL_LINES;
  return [
    ...lines.slice(0, MAX_REFUSAL_LINES).map(({ who, message, hint }) => {
      const next = hint === 'rolecall status' ? '' : `  Run: ${paint('bold', harmless(hint))}\n`;
      return `\n${paint('yellow', '!')} ${who}: ${harmless(message)}\n${next}`;
    }),
    ...(left <= 0 ? [] : [`\n${count(left, 'more refusal')}: rolecall status --json\n`]),
  ].join('');
}

function describeNoSession({ files, problems }: StatusDocument, context: Context): string {
  const file = shortenPath(files.config, context.homeDirectory);
  // The problem with the file is shown below; adding a session would not fix it.
  if (problems.some(({ code }) => code === 'config-malformed')) return `No sso-session can be read from ${file}.\n`;
  return `No sso-session in ${file} yet. To add one: rolecall setup\n`;
}

/** A line for each session; below it since when, until when and what is next. */
function describeSessions(status: StatusDocument, context: Context): string {
  const paint = createPainter(context.stdout, context.environment);
  const { sessions, clockAheadSeconds = 0 } = status;
  const present = { nowMs: context.clock.nowMs(), clockAheadSeconds };
  const awsNowMs = present.nowMs - clockAheadSeconds * 1000;
  const lines = formatTable(sessions.map((session) => describeSession(session, awsNowMs, paint))).split('\n');
  return sessions
    .flatMap((session, index) => {
      const details = describeTimes(session, present).map((line) => `  ${paint('dim', line)}`);
      return [lines[index] ?? '', ...details];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function describeSession(
  session: SessionStatusDocument,
  nowMs: number,
  paint: (style: Style, text: string) => string,
): string[] {
  const states = {
    live: paint('green', session.user === undefined ? 'signed in' : `signed in as ${harmless(session.user)}`),
    pending: paint('yellow', 'waiting for approval'),
    expired: paint('yellow', 'sign-in has ended'),
    'signed-out': paint('dim', 'signed out'),
  };
  const list = describeList(session, nowMs);
  const next =
    session.state === 'live' || session.state === 'pending'
      ? list
      : `rolecall login ${quoteForShell(harmless(session.session))}`;
  const label = session.label === undefined || session.label === session.session ? '' : ` (${harmless(session.label)})`;
  return [`${harmless(session.session)}${label}`, states[session.state], next];
}

function describeList({ catalog, listing }: SessionStatusDocument, nowMs: number): string {
  if (listing !== null) return `listing, ${listing.accountsListed} of ${listing.accountsTotal} accounts`;
  if (catalog === null) return '';
  const age = formatDuration(nowMs - Date.parse(catalog.asOf));
  const size = `${count(catalog.accounts, 'account')}, ${count(catalog.permissionSets, 'permission set')}`;
  return `${size}, listed ${age} ago${catalog.complete ? '' : ', incomplete'}`;
}

const SERVICE_NAMES = { oidc: 'SSO OIDC', portal: 'the SSO portal', sts: 'STS' } as const;

/** Only endpoints that are not AWS's default ones, as they receive the tokens. */
function describeEndpoints({ endpoints, sessions }: StatusDocument): string[][] {
  const named = [
    [SERVICE_NAMES.oidc, endpoints.ssoOidc],
    [SERVICE_NAMES.portal, endpoints.sso],
    [SERVICE_NAMES.sts, endpoints.sts],
  ] as const;
  const servicesByText = new Map<string, string[]>();
  const add = (text: string, service: string) =>
    servicesByText.set(text, [...(servicesByText.get(text) ?? []), service]);
  for (const [service, endpoint] of named) {
    if (endpoint === undefined) continue;
    add(`${harmless(endpoint.url)} (from the ${endpoint.source}, not AWS's own)`, service);
  }
  for (const { session, endpoints: own = [] } of sessions) {
    for (const { service, url, kind } of own) {
      if (kind !== 'custom') continue;
      add(`${harmless(url)} (from the settings of ${harmless(session)}, not AWS's own)`, SERVICE_NAMES[service]);
    }
  }
  return [
    ...[...servicesByText].map(([text, services]) => ['Endpoint', `${services.join(', ')} at ${text}`]),
    ...sessions.flatMap(({ session, endpoints: own }) => {
      const variant = describeAwsEndpoint(own);
      return variant === undefined ? [] : [['Endpoint', `${harmless(session)}: ${variant}`]];
    }),
  ];
}

/** In the order of every list: account name, account id, permission set, then session and profile. */
function describeCurrent(
  current: ShownCurrentRoleDocument,
  { sessions }: StatusDocument,
  { describeRole, protectedMark }: Columns,
  context: Context,
): string {
  const paint = createPainter(context.stdout, context.environment);
  const { profile } = current;
  const role = describeRole({ ...current, label: current.session, protected: false }, '', false);
  const session = sessions.find(({ session: name }) => name === current.session);
  const isOneOfSeveral = sessions.length > 1 || session === undefined;
  return [
    current.protected ? paint('red', `${protectedMark(context.environment)} ${role}`) : role,
    ...(isOneOfSeveral ? [harmless(session?.label ?? current.session)] : []),
    ...(profile === null ? [] : [`profile ${harmless(profile)}`]),
  ].join('  ');
}

/** Programs that wait until the user signs in. */
function describeWaiting({ sessions }: StatusDocument): string[] {
  return sessions.flatMap(({ session, waiting = 0 }) =>
    waiting === 0
      ? []
      : [`${count(waiting, 'caller')} ${waiting === 1 ? 'waits' : 'wait'} for a sign-in to ${harmless(session)}.\n`],
  );
}

/** The only place where a token is stored unencrypted, with the profiles that need it. */
function describeTokenFiles(status: StatusDocument): string[] {
  return status.sessions.flatMap(({ session, tokenFileProfiles }) =>
    tokenFileProfiles.length === 0
      ? []
      : [
          `The access token of ${harmless(session)} is also in the AWS CLI's own token file, for the hand-written ` +
            `${tokenFileProfiles.length === 1 ? 'profile' : 'profiles'} ${tokenFileProfiles.map(harmless).join(', ')}.\n`,
        ],
  );
}
