// Issues the credentials of a role. Every surface and command that returns credentials calls it.
import { isChained } from '../../core/aws/chain-role.ts';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import type { Broker } from '../../sso/broker.ts';
import { isSessionOver } from '../../sso/faults.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import { requireServable, type ServableBroker } from '../approvals/require-servable.ts';
import { requireValid, type Admission, type Asker, type RoleGate } from '../approvals/role-gate.ts';
import type { AuditRecipient, IssuanceLog } from '../audit/audit-issuance.ts';
import type { LastRefusals } from '../audit/credential-outcomes.ts';
import type { WaitBudget } from '../http/wait-budget.ts';
import type { Chains } from '../roles/chains.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { LoginPolicy } from '../sign-in/login-policy.ts';

/** Who gets the credentials, for the audit log. */
export type Recipient = AuditRecipient;

export interface IssueRequest {
  /** `current`: the current role at the time of the request. The session may be named by a session selector. */
  readonly role: Role | 'current';
  /** How long the caller can wait for a person to sign in, or to approve the role. */
  readonly waitBudget: WaitBudget;
  readonly asker: Asker;
  /** Fails with "ask again" when AWS has not answered by then; the call to AWS continues. */
  readonly deadlineMs?: number;
  /** Absent: the caller has an audit event of its own, and its refusals are not remembered. */
  readonly recipient?: Recipient;
}

type Served = Omit<IssuedCredentials, 'role'>;

/** With the moment of its arrival, by the wall clock. */
interface ArrivedRequest extends IssueRequest {
  readonly arrivedAtMs: number;
}

export interface IssuedCredentials {
  readonly role: Role;
  readonly credentials: RoleCredentials;
  /** Check it again before the answer if more is awaited. */
  readonly admission: Admission;
}

export interface CredentialIssuer {
  /**
   * Finds the session, waits for the approval of a protected role, gets the credentials or waits for a sign-in as the login
   * policy says, and records the outcome.
   * @throws NotFoundError session-not-found, no-current-role; SignInRequiredError; UnavailableError;
   * RefusedError permission-set-not-assigned, approval-refused, approval-required, locked
   */
  issue(request: IssueRequest): Promise<IssuedCredentials>;
  /** The cached credentials that `issue` would return, recorded like these; undefined when `issue` has to be called. */
  peek(role: Role, recipient: Recipient, grantId: string): RoleCredentials | undefined;
}

/** How long a caller waits for AWS that does not say how long it can. */
const DEFAULT_AWS_WAIT_MS = 2000;
/** Time left of a longer budget, and of any, to send the answer. */
const FETCH_MARGIN_MS = 2000;
const SEND_MARGIN_MS = 100;

/** When to answer that AWS has not answered yet. The call to AWS goes on, and its result is kept for the next request. */
export function answerDeadlineMs({ waitBudgetMs = 0 }: Pick<WaitBudget, 'waitBudgetMs'>): number {
  return Math.max(DEFAULT_AWS_WAIT_MS, waitBudgetMs - FETCH_MARGIN_MS) - SEND_MARGIN_MS;
}

