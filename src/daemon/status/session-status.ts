// One sso-session in the status document: sign-in state, account list, upstream health, roles in use.
import { formatUtcSeconds } from '../../core/clock.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import type { RoleUseDocument, SessionStatusDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { NextRenewal } from '../../sso/next-renewal.ts';
import type { SecretStore } from '../../sso/ports.ts';
import type { RoleUse } from '../../sso/roles/role-use.ts';
import type { TokenFiles } from '../profiles/token-files.ts';
import type { Protection } from '../settings/protection.ts';
import type { SessionEndpoints } from '../settings/session-endpoints.ts';
import { flowOf, labelOf, type Settings } from '../settings/settings.ts';
import type { ChooseFlow } from '../sign-in/flow-choice.ts';
import type { Renewals } from '../sign-in/renewals.ts';
import type { ConfigReading } from './config-reading.ts';
import { findBypass } from './find-bypass.ts';

export interface SessionStatusDeps {
  readonly broker: Broker;
  readonly settings: Pick<Settings, 'sessionLabels' | 'file' | 'flow'>;
  readonly chooseFlow: ChooseFlow;
  readonly sessionEndpoints: Pick<SessionEndpoints, 'describe' | 'findNotes'>;
  readonly renewals: Pick<Renewals, 'describe'>;
  readonly store: Pick<SecretStore, 'driver'>;
  readonly tokenFiles: Pick<TokenFiles, 'causes'>;
  readonly protection: Pick<Protection, 'ruleFor'>;
  /** How many callers wait for a sign-in to this session. */
  readonly waiting: (sessionName: string) => number;
}

/** Keeps the document small. */
const MAX_ROLES = 100;

/** The document of one session, and its problems; a token that can't be read is a problem, not an error. */
export async function describeSession(
  session: SsoSession,
  reading: ConfigReading,
  deps: SessionStatusDeps,
): Promise<{ document: SessionStatusDocument; problems: readonly (Problem | undefined)[] }> {
  const { broker } = deps;
  const catalog = await broker.cachedCatalog(session);
  let token: Awaited<ReturnType<Broker['describe']>> = { state: 'signed-out' };
  let sessionEnd: ReturnType<Broker['sessionEnd']>;
  let renewal: Awaited<ReturnType<Renewals['describe']>>;
  let problem: Problem | undefined;
  try {
    token = await broker.describe(session);
    sessionEnd = broker.sessionEnd(session, token);
    renewal = await deps.renewals.describe(session);
  } catch (error) {
    problem = { ...toRolecallError(error).toBody() };
  }
  const isPending = broker.signInState(session)?.state === 'pending';
  // After its end a session's keys stay valid for a while, but nothing renews them.
  const canRenew = token.state === 'live';
  const { signedInAtMs, tokenExpiresAtMs } = token;
  const { state: userState, user } = broker.signedInUser(session);
  const endpoints = deps.sessionEndpoints.describe(session);
  const label = labelOf(deps.settings, session.sessionName);
  const tokenFileProfiles = token.state === 'live' ? [...deps.tokenFiles.causes(session, reading)] : [];
  const document: SessionStatusDocument = {
    session: session.sessionName,
    ...(label === undefined ? {} : { label }),
    startUrl: session.startUrl,
    region: session.region,
    state: isPending && token.state !== 'live' ? 'pending' : token.state,
    flow: { setting: flowOf(deps.settings, session.sessionName), ...deps.chooseFlow(session.sessionName) },
    ...(signedInAtMs === undefined ? {} : { signedInAt: formatUtcSeconds(signedInAtMs) }),
    ...(userState === 'unchecked' || user === undefined || token.state === 'signed-out' ? {} : { user }),
    ...(token.state === 'live' && (token.isUnsaved === true || deps.store.driver === 'memory')
      ? { onlyInMemory: true }
      : {}),
    ...(tokenExpiresAtMs === undefined ? {} : { tokenExpiresAt: formatUtcSeconds(tokenExpiresAtMs) }),
    ...(sessionEnd === undefined
      ? {}
      : { sessionExpiresAt: formatUtcSeconds(sessionEnd.atMs), sessionEndIs: sessionEnd.source }),
    ...(renewal === undefined ? {} : { renewal }),
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
    ...(endpoints.length === 0 ? {} : { endpoints }),
    upstreams: broker.upstreamHealth(session).map(({ service, circuit, nextTryAtMs }) => ({
      service,
      circuit,
      ...(nextTryAtMs === undefined ? {} : { nextTryAt: formatUtcSeconds(nextTryAtMs) }),
    })),
    ...describeNextRenewal(broker.nextRenewal(session), canRenew, problem),
    roles: broker
      .rolesInUse(session)
      .slice(0, MAX_ROLES)
      .map((use) => describeRole(use, canRenew)),
    tokenFileProfiles,
  };
  const bypass = findBypass(session, tokenFileProfiles, catalog, deps.protection);
  return { document, problems: [problem, bypass, await findLossProblem(session, catalog?.lost ?? [], reading)] };
}

/** Reports profiles that were kept although the last listing no longer had their roles, and how to remove them. */
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

/** The next renewal and the next attempt after a failure. A locked keychain comes first: nothing is renewed before. */
function describeNextRenewal(
  { atMs, retry }: NextRenewal,
  canRenew: boolean,
  storeProblem: Problem | undefined,
): Pick<SessionStatusDocument, 'nextRefreshAt' | 'nextRetry'> {
  if (storeProblem?.code.startsWith('secret-store-') === true) {
    return { nextRetry: { reason: 'secret-store', message: storeProblem.message } };
  }
  return {
    ...(atMs === undefined || !canRenew ? {} : { nextRefreshAt: formatUtcSeconds(atMs) }),
    ...(retry === undefined
      ? {}
      : {
          nextRetry: {
            reason: retry.reason,
            message: retry.error.message,
            ...(retry.atMs === undefined ? {} : { at: formatUtcSeconds(retry.atMs) }),
          },
        }),
  };
}

function describeRole({ role, state, expiresAtMs, nextRefreshAtMs }: RoleUse, canRenew: boolean): RoleUseDocument {
  return {
    accountId: role.accountId,
    permissionSet: role.permissionSet,
    state,
    ...(expiresAtMs === undefined ? {} : { expiresAt: formatUtcSeconds(expiresAtMs) }),
    ...(nextRefreshAtMs === undefined || !canRenew ? {} : { nextRefreshAt: formatUtcSeconds(nextRefreshAtMs) }),
  };
}
