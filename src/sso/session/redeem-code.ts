// Redeems an authorization code for a token; short interruptions of the network do not cost the code.
import { monotonicNowMs, type Clock } from '../../core/clock.ts';
import type { ClientRegistration, IssuedToken, SsoSession } from '../../core/model.ts';
import { describeCodeFault, isFault, isTransient } from '../faults.ts';
import type { AuthorizationCodeGrant, IdentityCenter } from '../ports.ts';
import type { FlowResult } from './flow.ts';

/** For a VPN that drops just when the browser comes back. */
const MAX_EXCHANGE_MS = 60_000;
const EXCHANGE_PAUSE_MS = 1000;

interface RedeemDeps {
  readonly identityCenter: Pick<IdentityCenter, 'createTokenByAuthorizationCode'>;
  readonly clock: Clock;
  /** Called if AWS does not know the client any more. */
  readonly onUnknownClient: () => void;
}

interface Redemption {
  readonly session: SsoSession;
  readonly registration: ClientRegistration;
  readonly grant: AuthorizationCodeGrant;
}

/** Never rejects. */
export async function redeemCode(deps: RedeemDeps, redemption: Redemption, signal: AbortSignal): Promise<FlowResult> {
  const { session, registration } = redemption;
  try {
    const issued = await requestToken(deps, redemption, signal);
    return issued === undefined ? { result: 'aborted' } : { result: 'approved', registration, issued };
  } catch (fault) {
    if (isFault(fault, 'access-denied')) return { result: 'denied' };
    if (isFault(fault, 'invalid-client')) deps.onUnknownClient();
    return { result: 'failed', error: describeCodeFault(fault, session).toBody() };
  }
}

/** Undefined once `signal` is aborted. @throws faults of Identity Center */
async function requestToken(
  { identityCenter, clock }: RedeemDeps,
  { session, registration, grant }: Redemption,
  signal: AbortSignal,
): Promise<IssuedToken | undefined> {
  const startedMs = monotonicNowMs(clock);
  while (!signal.aborted) {
    try {
      return await identityCenter.createTokenByAuthorizationCode(session, registration, grant);
    } catch (fault) {
      if (!isTransient(fault)) throw fault;
      const pauseMs = Math.max(EXCHANGE_PAUSE_MS, fault.retryAfterMs ?? 0);
      if (monotonicNowMs(clock) - startedMs + pauseMs > MAX_EXCHANGE_MS) throw fault;
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }
  return undefined;
}
