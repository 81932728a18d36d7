// The device authorization grant (RFC 8628): requests a code, then polls until it is approved, denied or expired.
import type { Clock } from '../../core/clock.ts';
import type { ClientRegistration, DeviceAuthorization, SsoSession } from '../../core/model.ts';
import { describeFault, describeRefusedStartUrl, isFault, isTransient } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import type { Flow, FlowResult } from './flow.ts';

/** RFC 8628 3.5: each `slow_down` adds five seconds to the interval permanently. */
const SLOW_DOWN_SECONDS = 5;
const DEFAULT_INTERVAL_SECONDS = 5;
/** A longer pause could outlast the code, which is valid for ten minutes. */
const MAX_ASKED_PAUSE_MS = 30_000;

interface DeviceCode {
  readonly registration: ClientRegistration;
  readonly authorization: DeviceAuthorization;
  /** AWS's own; see `IdentityCenter.resolveStartUrl`. */
  readonly startUrl: string;
}

interface DeviceCodeDeps {
  readonly identityCenter: IdentityCenter;
  readonly registrations: ClientRegistrations;
  readonly clock: Clock;
}

export function createDeviceCodeFlow(deps: DeviceCodeDeps): Flow {
  return {
    async begin(session) {
      const code = await requestDeviceCode(deps, session);
      const { userCode, verificationUri, verificationUriComplete, expiresInSeconds } = code.authorization;
      const expiresAtMs = deps.clock.nowMs() + expiresInSeconds * 1000;
      return {
        prompt: {
          userCode,
          verificationUri,
          verificationUriComplete,
          expiresAtMs,
          ...(code.startUrl === session.startUrl ? {} : { leadsTo: code.startUrl }),
        },
        isExpired: () => expiresAtMs <= deps.clock.nowMs(),
        finish: (signal) => pollForToken(deps, { ...session, startUrl: code.startUrl }, code, { expiresAtMs, signal }),
        end: () => undefined,
      };
    },
  };
}

/** @throws faults of Identity Center, ProtocolError if it refuses the start URL, and UnavailableError secret-store-… */
async function requestDeviceCode(
  { identityCenter, registrations }: DeviceCodeDeps,
  session: SsoSession,
): Promise<DeviceCode> {
  const startUrl = await identityCenter.resolveStartUrl(session);
  // The whole sign-in uses the endpoints of the portal that it leads to.
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
  const registration = await registrations.ensure(atAws, 'device');
  try {
    return await start(registration);
  } catch (fault) {
    if (!isFault(fault, 'invalid-client')) throw fault;
  }
  // The server does not know our client any more: register again, once.
  await registrations.forget(atAws, registration.clientId);
  return start(await registrations.ensure(atAws, 'device'));
}

/** Polls CreateToken until the code has an outcome, `expiresAtMs` or the abort of `signal`; never rejects. */
async function pollForToken(
  { clock, identityCenter }: DeviceCodeDeps,
  session: SsoSession,
  { registration, authorization }: DeviceCode,
  options: { readonly expiresAtMs: number; readonly signal: AbortSignal },
): Promise<FlowResult> {
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
      return { result: 'approved', registration, issued };
    } catch (fault) {
      if (isFault(fault, 'slow-down')) intervalSeconds += SLOW_DOWN_SECONDS;
      else if (isFault(fault, 'access-denied')) return { result: 'denied' };
      else if (isFault(fault, 'device-code-expired')) return { result: 'expired' };
      // A VPN that drops while the user is on the page must not cost the code.
      else if (isTransient(fault)) askedPauseMs = Math.min(fault.retryAfterMs ?? 0, MAX_ASKED_PAUSE_MS);
      else if (!isFault(fault, 'authorization-pending')) {
        return { result: 'failed', error: describeFault(fault, session.sessionName).toBody() };
      }
    }
  }
  return { result: 'aborted' };
}
