// The times of an sso-session: sign-in, keys, next refresh, next try.
import { formatDuration, formatMoment } from '../core/text/format-duration.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { SessionStatusDocument } from '../local-api/schemas.ts';
import { count, harmless } from './terminal/render.ts';

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
