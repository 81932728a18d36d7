// GET /v1/status and /v1/openapi.json.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Problem, Problems } from '../../core/problems.ts';
import type { RoleUseDocument, SessionStatusDocument, StatusDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { SecretStore } from '../../sso/ports.ts';
import type { RoleUse } from '../../sso/role-use.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { CurrentRole } from '../current-role.ts';
import type { EndpointsInForce } from '../endpoints.ts';
import { describeOpenApi } from '../openapi.ts';
import type { Settings } from '../settings.ts';
import type { SharedConfig, SharedConfigReading } from '../shared-config.ts';
import type { Responders } from '../surface.ts';
import type { TokenFiles } from '../token-files.ts';

export interface StatusDeps {
  readonly version: string;
  readonly processId: number;
  readonly startedAtMs: number;
  readonly files: StatusDocument['files'];
  readonly endpoints: EndpointsInForce;
  readonly store: SecretStore;
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly broker: Broker;
  readonly tokenFiles: TokenFiles;
  readonly currentRole: CurrentRole;
  readonly problems: Problems;
  /** How many callers are held for a sign-in. */
  readonly waiting: (sessionName: string) => number;
  readonly clock: Clock;
}

export function createStatusResponders(deps: StatusDeps): Pick<Responders, 'status' | 'openapi'> {
  return {
    openapi: async () => describeOpenApi(deps.version),
    async status() {
      const { reading, configProblems } = await readConfig(deps.sharedConfig);
      const found = await Promise.all(reading.sessions.map((session) => describeSession(session, reading, deps)));
      const { current, currentProblems } = await readCurrent(deps.currentRole);
      return {
        version: deps.version,
        pid: deps.processId,
        startedAt: formatUtcSeconds(deps.startedAtMs),
        store: { driver: deps.store.driver, durable: deps.store.driver !== 'memory' },
        endpoints: deps.endpoints,
        files: deps.files,
        sessions: found.map(({ document }) => document),
        current,
        problems: withoutRepeats([
          ...configProblems,
          ...currentProblems,
          ...deps.settings.problems,
          ...deps.problems.list(),
          ...found.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
        ]),
      };
    },
  };
}

/** The document stays small, however many roles are in use. */
const MOST_ROLES = 100;

const NOTHING: Readonly<SharedConfigReading> = { sessions: [], nativeProfiles: [], problems: [] };

/** A config file that can't be read is something to tell, not a reason to tell nothing. */
async function readConfig(
  sharedConfig: SharedConfig,
): Promise<{ reading: SharedConfigReading; configProblems: readonly Problem[] }> {
  try {
    const reading = await sharedConfig.read();
    return { reading, configProblems: reading.problems };
  } catch (error) {
    return { reading: NOTHING, configProblems: [toRolecallError(error).toBody()] };
  }
}

async function readCurrent(
  currentRole: CurrentRole,
): Promise<{ current: StatusDocument['current']; currentProblems: readonly Problem[] }> {
  try {
    return { current: await currentRole.get(), currentProblems: [] };
  } catch (error) {
    return { current: null, currentProblems: [toRolecallError(error).toBody()] };
  }
}

async function describeSession(
  session: SsoSession,
  reading: SharedConfigReading,
  deps: StatusDeps,
): Promise<{ document: SessionStatusDocument; problem?: Problem }> {
  const { broker } = deps;
  const catalog = await broker.knownCatalog(session);
  let token: Awaited<ReturnType<Broker['describe']>> = { state: 'signed-out' };
  let sessionEnd: Awaited<ReturnType<Broker['sessionEnd']>>;
  let problem: Problem | undefined;
  try {
    token = await broker.describe(session);
    sessionEnd = await broker.sessionEnd(session);
  } catch (error) {
    problem = { ...toRolecallError(error).toBody() };
  }
  const isPending = broker.signInState(session)?.state === 'pending';
  const { signedInAtMs, tokenExpiresAtMs } = token;
  const document: SessionStatusDocument = {
    session: session.sessionName,
    startUrl: session.startUrl,
    region: session.region,
    state: isPending && token.state !== 'live' ? 'pending' : token.state,
    ...(signedInAtMs === undefined ? {} : { signedInAt: formatUtcSeconds(signedInAtMs) }),
    ...(tokenExpiresAtMs === undefined ? {} : { tokenExpiresAt: formatUtcSeconds(tokenExpiresAtMs) }),
    ...(sessionEnd === undefined
      ? {}
      : { sessionExpiresAt: formatUtcSeconds(sessionEnd.atMs), sessionEndIs: sessionEnd.source }),
    catalog:
      catalog === undefined
        ? null
        : {
            asOf: formatUtcSeconds(catalog.asOfMs),
            complete: catalog.complete,
            accounts: catalog.accounts.length,
            permissionSets: catalog.accounts.reduce((sum, { permissionSets }) => sum + permissionSets.length, 0),
          },
    listing: broker.listingProgress(session) ?? null,
    waiting: deps.waiting(session.sessionName),
    upstreams: broker.upstreamHealth(session).map(({ service, circuit, nextTryAtMs }) => ({
      service,
      circuit,
      ...(nextTryAtMs === undefined ? {} : { nextTryAt: formatUtcSeconds(nextTryAtMs) }),
    })),
    roles: broker.rolesInUse(session).slice(0, MOST_ROLES).map(describeRole),
    tokenFileProfiles: token.state === 'live' ? [...deps.tokenFiles.causes(session, reading)] : [],
  };
  return { document, ...(problem === undefined ? {} : { problem }) };
}

function describeRole({ role, state, expiresAtMs, nextRefreshAtMs }: RoleUse): RoleUseDocument {
  return {
    accountId: role.accountId,
    permissionSet: role.permissionSet,
    state,
    ...(expiresAtMs === undefined ? {} : { expiresAt: formatUtcSeconds(expiresAtMs) }),
    ...(nextRefreshAtMs === undefined ? {} : { nextRefreshAt: formatUtcSeconds(nextRefreshAtMs) }),
  };
}

/** A locked keychain is one problem, however many sessions are behind it; so is an outage, whoever met it. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, message, session }) => {
    const key = code.startsWith('identity-center-') ? `${code} ${session}` : `${code} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
