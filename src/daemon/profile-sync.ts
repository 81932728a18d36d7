// One profile for each account and permission set: planned from what is known, written when asked.
import type { ConfigFile } from '../aws-config/config-file.ts';
import { readSsoSessions } from '../aws-config/sso-sessions.ts';
import { planProfiles, type IssuedNames, type ProfilePlan, type SkippedProfile } from '../aws-config/profile-plan.ts';
import { ConflictError } from '../core/errors.ts';
import type { Catalog, SsoSession } from '../core/model.ts';
import type { ProfilesDocument } from '../local-api/schemas.ts';
import type { CurrentRole } from './current-role.ts';
import { regionFor, type Settings } from './settings.ts';
import type { StateFile } from './state-file.ts';

export interface ProfileSync {
  /** What a sync would do. @throws UsageError config-malformed, settings-invalid; ConflictError config-section-not-ours */
  plan(): Promise<ProfilesDocument>;
  /** Does it; @throws as `plan`, and UnavailableError file-not-writable */
  sync(): Promise<ProfilesDocument>;
}

/** Another program that edits the file while we plan gets its turn; one that never stops is reported. */
const ATTEMPTS = 4;

export function createProfileSync(deps: {
  readonly configFile: ConfigFile;
  readonly settings: Settings;
  readonly credentialProcessPath: string;
  /** Where issued names outlive the block: a role that comes back gets its old name. Of schema version 1. */
  readonly issuedNamesFile: StateFile;
  readonly knownCatalog: (session: SsoSession) => Promise<Catalog | undefined>;
  readonly currentRole: CurrentRole;
}): ProfileSync {
  const { configFile, settings } = deps;

  async function makePlan(): Promise<{ plan: ProfilePlan; before: string }> {
    const { document } = await configFile.read();
    const catalogs = new Map<string, Catalog>();
    for (const session of readSsoSessions(document).sessions) {
      const catalog = await deps.knownCatalog(session);
      if (catalog !== undefined) catalogs.set(session.sessionName, catalog);
    }
    const previousNames = parseIssuedNames(await deps.issuedNamesFile.read());
    const current = await deps.currentRole.get();
    const plan = planProfiles({
      document,
      catalogs,
      settings: {
        nameTemplate: settings.profiles.name,
        style: settings.profiles.style,
        defaultFollowsCurrent: settings.profiles.defaultFollowsCurrent,
        exclude: settings.profiles.exclude,
        regionFor: (role) => regionFor(settings, role),
      },
      credentialProcessPath: deps.credentialProcessPath,
      ...(previousNames === undefined ? {} : { previousNames }),
      ...(current === null
        ? {}
        : {
            currentRole: {
              sessionName: current.session,
              accountId: current.accountId,
              permissionSet: current.permissionSet,
            },
          }),
    });
    return { plan, before: document.text };
  }

  async function writeOnce(): Promise<ProfilesDocument> {
    const { plan, before } = await makePlan();
    const outcome = await configFile.write(before, plan.text);
    await deps.issuedNamesFile.write(plan.issuedNames);
    return describePlan(plan, configFile.path, outcome === 'written');
  }

  return {
    async plan() {
      const { plan } = await makePlan();
      return describePlan(plan, configFile.path, false);
    },
    async sync() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await writeOnce();
        } catch (error) {
          const isRace = error instanceof ConflictError && error.code === 'config-changed-meanwhile';
          if (!isRace || attempt >= ATTEMPTS) throw error;
        }
      }
    },
  };
}

function describePlan(plan: ProfilePlan, configFile: string, written: boolean): ProfilesDocument {
  const names = (profiles: readonly { readonly profileName: string }[]) =>
    profiles.map(({ profileName }) => profileName);
  return {
    configFile,
    written,
    profiles: plan.profiles.map((profile) => ({
      profileName: profile.profileName,
      session: profile.sessionName,
      accountId: profile.accountId,
      accountName: profile.accountName ?? null,
      permissionSet: profile.permissionSet,
      region: profile.region,
    })),
    added: names(plan.added),
    removed: names(plan.removed),
    changed: names(plan.changed),
    skipped: plan.skipped.map((skipped) => ({ profileName: skipped.profileName, reason: describeSkipped(skipped) })),
    diff: plan.diff,
  };
}

function describeSkipped({ reason, line }: SkippedProfile): string {
  if (reason === 'unusable-name') return 'AWS names it in a way that no profile can hold.';
  return `you wrote a profile of that name${line === undefined ? '' : `, on line ${line}`}.`;
}

/** Names that can't be read are only the names of roles that are gone; the block itself has the others. */
function parseIssuedNames(content: Readonly<Record<string, unknown>> | undefined): IssuedNames | undefined {
  const { template, profiles } = (content ?? {}) as Partial<IssuedNames>;
  return typeof template === 'string' && Array.isArray(profiles) ? { template, profiles } : undefined;
}
