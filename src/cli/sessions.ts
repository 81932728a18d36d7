// The sso-sessions: the status of all, which one a command is about, what to do if there is none, and their times.
import { NotFoundError, UsageError } from '../core/errors.ts';
import { formatDuration, formatMoment } from '../core/text/format-duration.ts';
import type { CallOptions } from '../local-api/client.ts';
import type { SessionStatusDocument, StatusDocument } from '../local-api/schemas.ts';
import { loadVersion } from '../local-api/version.ts';
import type { DaemonAccess, Dialog, Output, Places } from './context.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import { count, formatTable, harmless, shortenPath } from './terminal/render.ts';

/** The status comes from memory, but a keychain that asks for its password can delay it. */
const STATUS_TIMEOUT_MS = 30_000;

/** The status; prints a note if the daemon has another version or other endpoints than this shell. */
export async function loadStatus(context: DaemonAccess & Output): Promise<StatusDocument> {
  const status = await fetchStatus(context);
  const own = loadVersion();
  if (status.version !== own) {
    context.stderr.write(
      `Note: the daemon is rolecall ${harmless(status.version)}, this command is ${own}. To use this version: rolecall daemon restart\n`,
    );
  }
  const differing = findDifferingVariables(status, context);
  if (differing.length > 0) {
    context.stderr.write(
      `Note: the daemon was started with other values of ${new Intl.ListFormat('en-GB').format(differing)} than this shell has. ` +
        `To use this shell's: rolecall daemon restart\n`,
    );
  }
  return status;
}

/** The status, without notes. */
export function fetchStatus(
  context: DaemonAccess,
  options: Pick<CallOptions, 'autostart'> = {},
): Promise<StatusDocument> {
  return context.client.call('status', {}, { ...options, signal: context.signal, timeoutMs: STATUS_TIMEOUT_MS });
}

/** The endpoint variables whose value differs from the daemon's; those that the settings override do not count. */
export function findDifferingVariables(
  { endpoints }: StatusDocument,
  { environment }: Pick<Output, 'environment'>,
): string[] {
  const variables = [
    ['AWS_ENDPOINT_URL_SSO_OIDC', endpoints.ssoOidc],
    ['AWS_ENDPOINT_URL_SSO', endpoints.sso],
    ['AWS_ENDPOINT_URL_STS', endpoints.sts],
  ] as const;
  const switches = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'].filter(
    (name) => (environment[name]?.trim().toLowerCase() === 'true') !== (endpoints.switches ?? []).includes(name),
  );
  return [
    ...variables.flatMap(([name, inForce]) =>
      inForce?.source === 'settings' || (environment[name] ?? '') === (inForce?.url ?? '') ? [] : [name],
    ),
    ...switches,
  ];
}

/**
 * The sso-session of that name, or the only one, or the one that the user picks. `command` is the command line for hints.
 * @throws NotFoundError session-not-found: there is none, or none of that name
 * @throws UsageError usage: there are several, none was named, and nobody can be asked; config-malformed
 */
export async function chooseSession(
  status: StatusDocument,
  wanted: string | undefined,
  command: string,
  context: Dialog & Places,
): Promise<string> {
  const names = status.sessions.map(({ session }) => session);
  if (names.length === 0) throw noSession(status, context);
  const [only, ...others] = names;
  const chosen = wanted ?? (only !== undefined && others.length === 0 ? only : await pick(status, context));
  if (chosen !== undefined) {
    if (names.includes(chosen)) return chosen;
    throw new NotFoundError('session-not-found', `There is no sso-session "${chosen}". Known: ${names.join(', ')}.`);
  }
  throw new UsageError('usage', `There are several sso-sessions. Name one: ${names.join(', ')}.`, {
    hint: `${command} ${quoteForShell(names[0] ?? '')}`,
  });
}

/** By number or by name; undefined without an answer. */
async function pick(status: StatusDocument, context: Dialog): Promise<string | undefined> {
  const rows = status.sessions.map(({ session, startUrl }, index) => [
    `  ${index + 1}`,
    harmless(session),
    harmless(startUrl),
  ]);
  const answer = await context.ask(`${formatTable(rows)}Which sso-session (number or name)? `);
  const text = answer?.trim() ?? '';
  return text === '' ? undefined : (status.sessions[Number(text) - 1]?.session ?? text);
}

/** The problem with the config file, if there is one; otherwise how to set up the first session. */
export function noSession(status: StatusDocument, context: Places): NotFoundError | UsageError {
  const file = shortenPath(status.files.config, context.homeDirectory);
  const problem = status.problems.find(({ code }) => code === 'config-malformed');
  if (problem !== undefined) return new UsageError('config-malformed', problem.message, { hint: problem.hint });
  return new NotFoundError('session-not-found', `There is no [sso-session …] in ${file} yet.`, {
    hint: 'rolecall setup',
  });
}

export type SessionEndpoint = NonNullable<SessionStatusDocument['endpoints']>[number];

const ENDPOINT_KINDS = { fips: 'FIPS', dualstack: 'dual-stack', 'fips-dualstack': 'FIPS and dual-stack' } as const;

