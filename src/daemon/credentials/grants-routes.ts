// Grants of the container surface: /v1/grants on the socket, and what the URL of a grant answers.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withTimeout } from '../../core/async/with-timeout.ts';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { NotFoundError, UnavailableError } from '../../core/errors.ts';
import type { Role, RoleCredentials } from '../../core/model.ts';
import type { ContainerCredentialsDocument, GrantDocument, GrantWishDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ContainerServer } from './container-server.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { Grant, Grants } from './grants.ts';
import { CONTAINER_PATH } from '../http/guard.ts';
import type { IssuanceLog } from '../audit/issuance-log.ts';
import { NO_WAIT, type LoginPolicy } from '../sign-in/login-policy.ts';
import type { LastRefusals } from '../audit/last-refusals.ts';
import { identifyProcess } from '../../platform/process/process-identity.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import { prepareJsonAnswer, type ReadyAnswer, type Handlers } from '../http/surface.ts';
import type { RoleUsage } from '../roles/role-usage.ts';

const DEFAULT_LIFETIME_SECONDS = 24 * 3600;
/** As of 2026-11 an answer after 1.2 s fails the JS SDK v2 and Ruby; the next try finds what came in meanwhile. */
const LONGEST_ANSWER_MS = 900;

export function createGrantsHandlers(deps: {
  readonly grants: Grants;
  /** Each grant's files are below it. */
  readonly directory: string;
  readonly containerServer: ContainerServer;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'credentials' | 'requireAssigned'>;
  readonly currentRole: CurrentRole;
  readonly loginPolicy: Pick<LoginPolicy, 'serve'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly issuanceLog: IssuanceLog;
  readonly lastRefusals: Pick<LastRefusals, 'note' | 'forget'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
}): Pick<Handlers, 'createGrant' | 'grants' | 'grant' | 'revokeGrant' | 'containerCredentials'> {
  const { clock, grants, sharedConfig } = deps;

  async function readRole(wish: GrantWishDocument): Promise<Role | 'current'> {
    if ('current' in wish) return 'current';
    const session = await sharedConfig.findSession(wish.session);
    const role = {
      sessionName: session.sessionName,
      accountId: wish.accountId,
      permissionSet: wish.permissionSet,
    };
    await deps.broker.requireAssigned(session, role);
    deps.roleUsage.note(role);
    return role;
  }

  async function credentialsOf(grant: Grant): Promise<{ credentials: RoleCredentials; accountId: string }> {
    const followsCurrent = grant.role === 'current';
    let role: Role | undefined;
    try {
      role = grant.role === 'current' ? await readCurrent() : grant.role;
      const credentials = await issue(grant, role);
      deps.lastRefusals.forget({ followsCurrent, role });
      return { credentials, accountId: role.accountId };
    } catch (error) {
      deps.lastRefusals.note({ followsCurrent, role }, error);
      throw error;
    }
  }

  async function issue(grant: Grant, role: Role): Promise<RoleCredentials> {
    const session = sharedConfig.peekSession(role.sessionName) ?? (await sharedConfig.findSession(role.sessionName));
    // An SDK waits for a second here and not for a person; but a person is told.
    const credentials = await deps.loginPolicy.serve(
      session,
      role,
      () => withinDeadline(deps.broker.credentials(session, role), clock),
      NO_WAIT,
    );
    deps.issuanceLog.note(role, 'container', grant.boundTo?.processId);
    return credentials;
  }

  async function readCurrent(): Promise<Role> {
    const { session: sessionName, accountId, permissionSet } = await deps.currentRole.require();
    return { sessionName, accountId, permissionSet };
  }

  function find(id: string): Grant {
    const grant = grants.get(id);
    if (grant === undefined) throw new NotFoundError('grant-not-found', `There is no grant ${id} that still counts.`);
    return grant;
  }

  return {
    async createGrant({ body }, { surface }) {
      const role = await readRole(body);
      const boundTo = body.processId === undefined ? undefined : identifyProcess(body.processId);
      if (body.processId !== undefined && boundTo === undefined) {
        throw new NotFoundError('grant-not-found', `There is no process ${body.processId} to bind a grant to.`);
      }
      const url = await deps.containerServer.url();
      const { grant, pathSecret, token } = await grants.issue({
        role,
        lifetimeSeconds: body.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS,
        ...(boundTo === undefined ? {} : { boundTo }),
      });
      // After the answer, which need not wait for a process to start.
      setImmediate(() => void deps.containerServer.keepPort());
      deps.audit.record({ event: 'grant-issued', role, surface, processId: boundTo?.processId });
      const directory = join(deps.directory, grant.id);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return { ...describe(grant), url: `${url}${CONTAINER_PATH}${pathSecret}`, token, directory };
    },
    grants: async () => ({ grants: grants.list().map(describe) }),
    grant: async ({ id }) => describe(find(id)),
    async revokeGrant({ id }, { surface }) {
      await grants.revoke(find(id).id, surface);
      await deps.containerServer.keepPort();
      return undefined;
    },
    async containerCredentials({ grant: pathSecret }) {
      const grant = grants.findByPath(pathSecret);
      if (grant === undefined) throw new NotFoundError('grant-not-found', 'The grant has ended.');
      const { credentials, accountId } = await credentialsOf(grant);
      return toDocument(credentials, accountId);
    },
  };
}

