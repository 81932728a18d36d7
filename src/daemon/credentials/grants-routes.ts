// Grants of the container surface: /v1/grants on the socket, and what the URL of a grant answers.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatUtcSeconds } from '../../core/clock.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { Role, RoleCredentials } from '../../core/model.ts';
import type { ContainerCredentialsDocument, GrantDocument, GrantWishDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ContainerServer } from './container-server.ts';
import type { Grant, Grants } from './grants.ts';
import { CONTAINER_PATH } from '../http/guard.ts';
import { NO_WAIT } from '../sign-in/login-policy.ts';
import type { CredentialIssuer } from './issue.ts';
import { identifyProcess } from '../../platform/process/process-identity.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import { prepareJsonAnswer, type ReadyAnswer, type Handlers } from '../http/surface.ts';
import type { RoleUsage } from '../roles/role-usage.ts';

const DEFAULT_LIFETIME_SECONDS = 24 * 3600;
/** As of 2026-11 an answer after 1.2 s fails the JS SDK v2 and Ruby; the next try finds what came in meanwhile. */
const MAX_ANSWER_MS = 900;

export function createGrantsHandlers(deps: {
  readonly grants: Grants;
  /** Each grant's files are below it. */
  readonly directory: string;
  readonly containerServer: ContainerServer;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'requireAssigned'>;
  readonly issuer: Pick<CredentialIssuer, 'issue'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly audit: Pick<AuditLog, 'record'>;
}): Pick<Handlers, 'createGrant' | 'grants' | 'grant' | 'revokeGrant' | 'containerCredentials'> {
  const { grants, sharedConfig } = deps;

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
      const { role, credentials } = await deps.issuer.issue({
        role: grant.role,
        // An SDK can't wait for a person here.
        waitBudget: NO_WAIT,
        deadlineMs: MAX_ANSWER_MS,
        recipient: { surface: 'container', processId: grant.boundTo?.processId },
      });
      return toDocument(credentials, role.accountId);
    },
  };
}

/** The answer of `containerCredentials` from cached credentials; undefined when the route has to be called. */
export function createContainerPeek(deps: {
  readonly issuer: Pick<CredentialIssuer, 'peek'>;
}): (grant: Grant) => ReadyAnswer | undefined {
  // Each set of credentials is serialized once, and garbage collected with its answer.
  const answers = new WeakMap<RoleCredentials, ReadyAnswer>();
  return ({ role, boundTo }) => {
    if (role === 'current') return undefined;
    const credentials = deps.issuer.peek(role, { surface: 'container', processId: boundTo?.processId });
    if (credentials === undefined) return undefined;
    const cached = answers.get(credentials);
    if (cached !== undefined) return cached;
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
