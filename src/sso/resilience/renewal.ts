// When a thing that expires should be replaced.

/** botocore asks again under 15 minutes, so nothing with less than this is handed out while a longer one can be had. */
export const EXPIRY_WINDOW_MS = 20 * 60_000;

/** From when on 20 minutes (or a third of a short lifetime) or less are left. */
export function renewalDueMs(issuedAtMs: number, expiresAtMs: number): number {
  return expiresAtMs - windowOf(issuedAtMs, expiresAtMs);
}

export function isDueForRenewal(nowMs: number, issuedAtMs: number, expiresAtMs: number): boolean {
  return nowMs >= renewalDueMs(issuedAtMs, expiresAtMs);
}

/** A little before it is due, by chance: forty roles of one hour spread out, and no caller meets one that is due. */
export function renewAheadMs(issuedAtMs: number, expiresAtMs: number, random: () => number): number {
  const aheadMs = (windowOf(issuedAtMs, expiresAtMs) / 10) * (0.5 + random() / 2);
  return renewalDueMs(issuedAtMs, expiresAtMs) - aheadMs;
}

function windowOf(issuedAtMs: number, expiresAtMs: number): number {
  return Math.min(EXPIRY_WINDOW_MS, Math.max(0, expiresAtMs - issuedAtMs) / 3);
}