/**
 * "oidc.us-east-1.api.aws, AWS's dual-stack endpoint (set by its start URL)": the first of a
 * session's endpoints that are AWS's but not the default ones. Undefined if there is none.
 */
export function describeAwsEndpoint(endpoints: readonly SessionEndpoint[] = []): string | undefined {
  for (const { url, kind, setBy } of endpoints) {
    if (kind === 'custom') continue;
    return harmless(`${new URL(url).host}, AWS's ${ENDPOINT_KINDS[kind]} endpoint (set by ${setBy})`);
  }
  return undefined;
}

/** The present, and by how much this machine's clock is ahead of AWS's, whose times are in the documents. */
export interface Present {
  readonly nowMs: number;
  readonly clockAheadSeconds?: number;
}

/** A moment by AWS's clock: when this machine's clock shows it, and how far away it is. */
function localize(at: string, { nowMs, clockAheadSeconds = 0 }: Present): { shown: string; leftMs: number } {
  const localMs = Date.parse(at) + clockAheadSeconds * 1000;
  return { shown: formatMoment(new Date(localMs).toISOString(), nowMs), leftMs: localMs - nowMs };
}

/** "until 17:30 (in 2 h 10 min)". */
export function formatUntil(at: string, present: Present): string {
  const { shown, leftMs } = localize(at, present);
  return leftMs < 0
    ? `until ${shown} (${formatDuration(-leftMs)} ago)`
    : `until ${shown} (in ${formatDuration(leftMs)})`;
}

interface SignIn {
  readonly signedInAt?: string | null;
  readonly sessionExpiresAt?: string | null;
  readonly sessionEndIs?: SessionStatusDocument['sessionEndIs'] | null;
}

/** "since 07:30, until 17:30 (in 2 h 10 min)": the sign-in that AWS will end. */
export function describeSignIn(
  { signedInAt = null, sessionExpiresAt = null, sessionEndIs }: SignIn,
  present: Present,
): string {
  const since = signedInAt === null ? '' : `since ${localize(signedInAt, present).shown}, `;
  if (sessionExpiresAt === null) return `${since}end unknown`;
  const { shown, leftMs } = localize(sessionExpiresAt, present);
  if (leftMs < 0) return `${since}expected to end at ${shown} (${formatDuration(-leftMs)} ago)`;
  const left = formatDuration(leftMs);
  return sessionEndIs === 'observed'
    ? `${since}until about ${shown} (in ${left}, as last time)`
    : `${since}until ${shown} (in ${left})`;
}

/** "keys of 3 roles until 08:20, next refresh at 08:00"; undefined without keys. The first end counts. */
export function describeKeys(
  { roles = [], nextRefreshAt }: Pick<SessionStatusDocument, 'roles' | 'nextRefreshAt'>,
  present: Present,
): string | undefined {
  const ends = roles.flatMap(({ state, expiresAt }) => (state === 'unused' ? [] : (expiresAt ?? []))).toSorted();
  const valid = ends.filter((end) => localize(end, present).leftMs > 0);
  const [first] = valid;
  if (first === undefined) return undefined;
  const until = `keys of ${count(valid.length, 'role')} ${formatUntil(first, present)}`;
  return `${until}${describeRefresh(nextRefreshAt, present)}`;
}

/** ", next refresh at 08:00"; nothing without a time. */
export function describeRefresh(nextRefreshAt: string | null | undefined, present: Present): string {
  if (nextRefreshAt === undefined || nextRefreshAt === null) return '';
  const { shown, leftMs } = localize(nextRefreshAt, present);
  return leftMs <= 0 ? ', refresh due' : `, next refresh at ${shown}`;
}

const RETRY_REASONS = {
  outage: 'Identity Center fails',
  'server-pause': 'Identity Center asked for a pause',
  'back-off': 'the last refresh failed',
  'secret-store': 'the token cannot be read',
} as const;

type NextRetry = NonNullable<SessionStatusDocument['nextRetry']>;

/** "next try at 08:01 (in 2 min): Identity Center fails". The problem with all its details is shown elsewhere. */
export function describeRetry({ reason, at }: NextRetry, present: Present): string {
  if (reason === 'secret-store') return `next try when the secret store works: ${RETRY_REASONS[reason]}`;
  const why = RETRY_REASONS[reason] ?? reason;
  if (at === undefined) return `next try at the next request: ${why}`;
  const { shown, leftMs } = localize(at, present);
  return `next try at ${shown} (in ${formatDuration(leftMs)}): ${why}`;
}

const renewCommand = ({ session }: SessionStatusDocument) =>
  `rolecall login --force ${quoteForShell(harmless(session))}`;

/** The lines below a session in lists. */
export function describeTimes(session: SessionStatusDocument, present: Present): string[] {
  const keys = describeKeys(session, present);
  return [
    ...(session.state === 'live' ? [describeSignIn(session, present)] : []),
    ...(session.renewal === undefined ? [] : [`to renew it now: ${renewCommand(session)}`]),
    ...(keys === undefined ? [] : [keys]),
    ...(session.nextRetry === undefined ? [] : [describeRetry(session.nextRetry, present)]),
  ];
}
