// Tells whether anything that a profile plan is made of has changed, apart from the config file, without planning again.
import { createHash } from 'node:crypto';
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { oncePerObject } from '../../core/async/once.ts';
import { forEachInSlices } from '../../core/async/steps.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { UsageByProfile, UsageStats } from '../roles/usage-stats.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';

export interface PlanInputsDeps {
  readonly sharedCredentials: Pick<SharedCredentials, 'names'>;
  readonly settings: Pick<Settings, 'profiles'>;
  readonly issuedNames: Pick<IssuedNamesStore, 'stamp'>;
  readonly roleUsage: Pick<RoleUsage, 'revision' | 'haveGaps'>;
  readonly usageStats: Pick<UsageStats, 'read'>;
  readonly cachedCatalog: (session: SsoSession) => Promise<Catalog | undefined>;
  readonly currentRole: Pick<CurrentRole, 'get'>;
}

/** What a plan is made of, apart from the config file and the settings, which a daemon reads once. */
export interface PlanInputs {
  /** By session name. */
  readonly catalogs: ReadonlyMap<string, Catalog>;
  readonly currentRole: Role | null;
  readonly inCredentialsFile: CredentialsNames;
  /** Undefined if every profile is written, used or not. */
  readonly usage: { readonly haveGaps: boolean; readonly uses: UsageByProfile } | undefined;
  readonly marks: PlanMarks;
}

/** Small values, each equal only while what it stands for is: with all of them equal, a plan would be too. */
export interface PlanMarks {
  /** A digest of each catalog, in the order of the sessions. */
  readonly catalogs: string;
  readonly currentRole: string;
  readonly inCredentialsFile: CredentialsNames;
  /** Of the file of issued names. */
  readonly names: string;
  readonly usageRevision: number;
  readonly hasUsageGaps: boolean;
  readonly uses: UsageByProfile | undefined;
}

/** A function that gives the inputs as they are now, for these sessions. */
export function createPlanInputs(deps: PlanInputsDeps): (sessions: readonly SsoSession[]) => Promise<PlanInputs> {
  const writesAll = deps.settings.profiles.write === 'all';
  /** A listing gives a new catalog, often with the same accounts. */
  const digest = oncePerObject(digestCatalog);

  return async (sessions) => {
    // Read before what it stands for, so that a later change makes it differ.
    const usageRevision = writesAll ? 0 : deps.roleUsage.revision();
    const usage = writesAll
      ? undefined
      : { haveGaps: await deps.roleUsage.haveGaps(), uses: await deps.usageStats.read() };
    const currentRole = await deps.currentRole.get();
    const inCredentialsFile = await deps.sharedCredentials.names();
    const catalogs = new Map<string, Catalog>();
    const digests: string[] = [];
    for (const session of sessions) {
      const catalog = await deps.cachedCatalog(session);
      if (catalog !== undefined) catalogs.set(session.sessionName, catalog);
      digests.push(catalog === undefined ? '' : await digest(catalog));
    }
    const marks = {
      catalogs: digests.join(),
      currentRole: JSON.stringify(currentRole),
      inCredentialsFile,
      names: await deps.issuedNames.stamp(),
      usageRevision,
      hasUsageGaps: usage?.haveGaps ?? false,
      uses: usage?.uses,
    };
    return { catalogs, currentRole, inCredentialsFile, usage, marks };
  };
}

/** Whether nothing but the use of roles has changed. */
export function isSameButUsage(a: PlanMarks, b: PlanMarks): boolean {
  const keys = Object.keys(a) as (keyof PlanMarks)[];
  return keys.every((key) => key === 'usageRevision' || key === 'uses' || a[key] === b[key]);
}

export function isSameUsage(a: PlanMarks, b: PlanMarks): boolean {
  return a.usageRevision === b.usageRevision && a.uses === b.uses;
}

/** Of all that a plan reads. */
async function digestCatalog({ accounts, complete, startsAnew, lost }: Catalog): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ complete, startsAnew, lost }));
  await forEachInSlices(accounts, ({ sessionName, accountId, accountName, permissionSets }) => {
    hash.update(JSON.stringify([sessionName, accountId, accountName, permissionSets]));
  });
  return hash.digest('hex');
}