/** What `containerCredentials` answers, when it is at hand: of one role, known and fresh. */
export function createContainerRecall(deps: {
  readonly sharedConfig: Pick<SharedConfig, 'peekSession'>;
  readonly broker: Pick<Broker, 'peekCredentials'>;
  readonly issuanceLog: IssuanceLog;
  readonly lastRefusals: Pick<LastRefusals, 'forget'>;
}): (grant: Grant) => ReadyAnswer | undefined {
  // Each set of keys is put into words once; they go when the keys go.
  const answers = new WeakMap<RoleCredentials, ReadyAnswer>();
  return ({ role, boundTo }) => {
    if (role === 'current') return undefined;
    const session = deps.sharedConfig.peekSession(role.sessionName);
    const credentials = session && deps.broker.peekCredentials(session, role);
    if (credentials === undefined) return undefined;
    deps.issuanceLog.note(role, 'container', boundTo?.processId);
    deps.lastRefusals.forget({ followsCurrent: false, role });
    const known = answers.get(credentials);
    if (known !== undefined) return known;
    const answer = prepareJsonAnswer(toDocument(credentials, role.accountId));
    answers.set(credentials, answer);
    return answer;
  };
}

function toDocument(credentials: RoleCredentials, accountId: string): ContainerCredentialsDocument {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey.reveal(),
    Token: credentials.sessionToken.reveal(),
    Expiration: formatUtcSeconds(credentials.expiresAtMs),
    AccountId: accountId,
  };
}

function describe(grant: Grant): GrantDocument {
  return {
    id: grant.id,
    current: grant.role === 'current',
    role:
      grant.role === 'current'
        ? null
        : {
            session: grant.role.sessionName,
            accountId: grant.role.accountId,
            permissionSet: grant.role.permissionSet,
          },
    createdAt: formatUtcSeconds(grant.createdAtMs),
    expiresAt: formatUtcSeconds(grant.expiresAtMs),
    processId: grant.boundTo?.processId ?? null,
  };
}

/** The keys, or "try again" when AWS is slow: the call goes on, and the SDK's next try finds what it brought. */
async function withinDeadline<T extends object>(work: Promise<T>, clock: Clock): Promise<T> {
  const answer = await withTimeout(clock, LONGEST_ANSWER_MS, work);
  if (answer !== undefined) return answer;
  throw new UnavailableError('identity-center-unreachable', 'AWS has not answered yet; ask again.', {
    retryAfterMs: 1000,
  });
}
