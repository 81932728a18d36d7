// GET and PUT /v1/current: shows, sets and clears the current role.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import { findRoleProfile } from '../../aws-config/profiles/role-profile.ts';
import { matchesSessionSelector } from '../../aws-config/profiles/session-selector.ts';
import { isChained } from '../../core/aws/chain-role.ts';
import { NotFoundError, UsageError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { nameOfRole } from '../../core/text/role-title.js';
import type { Broker } from '../../sso/broker.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Changes } from '../process/changes.ts';
import type { Chains } from './chains.ts';
import { describeCurrentRole, type CurrentRole } from './current-role.ts';
import type { IssuedNamesStore } from './issued-names.ts';
import { findRequestedRole } from './requested-role.ts';
import type { RoleList } from './role-list.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';
import type { RoleUsage } from './role-usage.ts';
import type { UsageStats } from './usage-stats.ts';

export function createCurrentHandlers(deps: {
  readonly currentRole: CurrentRole;
  readonly sharedConfig: Pick<SharedConfig, 'findSession'>;
  readonly chains: Pick<Chains, 'refresh'>;
  readonly configFile: Pick<ConfigFile, 'read'>;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly broker: Pick<Broker, 'cachedCatalog' | 'requireAssigned'>;
  readonly lock: ServingLock;
  readonly roleList: Pick<RoleList, 'profileOf'>;
  readonly usageStats: Pick<UsageStats, 'record'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
}): Pick<Handlers, 'current' | 'setCurrent'> {
  async function set(role: Role | null): Promise<void> {
    await deps.currentRole.set(role);
    deps.changes.announce();
  }

  /** Counts the switch, so that the role is offered first. The response does not wait for this. */
  async function recordUse(role: Role, profile: string | null): Promise<void> {
    const name = profile ?? (await deps.issuedNames.unwritten()).of(role)?.profileName;
    if (name === undefined) return;
    await deps.usageStats.record(name);
    deps.changes.announce();
  }

  /** Whether `name` is another name of the role: an alias, a planned name or a hand-written profile. */
  async function isNameOf(name: string, role: Role): Promise<boolean> {
    const isSame = ({ accountId, permissionSet }: Pick<Role, 'accountId' | 'permissionSet'>) =>
      accountId === role.accountId && permissionSet === role.permissionSet;
    const planned = (await deps.issuedNames.unwritten()).find(name);
    if (planned?.sessionName === role.sessionName && isSame(planned)) return true;
    const found = findRoleProfile((await deps.configFile.read()).document, name)?.role;
    if (found === undefined || found === 'current' || !isSame(found)) return false;
    return matchesSessionSelector(found.sessionSelector, role.sessionName);
  }

  async function requireNameOf(name: string, role: Role, profile: string | null): Promise<void> {
    if (name === profile || (await isNameOf(name, role))) return;
    const { accountId, permissionSet } = role;
    throw new UsageError(
      'profile-mismatch',
      `Profile "${name}" is not for ${nameOfRole(permissionSet)} in account ${accountId}.`,
      profile === null ? {} : { hint: `rolecall use --current ${quoteForShell(profile)}` },
    );
  }

  return {
    async current() {
      const role = await deps.currentRole.get();
      return role === null ? null : describeCurrentRole(role, deps.roleList);
    },
    async setCurrent({ body }, { surface }) {
      if (body === null) {
        await set(null);
        deps.audit.record({ event: 'current-role-cleared', surface });
        return null;
      }
      deps.lock.requireUnlocked();
      const { session, role } = await findRequestedRole(body, deps);
      const catalog = await deps.broker.cachedCatalog(session);
      const account = catalog?.accounts.find(({ accountId }) => accountId === body.accountId);
      // Refuse a mistyped role. Without a list of accounts it can't be checked.
      if (isChained(role)) await deps.broker.requireAssigned(session, role);
      else if (catalog !== undefined && account?.permissionSets.includes(body.permissionSet) !== true) {
        throw new NotFoundError(
          'account-not-found',
          `${body.permissionSet} in account ${body.accountId} of ${session.sessionName} is not assigned to you.`,
        );
      }
      deps.lock.requireUnlocked(role);
      const document = await describeCurrentRole(role, deps.roleList);
      if (typeof body.profile === 'string') await requireNameOf(body.profile, role, document.profile);
      await set(role);
      deps.roleUsage.note(role);
      deps.audit.record({ event: 'current-role-switched', role, surface });
      void recordUse(role, document.profile).catch(() => undefined);
      return document;
    },
  };
}
