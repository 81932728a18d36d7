// GET /v1/accounts: the cached account lists, fetched again when the request asks for it.
import type { Catalog, SsoSession } from '../../core/model.ts';
import type { AccountsDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { signInRequired } from '../../sso/faults.ts';
import type { Changes } from '../process/changes.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';
import { findAge } from './role-documents.ts';
import type { RoleList } from './role-list.ts';

export function createAccountsHandlers(deps: {
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'cachedCatalog' | 'refreshCatalog' | 'describe'>;
  readonly roleList: Pick<RoleList, 'chains'>;
  readonly changes: Pick<Changes, 'announce'>;
}): Pick<Handlers, 'accounts'> {
  const { broker, sharedConfig } = deps;

  /** Lists the accounts of every live session. @throws SignInRequiredError when no session is live */
  async function refresh(sessions: readonly SsoSession[]): Promise<void> {
    const states = await Promise.all(sessions.map((session) => broker.describe(session)));
    const live = sessions.filter((_, index) => states[index]?.state === 'live');
    const [first] = sessions;
    if (live.length === 0 && first !== undefined) throw signInRequired(first.sessionName);
    try {
      await Promise.all(live.map((session) => broker.refreshCatalog(session, { isAttended: true })));
    } finally {
      deps.changes.announce();
    }
  }

  async function describeChains(sessions: readonly SsoSession[]): Promise<Pick<AccountsDocument, 'chains'>> {
    const shown = new Set(sessions.map(({ sessionName }) => sessionName));
    const rows = (await deps.roleList.chains()).filter(({ role }) => shown.has(role.sessionName));
    if (rows.length === 0) return {};
    return {
      chains: rows.map(({ role: { sessionName, accountId, permissionSet }, accountName = null, chain }) => ({
        session: sessionName,
        accountId,
        accountName,
        permissionSet,
        chain,
      })),
    };
  }

  return {
    async accounts({ query }) {
      const sessions =
        query.session === undefined
          ? (await sharedConfig.read()).sessions
          : [await sharedConfig.findSession(query.session)];
      if (query.refresh === true) await refresh(sessions);
      const catalogs = await Promise.all(sessions.map((session) => broker.cachedCatalog(session)));
      return { ...describe(catalogs), ...(await describeChains(sessions)) };
    },
  };
}

function describe(catalogs: readonly (Catalog | undefined)[]): AccountsDocument {
  const known = catalogs.filter((catalog) => catalog !== undefined);
  return {
    asOf: findAge(known),
    // A session without a sign-in has no list, so it does not count as incomplete.
    complete: known.length > 0 && known.every(({ complete }) => complete),
    accounts: known.flatMap(({ accounts }) =>
      accounts.map((account) => ({
        session: account.sessionName,
        accountId: account.accountId,
        accountName: account.accountName ?? null,
        emailAddress: account.emailAddress ?? null,
        permissionSets: [...account.permissionSets],
      })),
    ),
  };
}
