// Asks AWS for role credentials: the portal for the role of a permission set, STS for a chained one.
import type { RolecallError } from '../../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import { describeFault, isFault } from '../faults.ts';
import { IdentityCenterFault, type RoleAssumer } from '../ports.ts';
import { callPortal, type Portal, type Priority } from '../session/portal-call.ts';
import { assumeRole, describeAssumeFault, type SourceCredentials } from './assume-role.ts';
import type { ChainStep } from './chains.ts';

export interface CredentialRequests {
  /** Credentials that are valid now. @throws faults, and RolecallErrors for which `describe` has the error */
  send(session: SsoSession, role: Role, step: ChainStep | undefined, options: RequestOptions): Promise<RoleCredentials>;
  /** The user-visible error for what `send` threw. */
  describe(session: SsoSession, role: Role, step: ChainStep | undefined, thrown: unknown): Promise<RolecallError>;
}

export interface RequestOptions {
  readonly priority: Priority;
  /** True: tries again after a pause, because the caller has nothing else. */
  readonly retries: boolean;
  /** For a chained role. */
  readonly source: SourceCredentials;
}

/** Callers give up after a minute at most, so a longer pause that the server asks for becomes their error. */
const BACK_OFF = { attempts: 3, firstPauseMs: 250, maxPauseMs: 2000, maxWaitMs: 5000, maxOutageMs: 4000 } as const;
/** As of 2026-11 AWS issues credentials for 12 hours at most; one more day allows for a wrong clock. */
const MAX_LIFETIME_MS = 36 * 60 * 60_000;

/** Codes of errors after which nothing is served any more, as the role or a source of it is gone. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'permission-set-not-assigned',
  'account-not-found',
  'assume-role-refused',
  'chain-unavailable',
  'invalid-policy',
]);

export function isFinal({ code }: RolecallError): boolean {
  return FINAL_CODES.has(code);
}

export function createCredentialRequests(
  deps: Portal & {
    readonly roleAssumer?: RoleAssumer;
    /** The error for a role that the portal refuses. */
    readonly refusal: (session: SsoSession, role: Role, cause: unknown) => Promise<RolecallError>;
  },
): CredentialRequests {
  const { clock, roleAssumer = UNABLE } = deps;
  return {
    async send(session, role, step, { priority, retries, source }) {
      const backOff = { ...BACK_OFF, attempts: retries ? BACK_OFF.attempts : 1 };
      if (step !== undefined) {
        const assumer = { ...deps, roleAssumer };
        return checkLifetime(await assumeRole(assumer, session, step, { source, backOff }), clock.nowMs());
      }
      return callPortal(deps, session, { priority, backOff }, async (accessToken) =>
        checkLifetime(await deps.identityCenter.getRoleCredentials(session, accessToken, role), clock.nowMs()),
      );
    },
    async describe(session, role, step, thrown) {
      if (step !== undefined) return describeAssumeFault(thrown, step);
      if (isFault(thrown, 'forbidden', 'not-found')) return deps.refusal(session, role, thrown);
      return describeFault(thrown, session.sessionName);
    },
  };
}

const UNABLE: Readonly<RoleAssumer> = {
  async assumeRole() {
    throw new IdentityCenterFault('unreachable', 'there is no STS to ask.');
  },
};

/** Refuses credentials that have expired already, or that claim to be valid longer than AWS would accept them. */
function checkLifetime(credentials: RoleCredentials, nowMs: number): RoleCredentials {
  if (credentials.expiresAtMs <= nowMs) {
    throw new IdentityCenterFault('unusable-response', 'the role credentials in its answer have expired already.');
  }
  if (credentials.expiresAtMs - nowMs <= MAX_LIFETIME_MS) return credentials;
  throw new IdentityCenterFault(
    'unusable-response',
    'the expiration of the role credentials is more than 36 hours ahead, or this machine’s clock is behind.',
  );
}
