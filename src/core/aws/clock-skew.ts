// The message about a wrong clock of this machine.

/** AWS refuses signed requests from five minutes on; warning at two leaves time to act. */
const MAX_SKEW_MS = 2 * 60_000;
const HOUR_MS = 3_600_000;

/** By how much the clock is ahead (negative: behind), in whole minutes; undefined if it is accurate enough. */
export function roundClockSkewSeconds(aheadMs: number): number | undefined {
  return Math.abs(aheadMs) <= MAX_SKEW_MS ? undefined : Math.round(aheadMs / 60_000) * 60;
}

/** Undefined if the clock is accurate enough. */
export function describeClockSkew(
  aheadMs: number,
  platform: NodeJS.Platform,
): { readonly message: string; readonly command: string } | undefined {
  const amountMs = Math.abs(aheadMs);
  if (amountMs <= MAX_SKEW_MS) return undefined;
  const amount =
    amountMs < 1.5 * HOUR_MS ? `${Math.round(amountMs / 60_000)} min` : `${Math.round(amountMs / HOUR_MS)} h`;
  return {
    message: `The clock of this machine is ${amount} ${aheadMs > 0 ? 'ahead of' : 'behind'} AWS's. AWS refuses requests that are five minutes off, and credentials appear to expire early or late.`,
    command: platform === 'darwin' ? 'sudo sntp -sS time.apple.com' : 'sudo timedatectl set-ntp true',
  };
}
