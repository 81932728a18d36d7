// The authorization code grant with PKCE (RFC 7636, RFC 8252): the browser comes back to this machine with a code.
import { createHash } from 'node:crypto';
import { hasElapsed, monotonicNowMs, type Clock } from '../../core/clock.ts';
import type { ClientRegistration, SsoSession } from '../../core/model.ts';
import { Secret } from '../../core/secret.ts';
import { describeRedirectError } from '../faults.ts';
import type { IdentityCenter, OpenRedirectListener, Redirect } from '../ports.ts';
import { formatAuthorizeUrl } from './authorize-url.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import type { Flow } from './flow.ts';
import { redeemCode } from './redeem-code.ts';

/** As long as a device code. */
const LIFETIME_MS = 10 * 60_000;
/** The end of the wait is noticed this late at most, also after a sleep of the machine. */
const TICK_MS = 5000;
/** 256 bits for the state; as base64url 64 characters for the verifier, of 43 to 128 that RFC 7636 allows. */
const STATE_BYTES = 32;
const VERIFIER_BYTES = 48;

export interface AuthorizationCodeDeps {
  readonly identityCenter: IdentityCenter;
  readonly registrations: ClientRegistrations;
  readonly openRedirectListener: OpenRedirectListener;
  readonly randomBytes: (size: number) => Buffer;
  readonly clock: Clock;
  /** This machine's clock: the wait for the browser is ours alone, and must not end because AWS's time becomes known. */
  readonly machineClock: Clock;
}

export function createAuthorizationCodeFlow(deps: AuthorizationCodeDeps): Flow {
  const { clock, identityCenter, registrations } = deps;
  /**
   * Clients with which nobody has come back. For a client that it no longer knows, AWS shows an error in the browser and
   * tells us nothing, so the next sign-in registers again.
   */
  const doubtful = new Set<string>();

  async function ensureClient(session: SsoSession): Promise<ClientRegistration> {
    const known = await registrations.ensure(session, 'pkce');
    if (!doubtful.has(known.clientId)) return known;
    await registrations.forget(session, known.clientId);
    const renewed = await registrations.ensure(session, 'pkce');
    doubtful.delete(known.clientId);
    return renewed;
  }

  return {
    async begin(session) {
      const startUrl = await identityCenter.resolveStartUrl(session);
      // The client is registered for one portal, by the URL that AWS knows, and the whole sign-in uses its endpoints.
      const atAws = { ...session, startUrl };
      const registration = await ensureClient(atAws);
      const base = await identityCenter.oidcOrigin(atAws);
      const state = randomText(deps.randomBytes, STATE_BYTES);
      const codeVerifier = randomText(deps.randomBytes, VERIFIER_BYTES);
      const deadline = createDeadline(deps.machineClock);
      const listener = await deps.openRedirectListener({ session, state, isOpen: () => !deadline.isOver() });
      const { redirectUri } = listener;
      const codeChallenge = createHash('sha256').update(codeVerifier.reveal()).digest('base64url');
      const request = { clientId: registration.clientId, redirectUri, state, codeChallenge };
      const verificationUri = formatAuthorizeUrl(base, session, request);
      let redirect: Redirect | undefined;
      const isExpired = () => redirect === undefined && deadline.isOver();
      const comeBack = listener.redirect.then((found) => {
        redirect = found;
      });

      return {
        prompt: {
          verificationUri,
          verificationUriComplete: verificationUri,
          expiresAtMs: deadline.atMs,
          ...(startUrl === session.startUrl ? {} : { leadsTo: startUrl }),
        },
        // What happens after the redirect has a limit of its own.
        isExpired,
        async finish(signal) {
          let found = redirect;
          while (found === undefined) {
            if (signal.aborted) return { result: 'aborted' };
            if (isExpired()) return { result: 'expired' };
            await sleepUntil(comeBack, { clock, signal });
            found = redirect;
          }
          if ('code' in found) {
            const onUnknownClient = () => doubtful.add(registration.clientId);
            const grant = { code: found.code, codeVerifier, redirectUri };
            return redeemCode({ ...deps, onUnknownClient }, { session: atAws, registration, grant }, signal);
          }
          if (found.error === 'access_denied') return { result: 'denied' };
          return { result: 'failed', error: describeRedirectError(found, session).toBody() };
        },
        end(outcome, error) {
          if (redirect === undefined) doubtful.add(registration.clientId);
          listener.close(outcome, error);
        },
      };
    },
  };
}

function randomText(randomBytes: (size: number) => Buffer, size: number): Secret {
  return new Secret(randomBytes(size).toString('base64url'));
}

/** By the wall clock, which goes on while the machine sleeps, and by the elapsed time, which nobody can set back. */
function createDeadline(clock: Clock): { readonly atMs: number; isOver(): boolean } {
  const startedAtMs = clock.nowMs();
  const startedMs = monotonicNowMs(clock);
  return {
    atMs: startedAtMs + LIFETIME_MS,
    isOver: () => hasElapsed(clock, startedAtMs, LIFETIME_MS) || monotonicNowMs(clock) - startedMs >= LIFETIME_MS,
  };
}

/** Sleeps for one tick, but not beyond `comeBack` or the abort of `signal`. */
async function sleepUntil(
  comeBack: Promise<void>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const awake = new AbortController();
  const wake = () => awake.abort(new Error('the browser has come back'));
  const sleeping = clock.sleep(TICK_MS, AbortSignal.any([signal, awake.signal])).catch(() => undefined);
  await Promise.race([comeBack.then(wake), sleeping]);
}
