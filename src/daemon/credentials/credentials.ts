// Issues role credentials: over the socket, on the container port for grants, and as console links.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { EndpointsOf, Role, RoleCredentials } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import type { CredentialsDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { ConsoleFederation } from '../../sso/ports.ts';
import type { RoleGate } from '../approvals/role-gate.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { IssuanceLog } from '../audit/audit-issuance.ts';
import type { LastRefusals } from '../audit/credential-outcomes.ts';
import type { FindCallerProgram } from '../http/caller-program.ts';
import type { Caller } from '../http/caller.ts';
import type { ConnectionRules } from '../http/connection-rules.ts';
import type { LateLoading } from '../http/late-loading.ts';
import { createNoHandover, type PortHandover } from '../http/port-handover.ts';
import type { Handlers } from '../http/surface.ts';
import type { Log } from '../process/log.ts';
import type { TickTask } from '../process/ticker.ts';
import type { Chains } from '../roles/chains.ts';
import type { Hops } from '../roles/hops.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { RoleList } from '../roles/role-list.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { LoginPolicy } from '../sign-in/login-policy.ts';
import type { SessionEvents } from '../sign-in/session-events.ts';
import type { OpenStateFile } from '../state-files/state-file.ts';
import { CONTAINER_PORT_SCHEMA, createContainerServer, type ContainerServer } from './container-server.ts';
import { createGrantSockets } from './grant-sockets.ts';
import { GRANTS_SCHEMA, loadGrants } from './grants.ts';
import { answerDeadlineMs, createCredentialIssuer } from './issue.ts';

export interface Credentials {
  readonly handlers: Pick<
    Handlers,
    'credentials' | 'currentCredentials' | 'console' | 'createGrant' | 'grants' | 'grant' | 'revokeGrant'
  >;
  readonly tasks: readonly TickTask[];
  readonly containerServer: ContainerServer;
}

export async function createCredentials(deps: {
  readonly settings: Settings;
  readonly paths: Pick<RuntimePaths, 'socketPath' | 'stateDirectory'>;
  readonly userId: number;
  /** Opens a file of the state folder by its name. */
  readonly openOwnFile: OpenStateFile;
  readonly sharedConfig: SharedConfig;
  readonly broker: Broker;
  readonly chains: Chains;
  readonly hops: Pick<Hops, 'define'>;
  readonly lock: ServingLock;
  readonly events: Pick<SessionEvents, 'subscribe'>;
  readonly endpointsOf: EndpointsOf;
  readonly federation: ConsoleFederation;
  readonly currentRole: CurrentRole;
  readonly roleList: RoleList;
  readonly roleUsage: RoleUsage;
  readonly loginPolicy: Pick<LoginPolicy, 'serveEnded'>;
  readonly roleGate: RoleGate;
  readonly findCallerProgram: FindCallerProgram;
  readonly audit: Pick<AuditLog, 'record' | 'recordServing'>;
  readonly issuanceLog: IssuanceLog;
  readonly lastRefusals: Pick<LastRefusals, 'note' | 'forget'>;
  readonly connectionRules: Readonly<Record<'container' | 'grantSocket', ConnectionRules>>;
  /** Absent: each daemon has a container port of its own, and its grants end with it. */
  readonly portHandover?: PortHandover;
  readonly problems: Problems;
  readonly lateLoading: LateLoading;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Credentials> {
  const { audit, lateLoading, openOwnFile } = deps;
  const issuer = createCredentialIssuer(deps);
  const directory = join(deps.paths.stateDirectory, 'grants');
  const grants = await loadGrants({
    ...deps,
    file: openOwnFile('grants.json', GRANTS_SCHEMA),
    directory,
    randomBytes,
    onGone: (grant, how, surface) => {
      const { role, boundTo, purpose } = grant;
      if (grant.hasSocket === true) grantSockets.end(grant);
      audit.record({ event: `grant-${how}`, role, surface, processId: boundTo?.processId, purpose });
    },
  });
  deps.events.subscribe({ signedOut: ({ sessionName }, by) => grants.revokeSession(sessionName, by) });
  const grantSockets = createGrantSockets({
    ...deps,
    socketPath: deps.paths.socketPath,
    grants,
    issuer,
    connectionRules: deps.connectionRules.grantSocket,
  });
  const containerPort = createContainerServer({
    ...deps,
    portFile: openOwnFile('container-port.json', CONTAINER_PORT_SCHEMA),
    handover: deps.portHandover ?? createNoHandover(),
    grants,
    issuer,
    connectionRules: deps.connectionRules.container,
  });

  /** Everything that serves grants. */
  const containerServer: ContainerServer = {
    ...containerPort,
    async reopen() {
      try {
        await containerPort.reopen();
      } finally {
        await grantSockets.restore();
      }
    },
    drain: () => Promise.all([containerPort.drain(), grantSockets.drain()]).then(() => undefined),
    close() {
      grantSockets.close();
      return containerPort.close();
    },
  };

  /** Serialized answers, each for as long as its credentials are cached. */
  const answers = new WeakMap<RoleCredentials, Buffer>();

  async function answer(wanted: Role | 'current', caller: Caller): Promise<Buffer> {
    const { role, credentials } = await issuer.issue({
      role: wanted,
      waitBudget: caller,
      asker: caller,
      recipient: caller,
      deadlineMs: answerDeadlineMs(caller),
    });
    const cached = answers.get(credentials);
    if (cached !== undefined) return cached;
    const serialized = Buffer.from(JSON.stringify(toDocument(role, credentials)));
    answers.set(credentials, serialized);
    return serialized;
  }

  const handlers: Credentials['handlers'] = {
    credentials: ({ query: { session: sessionName, account: accountId, role: permissionSet } }, caller) =>
      answer({ sessionName, accountId, permissionSet }, caller),
    currentCredentials: (_, caller) => answer('current', caller),
    ...lateLoading.deferHandlers(['createGrant', 'grants', 'grant', 'revokeGrant'], async () => {
      const { createGrantsHandlers } = await import('./grants-routes.ts');
      return createGrantsHandlers({ ...deps, issuer, grants, grantSockets, directory, containerServer });
    }),
    ...lateLoading.deferHandlers(['console'], async () => {
      const { createConsoleHandlers } = await import('./console-routes.ts');
      return createConsoleHandlers({ ...deps, issuer });
    }),
  };
  return {
    handlers,
    tasks: [
      { name: 'grants', run: () => grants.sweep().then(() => containerServer.keepPort()) },
      { name: 'grant sockets', run: () => grantSockets.restore() },
    ],
    containerServer,
  };
}

function toDocument(role: Role, credentials: RoleCredentials): CredentialsDocument {
  return {
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey.reveal(),
    SessionToken: credentials.sessionToken.reveal(),
    Expiration: formatUtcSeconds(credentials.expiresAtMs),
    AccountId: role.accountId,
  };
}
