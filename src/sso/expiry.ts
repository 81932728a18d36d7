// When a thing that expires should be replaced.

/** botocore asks again under 15 minutes, so nothing with less than this is handed out while a longer one can be had. */
export const EXPIRY_WINDOW_MS = 20 * 60_000;

/** True when less than 20 minutes (or a third of a short lifetime) is left. */
export function isDueForRenewal(nowMs: number, issuedAtMs: number, expiresAtMs: number): boolean {
  const lifetimeMs = Math.max(0, expiresAtMs - issuedAtMs);
  return expiresAtMs - nowMs <= Math.min(EXPIRY_WINDOW_MS, lifetimeMs / 3);
}