export function createCredentialIssuer(deps: {
  readonly sharedConfig: Pick<SharedConfig, 'findSession' | 'peekSession'>;
  readonly broker: ServableBroker & Pick<Broker, 'credentials'>;
  readonly roleGate: RoleGate;
  readonly currentRole: Pick<CurrentRole, 'require'>;
  readonly loginPolicy: Pick<LoginPolicy, 'serveEnded'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly issuanceLog: IssuanceLog;
  readonly lastRefusals: Pick<LastRefusals, 'note' | 'forget'>;
  readonly lock: ServingLock;
  /** The definitions of chained roles. Absent: there are none. */
  readonly chains?: Pick<Chains, 'refresh'>;
  readonly clock: Clock;
}): CredentialIssuer {
  const { broker, issuanceLog, lastRefusals, lock, loginPolicy, roleGate, sharedConfig } = deps;
  /** Credentials whose role is noted as used. */
  const noted = new WeakSet<RoleCredentials>();

  /** An SDK at the container port does not wait for the disk. */
  async function findSession(selector: string, { surface }: Asker): Promise<SsoSession> {
    const cached = surface === 'container' ? sharedConfig.peekSession(selector) : undefined;
    return cached ?? sharedConfig.findSession(selector);
  }

  async function withinDeadline<T>(work: Promise<T>, deadlineMs: number | undefined): Promise<T> {
    if (deadlineMs === undefined) return work;
    const done = await withTimeout(
      deps.clock,
      deadlineMs,
      work.then((value) => ({ value })),
    );
    if (done !== undefined) return done.value;
    throw new UnavailableError('identity-center-unreachable', 'AWS has not answered yet. Try again.', {
      retryAfterMs: 1000,
    });
  }

  async function admitAndFetch(session: SsoSession, role: Role, request: ArrivedRequest): Promise<Served> {
    const { arrivedAtMs, asker, deadlineMs, waitBudget } = request;
    for (;;) {
      lock.requireUnlocked(role);
      let admission = roleGate.peek(role, asker.grantId);
      if (admission === undefined) {
        // An SDK has to hear that a person is asked.
        const checkMs = deadlineMs !== undefined && asker.surface === 'container' ? deadlineMs / 2 : deadlineMs;
        await withinDeadline(requireServable(broker, session, role), checkMs);
        admission = await roleGate.admit({ role, asker, caller: waitBudget, arrivedAtMs });
      }
      const credentials =
        broker.peekCredentials(session, role) ?? (await withinDeadline(broker.credentials(session, role), deadlineMs));
      // Meanwhile it can have been locked, or the approval withdrawn.
      lock.requireUnlocked(role);
      if (admission.isValid()) return { credentials, admission };
    }
  }

  async function fetchOrWait(session: SsoSession, role: Role, request: ArrivedRequest): Promise<Served> {
    const ask = () => admitAndFetch(session, role, request);
    try {
      return await ask();
    } catch (ended) {
      if (!isSessionOver(ended)) throw ended;
      const { arrivedAtMs, waitBudget: caller } = request;
      return loginPolicy.serveEnded({ session, role, ended, arrivedAtMs, ask, caller });
    }
  }

  function recordIssuance(
    asked: { readonly followsCurrent: boolean; readonly role: Role },
    recipient: Recipient,
  ): Promise<void> | undefined {
    const written = issuanceLog.note(asked.role, recipient);
    lastRefusals.forget(asked);
    return written;
  }

  return {
    async issue(request) {
      const { role: wanted, recipient } = request;
      const arrived = { ...request, arrivedAtMs: deps.clock.nowMs() };
      const followsCurrent = wanted === 'current';
      let role: Role | undefined;
      try {
        lock.requireUnlocked();
        const asked = followsCurrent ? await deps.currentRole.require() : wanted;
        role = asked;
        const session = await findSession(asked.sessionName, request.asker);
        role = { ...asked, sessionName: session.sessionName };
        if (isChained(role)) await deps.chains?.refresh();
        const served = await fetchOrWait(session, role, arrived);
        const { credentials } = served;
        if (!noted.has(credentials)) deps.roleUsage.note(role);
        noted.add(credentials);
        if (recipient !== undefined) {
          // A refusal from before the session was found is stored under the selector.
          if (asked.sessionName !== role.sessionName) lastRefusals.forget({ followsCurrent, role: asked });
          const written = recordIssuance({ followsCurrent, role }, recipient);
          if (written !== undefined) {
            await written;
            lock.requireUnlocked(role);
            requireValid(served.admission);
          }
        }
        return { role, ...served };
      } catch (thrown) {
        // Whatever else a lock has caused, such as an approval that was withdrawn.
        const error = lock.refusal(role) ?? thrown;
        if (recipient !== undefined) {
          lastRefusals.note({ followsCurrent, role }, error);
          issuanceLog.refuse(role ?? 'current', recipient, error);
        }
        throw error;
      }
    },
    peek(asked, recipient, grantId) {
      // Its definition may have changed, and is read first.
      if (isChained(asked)) return undefined;
      const session = sharedConfig.peekSession(asked.sessionName);
      if (session === undefined) return undefined;
      const role = asked.sessionName === session.sessionName ? asked : { ...asked, sessionName: session.sessionName };
      if (lock.refusal(role) !== undefined) return undefined;
      const credentials = broker.peekCredentials(session, role);
      if (credentials === undefined || roleGate.peek(role, grantId) === undefined) return undefined;
      if (!issuanceLog.isCovered(role, recipient)) return undefined;
      void recordIssuance({ followsCurrent: false, role }, recipient);
      return credentials;
    },
  };
}
