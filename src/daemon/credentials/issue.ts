// Issues the credentials of a role. Every surface and command that returns credentials calls it.
import type { Clock } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Broker } from '../../sso/broker.ts';
import { isSessionOver } from '../../sso/faults.ts';
import type { IssuanceLog, LastRefusals } from '../audit/credential-outcomes.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { LoginPolicy, WaitBudget } from '../sign-in/login-policy.ts';

/** Who gets the credentials, for the audit log. */
export interface Recipient {
  readonly surface: SurfaceName;
  readonly processId?: number | undefined;
}

export interface IssueRequest {
  /** `current`: the current role at the time of the request. The session may be named by a session selector. */
  readonly role: Role | 'current';
  /** How long the caller can wait for a person to sign in. */
  readonly waitBudget: WaitBudget;
  /** Fails with "ask again" when AWS has not answered by then; the call to AWS continues. */
  readonly deadlineMs?: number;
  /** Absent: the caller has an audit event of its own, and its refusals are not remembered. */
  readonly recipient?: Recipient;
}

export interface IssuedCredentials {
  readonly role: Role;
  readonly credentials: RoleCredentials;
}

export interface CredentialIssuer {
  /**
   * Finds the session, gets the credentials or waits for a sign-in as the login policy says, and records the outcome.
   * @throws NotFoundError session-not-found, no-current-role; SignInRequiredError; RefusedError permission-set-not-assigned;
   * UnavailableError
   */
  issue(request: IssueRequest): Promise<IssuedCredentials>;
  /** The cached credentials that `issue` would return, recorded like these; undefined when `issue` has to be called. */
  peek(role: Role, recipient: Recipient): RoleCredentials | undefined;
}

export function createCredentialIssuer(deps: {
  readonly sharedConfig: Pick<SharedConfig, 'findSession' | 'peekSession'>;
  readonly broker: Pick<Broker, 'credentials' | 'peekCredentials'>;
  readonly currentRole: Pick<CurrentRole, 'require'>;
  readonly loginPolicy: Pick<LoginPolicy, 'serveEnded'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly issuanceLog: IssuanceLog;
  readonly lastRefusals: Pick<LastRefusals, 'note' | 'forget'>;
  readonly clock: Clock;
}): CredentialIssuer {
  const { broker, issuanceLog, lastRefusals, loginPolicy, sharedConfig } = deps;
  /** Credentials whose role is noted as used. */
  const noted = new WeakSet<RoleCredentials>();

  /** A caller with a deadline does not wait for the disk. */
  async function findSession(selector: string, deadlineMs: number | undefined): Promise<SsoSession> {
    const cached = deadlineMs === undefined ? undefined : sharedConfig.peekSession(selector);
    return cached ?? sharedConfig.findSession(selector);
  }

  async function withinDeadline(work: Promise<RoleCredentials>, deadlineMs: number | undefined) {
    if (deadlineMs === undefined) return work;
    const credentials = await withTimeout(deps.clock, deadlineMs, work);
    if (credentials !== undefined) return credentials;
    throw new UnavailableError('identity-center-unreachable', 'AWS has not answered yet. Try again.', {
      retryAfterMs: 1000,
    });
  }

  async function fetchOrWait(
    session: SsoSession,
    role: Role,
    caller: WaitBudget,
    deadlineMs: number | undefined,
  ): Promise<RoleCredentials> {
    const arrivedAtMs = deps.clock.nowMs();
    const ask = () => withinDeadline(broker.credentials(session, role), deadlineMs);
    try {
      return await ask();
    } catch (ended) {
      if (!isSessionOver(ended)) throw ended;
      return loginPolicy.serveEnded({ session, role, ended, arrivedAtMs, ask, caller });
    }
  }

  function recordIssuance(
    asked: { readonly followsCurrent: boolean; readonly role: Role },
    recipient: Recipient,
  ): void {
    issuanceLog.note(asked.role, recipient.surface, recipient.processId);
    lastRefusals.forget(asked);
  }

  return {
    async issue({ role: wanted, waitBudget, deadlineMs, recipient }) {
      const followsCurrent = wanted === 'current';
      let role: Role | undefined;
      try {
        const asked = followsCurrent ? await deps.currentRole.require() : wanted;
        role = asked;
        const session = await findSession(asked.sessionName, deadlineMs);
        role = { ...asked, sessionName: session.sessionName };
        const credentials =
          broker.peekCredentials(session, role) ?? (await fetchOrWait(session, role, waitBudget, deadlineMs));
        if (!noted.has(credentials)) deps.roleUsage.note(role);
        noted.add(credentials);
        if (recipient !== undefined) {
          // A refusal from before the session was found is stored under the selector.
          if (asked.sessionName !== role.sessionName) lastRefusals.forget({ followsCurrent, role: asked });
          recordIssuance({ followsCurrent, role }, recipient);
        }
        return { role, credentials };
      } catch (error) {
        if (recipient !== undefined) lastRefusals.note({ followsCurrent, role }, error);
        throw error;
      }
    },
    peek(role, recipient) {
      const session = sharedConfig.peekSession(role.sessionName);
      const credentials = session && broker.peekCredentials(session, role);
      if (credentials === undefined) return undefined;
      recordIssuance({ followsCurrent: false, role }, recipient);
      return credentials;
    },
  };
}
