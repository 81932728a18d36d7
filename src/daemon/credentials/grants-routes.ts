// /v1/grants: grants for the container surface.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { NotFoundError, toRolecallError } from '../../core/errors.ts';
import type { ChainDefinition, Role } from '../../core/model.ts';
import type { GrantDocument, GrantRequestDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { Admission, RoleGate } from '../approvals/role-gate.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ContainerServer } from './container-server.ts';
import type { Grant, Grants } from './grants.ts';
import type { CredentialIssuer } from './issue.ts';
import type { GrantSockets } from './grant-sockets.ts';
import { CONTAINER_PATH, GRANT_SOCKET_PATH } from '../http/guard.ts';
import { identifyProcess } from '../../platform/process/process-identity.ts';
import { findRequestedRole } from '../roles/requested-role.ts';
import type { Caller } from '../http/caller.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';
import type { Chains } from '../roles/chains.ts';
import type { Hops } from '../roles/hops.ts';
import type { RoleList } from '../roles/role-list.ts';
import type { RoleUsage } from '../roles/role-usage.ts';

const DEFAULT_LIFETIME_SECONDS = 24 * 3600;

export function createGrantsHandlers(deps: {
  readonly grants: Grants;
  /** Has a folder for the files of each grant. */
  readonly directory: string;
  readonly containerServer: ContainerServer;
  readonly grantSockets: Pick<GrantSockets, 'open' | 'pathOf'>;
  readonly sharedConfig: Pick<SharedConfig, 'findSession'>;
  readonly chains: Pick<Chains, 'refresh'>;
  readonly roleList: Pick<RoleList, 'describeChain'>;
  readonly broker: Pick<Broker, 'requireAssigned'>;
  readonly lock: ServingLock;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly roleGate: Pick<RoleGate, 'admit'>;
  readonly hops: Pick<Hops, 'define'>;
  readonly issuer: Pick<CredentialIssuer, 'issue'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly audit: Pick<AuditLog, 'record' | 'recordServing'>;
}): Pick<Handlers, 'createGrant' | 'grants' | 'grant' | 'revokeGrant'> {
  const { grants } = deps;

  async function readRole(request: GrantRequestDocument): Promise<Role | 'current'> {
    deps.lock.requireUnlocked();
    if ('current' in request) return 'current';
    const { session, role } = await findRequestedRole(request, deps);
    deps.lock.requireUnlocked(role);
    await deps.broker.requireAssigned(session, role);
    deps.roleUsage.note(role);
    return role;
  }

  async function admit(
    role: Role | 'current',
    {
      hop,
      caller,
      arrivedAtMs,
      processId,
    }: { hop: ChainDefinition | undefined; caller: Caller; arrivedAtMs: number; processId: number | undefined },
  ): Promise<Pick<Admission, 'hold'> | undefined> {
    // Of the current role, each request is asked about.
    if (role === 'current') return undefined;
    if (hop === undefined) return deps.roleGate.admit({ role, asker: caller, caller, arrivedAtMs });
    try {
      // Says now whether AWS allows it, so that nothing starts in vain.
      return (await deps.issuer.issue({ role, waitBudget: caller, asker: caller })).admission;
    } catch (thrown) {
      const { code } = toRolecallError(thrown);
      deps.audit.record({ event: 'credentials-refused', role, hop, surface: caller.surface, processId, code });
      throw thrown;
    }
  }

  function find(id: string): Grant {
    const grant = grants.get(id);
    if (grant === undefined) throw new NotFoundError('grant-not-found', `Grant ${id} has ended or never existed.`);
    return grant;
  }

  async function describe(grant: Grant): Promise<GrantDocument> {
    const chain = grant.role === 'current' ? undefined : await deps.roleList.describeChain(grant.role);
    return { ...toDocument(grant), ...(chain === undefined ? {} : { chain }) };
  }

  return {
    async createGrant({ body }, caller) {
      const arrivedAtMs = deps.clock.nowMs();
      const source = await readRole(body);
      const via = 'via' in body ? body.via : undefined;
      const hop = source === 'current' || via === undefined ? undefined : await deps.hops.define(source, via);
      const role = hop?.role ?? source;
      const boundTo = body.processId === undefined ? undefined : identifyProcess(body.processId);
      if (body.processId !== undefined && boundTo === undefined) {
        throw new NotFoundError(
          'grant-not-found',
          `Cannot bind a grant to process ${body.processId}: it is not running.`,
        );
      }
      const url = await deps.containerServer.url();
      const processId = boundTo?.processId;
      const admission = await admit(role, { hop: hop?.definition, caller, arrivedAtMs, processId });
      const program = body.confined === true ? { processId, confined: true } : undefined;
      const { purpose, socket: hasSocket = false } = body;
      const issued = {
        event: 'grant-issued',
        role,
        hop: hop?.definition,
        surface: caller.surface,
        processId,
        program,
        purpose,
      } as const;
      await deps.audit.recordServing(issued);
      const { grant, pathSecret, token } = await grants.issue({
        role,
        ...(hop === undefined ? {} : { hop: hop.definition }),
        lifetimeSeconds: body.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS,
        ...(boundTo === undefined ? {} : { boundTo }),
        ...(body.confined === true ? { isConfined: true } : {}),
        ...(hasSocket ? { hasSocket } : {}),
        ...(purpose === undefined ? {} : { purpose }),
      });
      try {
        admission?.hold(grant.id);
        if (hasSocket) await deps.grantSockets.open(grant);
      } catch (error) {
        await grants.revoke(grant.id, 'daemon');
        throw error;
      }
      // After the answer: this can start a process.
      setImmediate(() => void deps.containerServer.keepPort());
      const directory = join(deps.directory, grant.id);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const answer = { ...(await describe(grant)), token, directory };
      return hasSocket
        ? { ...answer, url: `http://127.0.0.1${GRANT_SOCKET_PATH}`, socketPath: deps.grantSockets.pathOf(grant.id) }
        : { ...answer, url: `${url}${CONTAINER_PATH}${pathSecret}` };
    },
    grants: async () => ({ grants: await Promise.all(grants.list().map(describe)) }),
    grant: async ({ id }) => describe(find(id)),
    async revokeGrant({ id }, { surface }) {
      await grants.revoke(find(id).id, surface);
      await deps.containerServer.keepPort();
      return undefined;
    },
  };
}

function toDocument(grant: Grant): GrantDocument {
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
    confined: grant.isConfined === true,
    socket: grant.hasSocket === true,
    purpose: grant.purpose ?? null,
  };
}
