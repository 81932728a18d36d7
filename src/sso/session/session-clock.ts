// When an Identity Center session ends: AWS does not say, so it is set by the user or learned from sessions that ended by themselves.

export interface SessionEnd {
  readonly atMs: number;
  readonly source: 'configured' | 'observed';
}

const HOUR_MS = 3_600_000;
/** Administrators choose lengths in whole hours, now and then in half ones. */
const STEPS_MS = [HOUR_MS, HOUR_MS / 2] as const;
/** An end known no better than this, as after a night asleep, tells no length. */
const MAX_UNCERTAINTY_MS = 1.5 * HOUR_MS;
/** Between our clock and AWS's, from the click to the token. */
const SLACK_MS = 2 * 60_000;
/** What ends before was rather ended by somebody. */
const MIN_LENGTH_MS = HOUR_MS;

/**
 * The length of a session that was alive `lastAliveMs` and found over at `foundOverMs`: the roundest one in between.
 * Undefined when that span is too vague, or so short that it was rather a revocation.
 */
export function observeSessionLength(
  signedInAtMs: number,
  lastAliveMs: number,
  foundOverMs: number,
): number | undefined {
  const atLeastMs = lastAliveMs - signedInAtMs;
  const atMostMs = foundOverMs - signedInAtMs;
  if (atMostMs < MIN_LENGTH_MS || atMostMs <= atLeastMs || atMostMs - atLeastMs > MAX_UNCERTAINTY_MS) return undefined;
  for (const stepMs of STEPS_MS) {
    const roundMs = Math.max(1, Math.ceil((atLeastMs - SLACK_MS) / stepMs)) * stepMs;
    if (roundMs <= atMostMs) return roundMs;
  }
  return atMostMs;
}

/** True for a session that lives longer than was learned: the other one had been ended by somebody. */
export function hasOutlived(signedInAtMs: number, lengthMs: number, nowMs: number): boolean {
  return nowMs > signedInAtMs + lengthMs + SLACK_MS;
}

/** The end of a session: what the user has set comes before what was observed. */
export function findSessionEnd(
  signedInAtMs: number | undefined,
  lengths: { readonly configuredMs: number | undefined; readonly observedMs: number | undefined },
): SessionEnd | undefined {
  if (signedInAtMs === undefined) return undefined;
  const { configuredMs, observedMs } = lengths;
  if (configuredMs !== undefined) return { atMs: signedInAtMs + configuredMs, source: 'configured' };
  return observedMs === undefined ? undefined : { atMs: signedInAtMs + observedMs, source: 'observed' };
}
