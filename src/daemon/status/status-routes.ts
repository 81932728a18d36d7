// GET /v1/status and /v1/openapi.json.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { Problem, Problems } from '../../core/problems.ts';
import type { RoleUseDocument, SessionStatusDocument, StatusDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { isLost } from '../../sso/roles/merge-listing.ts';
import type { SecretStore } from '../../sso/ports.ts';
import type { RoleUse } from '../../sso/roles/role-use.ts';
import { toRolecallError } from '../../core/errors.ts';
import { describeCurrentRole, type CurrentRole, type KeptRole } from '../roles/current-role.ts';
import type { EndpointsInForce } from '../settings/endpoints.ts';
import type { LastRefusals } from '../audit/last-refusals.ts';
import type { RoleList } from '../roles/role-list.ts';
import { labelOf, type Settings } from '../settings/settings.ts';
import { findShadowedProfiles } from '../shared-config/shadowed-profiles.ts';
import type { SharedConfig, SharedConfigReading } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import type { Handlers } from '../http/surface.ts';
import type { TokenFiles } from '../profiles/token-files.ts';
import type { createUnmatchedRules } from '../roles/unmatched-rules.ts';

export interface StatusDeps {
  readonly version: string;
  readonly processId: number;
  readonly startedAtMs: number;
  readonly files: StatusDocument['files'];
  readonly endpoints: EndpointsInForce;
  readonly store: SecretStore;
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly broker: Broker;
  readonly tokenFiles: TokenFiles;
  readonly currentRole: CurrentRole;
  readonly roleList: Pick<RoleList, 'profileOf' | 'isProtected'>;
  readonly problems: Problems;
  readonly unmatchedRules: ReturnType<typeof createUnmatchedRules>;
  /** How many callers are held for a sign-in. */
  readonly waiting: (sessionName: string) => number;
  readonly clock: Clock;
}

/** The status as a document for whoever else shows it. */
export type StatusHandlers = Pick<Handlers, 'openapi'> & { readonly status: () => Promise<StatusDocument> };

export function createStatusHandlers(deps: StatusDeps): StatusHandlers {
  return {
    openapi: async () => (await import('../http/openapi.ts')).describeOpenApi(deps.version),
    async status() {
      const { reading, configProblems } = await readConfig(deps);
      const found = await Promise.all(reading.sessions.map((session) => describeSession(session, reading, deps)));
      const { current, currentProblems } = await readCurrent(reading, deps);
      return {
        version: deps.version,
        pid: deps.processId,
        startedAt: formatUtcSeconds(deps.startedAtMs),
        store: { driver: deps.store.driver, durable: deps.store.driver !== 'memory' },
        endpoints: deps.endpoints,
        files: deps.files,
        ...(deps.settings.teamSource === undefined ? {} : { team: { source: deps.settings.teamSource } }),
        sessions: found.map(({ document }) => document),
        current,
        problems: withoutRepeats([
          ...configProblems,
          ...currentProblems,
          ...deps.settings.problems,
          ...(await findUnmatched(reading, deps)),
          ...deps.problems.list(),
          ...found.flatMap(({ problems }) => problems.filter((problem) => problem !== undefined)),
        ]),
      };
    },
  };
}

/** The document with what programs were refused; not in events, which every refusal of every program would set off. */
export async function withLastRefusals(
  status: StatusDocument,
  { lastRefusals, sharedConfig }: { readonly lastRefusals: LastRefusals; readonly sharedConfig: SharedConfig },
): Promise<StatusDocument> {
  if (lastRefusals.isEmpty()) return status;
  // Without a config file to read there are no names of profiles, and the refusals are worth telling all the same.
  const profiles = await sharedConfig
    .read()
    .then((reading) => reading.profiles())
    .catch(() => undefined);
  return { ...status, lastRefusals: lastRefusals.list((role) => profiles?.profileOf(role)) };
}

/** The document stays small, however many roles are in use. */
const MAX_ROLES = 100;

type ConfigReading = Pick<SharedConfigReading, 'sessions' | 'nativeProfiles'> &
  Partial<Pick<SharedConfigReading, 'profiles'>>;

const NOTHING: Readonly<ConfigReading> = { sessions: [], nativeProfiles: [] };

/** A config file that can't be read is something to tell, not a reason to tell nothing. */
async function readConfig(deps: StatusDeps): Promise<{ reading: ConfigReading; configProblems: readonly Problem[] }> {
  try {
    const reading = await deps.sharedConfig.read();
    const conflict = await reading.blockConflict();
    const conflicts = conflict === undefined ? [] : [conflict];
    return {
      reading,
      configProblems: [...reading.problems, ...conflicts, ...(await findShadowedProfiles(reading, deps))],
    };
  } catch (error) {
    return { reading: NOTHING, configProblems: [toRolecallError(error).toBody()] };
  }
}

async function findUnmatched({ sessions }: ConfigReading, deps: StatusDeps): Promise<readonly Problem[]> {
  if (sessions.length === 0) return [];
  return deps.unmatchedRules(await Promise.all(sessions.map((session) => deps.broker.cachedCatalog(session))));
}

async function readCurrent(
  reading: ConfigReading,
  { broker, currentRole, roleList }: StatusDeps,
): Promise<{ current: StatusDocument['current']; currentProblems: readonly Problem[] }> {
  try {
    const current = await currentRole.get();
    if (current === null) return { current, currentProblems: [] };
    const session = reading.sessions.find(({ sessionName }) => sessionName === current.session);
    const catalog = session === undefined ? undefined : await broker.cachedCatalog(session);
    // A config file that can't be read tells nothing of what is in it.
    const problem = reading === NOTHING ? undefined : findCurrentProblem(current, session, catalog);
    const role = { ...current, sessionName: current.session };
    const account = catalog?.accounts.find(({ accountId }) => accountId === current.accountId);
    return {
      current: {
        ...(await describeCurrentRole(current, roleList)),
        accountName: account?.accountName ?? null,
        protected: roleList.isProtected(role),
      },
      currentProblems: problem === undefined ? [] : [problem],
    };
  } catch (error) {
    return { current: null, currentProblems: [toRolecallError(error).toBody()] };
  }
}

/** What `[profile current]` follows may have gone: whoever runs on it gets no keys, and should know why. */
function findCurrentProblem(
  { session: sessionName, accountId, permissionSet }: KeptRole,
  session: SsoSession | undefined,
  catalog: Catalog | undefined,
): Problem | undefined {
  const gone = { code: 'current-role-gone', hint: 'rolecall ls' } as const;
  if (session === undefined) {
    return {
      ...gone,
      message: `The current role is of the sso-session "${sessionName}", which the config file has no more.`,
    };
  }
  const account = catalog?.accounts.find((candidate) => candidate.accountId === accountId);
  // Nor does a list that was suspicious.
  if (isLost(catalog, { accountId, permissionSet })) return undefined;
  // A list that was never made, or not to its end, can't tell.
  if (catalog?.complete !== true || account?.permissionSets.includes(permissionSet) === true) return undefined;
  return {
    ...gone,
    session: sessionName,
    message: `The current role, ${permissionSet} in account ${accountId}, is not assigned to you any more.`,
  };
}

/** Says how many profiles stay in spite of the last listing, and how they go. */
async function findLossProblem(
  { sessionName }: SsoSession,
  lost: readonly Role[],
  reading: ConfigReading,
): Promise<Problem | undefined> {
  if (lost.length === 0) return undefined;
  const profiles = await reading.profiles?.();
  const named = lost.filter((role) => profiles?.profileOf(role) !== undefined);
  const kept = named.reduce((sum, role) => sum + 1 + (profiles?.aliasesOf(role).length ?? 0), 0);
  if (kept === 0) return undefined;
  return {
    code: 'roles-lost',
    message:
      `The last listing of ${sessionName} lost ${lost.length === 1 ? 'a role' : `${lost.length} roles at once`}; ` +
      `${kept === 1 ? '1 profile was' : `${kept} profiles were`} kept. Remove them only if you lost that access for good.`,
    hint: 'rolecall profiles sync --prune',
    session: sessionName,
  };
}

async function describeSession(
  session: SsoSession,
  reading: ConfigReading,
  deps: StatusDeps,
): Promise<{ document: SessionStatusDocument; problems: readonly (Problem | undefined)[] }> {
  const { broker } = deps;
  const catalog = await broker.cachedCatalog(session);
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
  const { state: userState, user } = broker.signedInUser(session);
  const label = labelOf(deps.settings, session.sessionName);
  const document: SessionStatusDocument = {
    session: session.sessionName,
    ...(label === undefined ? {} : { label }),
    startUrl: session.startUrl,
    region: session.region,
    state: isPending && token.state !== 'live' ? 'pending' : token.state,
    ...(signedInAtMs === undefined ? {} : { signedInAt: formatUtcSeconds(signedInAtMs) }),
    ...(userState === 'unchecked' || user === undefined || token.state === 'signed-out' ? {} : { user }),
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
    roles: broker.rolesInUse(session).slice(0, MAX_ROLES).map(describeRole),
    tokenFileProfiles: token.state === 'live' ? [...deps.tokenFiles.causes(session, reading)] : [],
  };
  return { document, problems: [problem, await findLossProblem(session, catalog?.lost ?? [], reading)] };
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
