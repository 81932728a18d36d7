// When an Identity Center session ends. AWS does not say, so the user sets its length, or it is learned from earlier sessions.

export interface SessionEnd {
  readonly atMs: number;
  readonly source: 'configured' | 'observed';
}

const HOUR_MS = 3_600_000;
/** Administrators choose whole hours, sometimes half ones. */
const STEPS_MS = [HOUR_MS, HOUR_MS / 2] as const;
/** If the end is known less precisely than this, as after a night asleep, it says nothing about the length. */
const MAX_UNCERTAINTY_MS = 1.5 * HOUR_MS;
/** Allowed difference between our clock and AWS's, and between the approval and the token. */
const SLACK_MS = 2 * 60_000;
/** A session that ended earlier was probably revoked. */
const MIN_LENGTH_MS = HOUR_MS;

/**
 * The length of a session that was alive at `lastAliveMs` and had ended at `foundOverMs`: the roundest length in
 * between. Undefined if that span is too wide, or so short that the session was probably revoked.
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

/** True if the session has lived longer than the observed length: the observed one was ended early. */
export function hasOutlived(signedInAtMs: number, lengthMs: number, nowMs: number): boolean {
  return nowMs > signedInAtMs + lengthMs + SLACK_MS;
}

/** The end of a session; the length in hours that the user has set takes precedence over the observed one. */
export function describeSessionEnd(
  { signedInAtMs, observedLengthMs }: { readonly signedInAtMs?: number; readonly observedLengthMs?: number },
  configuredHours: number | undefined,
): SessionEnd | undefined {
  if (signedInAtMs === undefined) return undefined;
  if (configuredHours !== undefined) return { atMs: signedInAtMs + configuredHours * HOUR_MS, source: 'configured' };
  return observedLengthMs === undefined ? undefined : { atMs: signedInAtMs + observedLengthMs, source: 'observed' };
}
