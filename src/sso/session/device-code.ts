// The device authorization grant (RFC 8628): requests a code, then polls until it is approved, denied or expired.
import type { Clock } from '../../core/clock.ts';
import type { ClientRegistration, DeviceAuthorization, IssuedToken, SsoSession } from '../../core/model.ts';
import { describeRefusedStartUrl, isFault, isTransient } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';
import type { ClientRegistrations } from './client-registrations.ts';

export interface DeviceCode {
  readonly registration: ClientRegistration;
  readonly authorization: DeviceAuthorization;
  /** AWS's own; see `IdentityCenter.resolveStartUrl`. */
  readonly startUrl: string;
}

/** `failed`: the server does not accept the code, with the reason as `fault`. */
export type PollResult =
  | { readonly result: 'approved'; readonly issued: IssuedToken }
  | { readonly result: 'denied' }
  | { readonly result: 'expired' }
  | { readonly result: 'aborted' }
  | { readonly result: 'failed'; readonly fault: unknown };

/** RFC 8628 3.5: each `slow_down` adds five seconds to the interval permanently. */
const SLOW_DOWN_SECONDS = 5;
const DEFAULT_INTERVAL_SECONDS = 5;
/** A longer pause could outlast the code, which is valid for ten minutes. */
const MAX_ASKED_PAUSE_MS = 30_000;

/** @throws faults of Identity Center, ProtocolError if it refuses the start URL, and UnavailableError secret-store-… */
export async function requestDeviceCode(
  deps: { readonly identityCenter: IdentityCenter; readonly registrations: ClientRegistrations },
  session: SsoSession,
): Promise<DeviceCode> {
  const { identityCenter, registrations } = deps;
  const startUrl = await identityCenter.resolveStartUrl(session);
  const atAws = { ...session, startUrl };
  const start = async (registration: ClientRegistration) => {
    try {
      const authorization = await identityCenter.startDeviceAuthorization(atAws, registration);
      return { registration, authorization, startUrl };
    } catch (fault) {
      if (!isFault(fault, 'start-url-refused')) throw fault;
      throw describeRefusedStartUrl(fault, atAws, await identityCenter.findHomeRegion(atAws));
    }
  };
  const registration = await registrations.ensure(session);
  try {
    return await start(registration);
  } catch (fault) {
    if (!isFault(fault, 'invalid-client')) throw fault;
  }
  // The server does not know our client any more: register again, once.
  await registrations.forget(session, registration.clientId);
  return start(await registrations.ensure(session));
}

/** Polls CreateToken until the code has an outcome, `expiresAtMs` or the abort of `signal`; never rejects. */
export async function pollForToken(
  deps: { readonly identityCenter: IdentityCenter; readonly clock: Clock },
  session: SsoSession,
  { registration, authorization }: Pick<DeviceCode, 'registration' | 'authorization'>,
  options: { readonly expiresAtMs: number; readonly signal: AbortSignal },
): Promise<PollResult> {
  const { clock, identityCenter } = deps;
  const { expiresAtMs, signal } = options;
  let intervalSeconds = authorization.intervalSeconds > 0 ? authorization.intervalSeconds : DEFAULT_INTERVAL_SECONDS;
  let askedPauseMs = 0;
  while (!signal.aborted) {
    try {
      await clock.sleep(Math.max(intervalSeconds * 1000, askedPauseMs), signal);
    } catch {
      break;
    }
    if (clock.nowMs() >= expiresAtMs) return { result: 'expired' };
    askedPauseMs = 0;
    try {
      const issued = await identityCenter.createTokenByDeviceCode(session, registration, authorization.deviceCode);
      return { result: 'approved', issued };
    } catch (fault) {
      if (isFault(fault, 'slow-down')) intervalSeconds += SLOW_DOWN_SECONDS;
      else if (isFault(fault, 'access-denied')) return { result: 'denied' };
      else if (isFault(fault, 'device-code-expired')) return { result: 'expired' };
      // A VPN that drops while the user is on the page must not cost the code.
      else if (isTransient(fault)) askedPauseMs = Math.min(fault.retryAfterMs ?? 0, MAX_ASKED_PAUSE_MS);
      else if (!isFault(fault, 'authorization-pending')) return { result: 'failed', fault };
    }
  }
  return { result: 'aborted' };
}
