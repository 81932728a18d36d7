// `rolecall whoami`: prints which account and role this shell uses, why, and for how long.
import { EXIT_INTERRUPTED } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { nameOfSource } from '../../../core/text/role-title.js';
import type { ChainDocument, RefusalDocument } from '../../../local-api/schemas.ts';
import type { Places } from '../../context.ts';
import { canAsk, chooseProfile } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { describeRole, protectedMark } from '../../picker/role-columns.ts';
import { formatDuration, formatMoment } from '../../../core/text/format-duration.ts';
import { describeRefresh, describeRetry, describeSignIn, formatUntil } from '../../session-times.ts';
import { createPainter, formatTable, printText, harmless } from '../../terminal/render.ts';
import { describeLogin, describeProfile, findLogin, findOut, type Whoami } from './find-out.ts';

export interface WhoamiOptions {
  readonly json?: boolean;
}

type Context = PickerContext & Places;

export async function runWhoami(words: readonly string[], options: WhoamiOptions, context: Context): Promise<number> {
  const whoami = words.length === 0 ? await findOut(context) : await findNamed(words, options, context);
  if (whoami === undefined) return EXIT_INTERRUPTED;
  if (options.json === true) context.stdout.write(formatJson(whoami));
  else await printText(await format(whoami, context), context);
  return 0;
}

/** The role that the words mean; no role has to be confirmed, because nothing uses it. */
async function findNamed(
  words: readonly string[],
  options: WhoamiOptions,
  context: Context,
): Promise<Whoami | undefined> {
  const because = 'named on the command line';
  const login = await findLogin(words.join(' ').trim(), context);
  if (login !== undefined) return describeLogin(login, because);
  const mayAsk = canAsk(context) && options.json !== true;
  const request = { purpose: 'to look at', command: 'rolecall whoami', mayAsk, isReadOnly: true };
  const profile = await chooseProfile(words, request, context);
  return profile && describeProfile(profile, because, null, context);
}

const SESSION_STATES: Readonly<Record<string, string>> = {
  live: 'signed in',
  pending: 'waiting for approval',
  expired: 'sign-in has ended',
  'signed-out': 'signed out',
};

async function format(whoami: Whoami, context: Context): Promise<string> {
  if (whoami.source === 'aws-login') return (await import('./format-login.ts')).formatLogin(whoami, context);
  const paint = createPainter(context.stdout, context.environment);
  const nowMs = context.clock.nowMs();
  const { clockAheadSeconds } = whoami;
  const present = { nowMs, clockAheadSeconds };
  const { accountId, permissionSet, session, profile } = whoami;
  if (accountId === null || permissionSet === null || session === null) {
    const keys = whoami.keysExpireAt === null ? '' : `, ${formatUntil(whoami.keysExpireAt, present)}`;
    const why = harmless(whoami.why);
    const sentence = profile === null ? why.charAt(0).toUpperCase() + why.slice(1) : `${harmless(profile)}: ${why}`;
    return `${sentence}${keys}.\n${paint('dim', 'To use a role from rolecall: rolecall use')}\n`;
  }
  const { chain, label } = whoami;
  const role = { ...whoami, accountId, permissionSet, label: label ?? session };
  const head = describeRole(role, protectedMark(context.environment), label !== null && label !== session);
  const state = SESSION_STATES[whoami.sessionState ?? ''] ?? 'no longer known';
  const who = whoami.user === null ? '' : ` as ${harmless(whoami.user)}`;
  const next = whoami.sessionState === 'live' ? '' : `; rolecall login ${quoteForShell(harmless(session))}`;
  const rows = [
    ['Profile', `${harmless(profile ?? '')} (${harmless(whoami.why)})`],
    ...(chain === undefined ? [] : [['Chain', describeChain(chain)]]),
    ['Session', `${harmless(session)}, ${state}${whoami.sessionState === 'live' ? who : ''}${next}`],
    ...(whoami.sessionState === 'live' ? [['Sign-in', describeSignIn(whoami, present)]] : []),
    ...(whoami.keysExpireAt === null
      ? []
      : [['Keys', `${formatUntil(whoami.keysExpireAt, present)}${describeRefresh(whoami.nextRefreshAt, present)}`]]),
    ...(whoami.nextRetry === null ? [] : [['Retry', describeRetry(whoami.nextRetry, present)]]),
    ...(whoami.lastRefusal === null ? [] : [['Refused', describeRefusal(whoami.lastRefusal, nowMs)]]),
  ];
  const table = formatTable(rows.map(([name = '', text = '']) => [paint('dim', name), text]));
  return `${paint(whoami.protected ? 'red' : 'bold', head)}\n${table}`;
}

/** Whose keys assume which role, and for how long at a time. */
function describeChain(chain: ChainDocument): string {
  const { cappedFrom, lifetimeSeconds, policy, roleArn } = chain;
  const lifetime = formatDuration(lifetimeSeconds * 1000);
  const capped = cappedFrom === null ? '' : ` (AWS allows no more; ${formatDuration(cappedFrom * 1000)} wanted)`;
  const narrowed = policy ? ', narrowed by a session policy' : '';
  return `${harmless(roleArn)}, assumed with the keys of ${harmless(nameOfSource(chain))} for ${lifetime}${capped}${narrowed}`;
}

/** On one line, like the rest of the table. */
function describeRefusal({ at, message, hint }: RefusalDocument, nowMs: number): string {
  return `${formatMoment(at, nowMs)}: ${harmless(message)} Run: ${harmless(hint)}`;
}
