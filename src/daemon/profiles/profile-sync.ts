// Plans the profiles of all roles from the cached account lists and writes them to the shared config file.
import { readLoginProfiles, type LoginProfile } from '../../aws-config/document/login-session.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { PlannedProfile, ProfilePlan, SkippedProfile } from '../../aws-config/profiles/plan-types.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { planInSteps } from '../../aws-config/profiles/profile-plan.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import { runStepsYielding } from '../../core/async/steps.ts';
import type { Role } from '../../core/model.ts';
import type { ChainDocument, ProfilesDocument } from '../../local-api/schemas.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Actor } from '../audit/audit-record.ts';
import { describeChain } from '../roles/chain-document.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import { createChainRules, defineChain, findRuledChain, type ChainRules } from '../settings/chain-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import { createPlanRequests, type PlanRequestDeps } from './plan-request.ts';

export interface ProfileSync {
  /** What a sync would do; with `prune` it also removes profiles that suspicious listings lost. @throws UsageError config-malformed, settings-invalid; ConflictError config-section-not-ours */
  plan(options?: { readonly prune: boolean }): Promise<ProfilesDocument>;
  /** Writes the planned profiles. @throws as `plan`, and UnavailableError file-not-writable */
  sync(by: Actor): Promise<ProfilesDocument>;
  /** Writes the profile with this name or alias if it is missing. False when no role has that name. */
  writeNamed(profileName: string, by: Actor): Promise<boolean>;
}

export function createProfileSync(
  deps: PlanRequestDeps & {
    readonly configFile: ConfigFile;
    readonly sharedCredentials: SharedCredentials;
    readonly issuedNames: IssuedNamesStore;
    readonly audit: Pick<AuditLog, 'record'>;
  },
): ProfileSync {
  const { configFile, settings, sharedCredentials } = deps;
  const collectRequest = createPlanRequests(deps);
  const chainRules = createChainRules(settings.chains);

  async function makePlan(options = { prune: false }): Promise<MadePlan> {
    const request = await collectRequest(options);
    const loginProfiles = readLoginProfiles(request.document);
    return { plan: await runStepsYielding(planInSteps(request)), before: request.document.text, loginProfiles };
  }

  async function writeOnce(by: Actor): Promise<ProfilesDocument> {
    const made = await makePlan();
    const { plan, before } = made;
    if (plan.conflict !== undefined) throw plan.conflict;
    const outcome = await configFile.write(before, plan.text);
    if (outcome === 'written') deps.audit.record({ event: 'profiles-written', surface: by });
    await deps.issuedNames.keep(plan);
    return describe(made, outcome === 'written');
  }

  const describe = (made: MadePlan, written: boolean) =>
    describePlan(made, {
      configFile: configFile.path,
      credentialsFile: sharedCredentials.path,
      written,
      settings,
      chainOf: createChainDescriptions(made.plan, chainRules),
    });

  /** Concurrent syncs would only make each other retry. */
  const inTurn = createSerialQueue();
  const sync = (by: Actor) => inTurn(() => untilUnchanged(() => writeOnce(by)));

  async function findUnwritten(profileName: string): Promise<Role | undefined> {
    const known = (await deps.issuedNames.unwritten()).find(profileName);
    if (known !== undefined) return known;
    const { plan } = await makePlan();
    const isCalled = (profile: PlannedProfile) =>
      profile.profileName === profileName || profile.aliases?.includes(profileName) === true;
    return [...plan.profiles, ...plan.unwritten].find(isCalled);
  }

  return {
    async plan(options) {
      return describe(await makePlan(options), false);
    },
    sync,
    async writeNamed(profileName, by) {
      const role = await findUnwritten(profileName);
      if (role === undefined) return false;
      deps.roleUsage.add(role);
      await sync(by);
      return true;
    },
  };
}

interface MadePlan {
  readonly plan: ProfilePlan;
  /** The text that the plan was made for. */
  readonly before: string;
  /** In that text. */
  readonly loginProfiles: readonly LoginProfile[];
}

function describePlan(
  { plan, loginProfiles }: MadePlan,
  {
    configFile,
    credentialsFile,
    written,
    settings,
    chainOf,
  }: {
    readonly configFile: string;
    readonly credentialsFile: string;
    readonly written: boolean;
    readonly settings: Settings;
    readonly chainOf: (profile: PlannedProfile) => { readonly chain?: ChainDocument };
  },
): ProfilesDocument {
  const { write } = settings.profiles;
  const ofLogin = new Set(loginProfiles.map(({ profileName }) => profileName));
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
      ...chainOf(profile),
      ...(profile.aliases === undefined ? {} : { aliases: [...profile.aliases] }),
    })),
    ...(write === 'all' ? {} : { write, unwritten: plan.unwritten.length }),
    added: names(plan.added),
    removed: names(plan.removed),
    changed: names(plan.changed),
    ...(plan.keptLost.length === 0 ? {} : { kept: [...plan.keptLost] }),
    skipped: plan.skipped.map((skipped) => ({
      profileName: skipped.profileName,
      reason: describeSkipped(skipped, ofLogin.has(skipped.profileName)),
    })),
    ...(plan.inCredentialsFile === undefined
      ? {}
      : {
          inCredentialsFile: {
            file: credentialsFile,
            names: plan.inCredentialsFile.map(({ name, line, profileName = null }) => ({ name, line, profileName })),
          },
        }),
    ...(loginProfiles.length === 0
      ? {}
      : {
          loginProfiles: loginProfiles.map(({ profileName, line, principal }) => ({
            profileName,
            line,
            accountId: principal?.accountId ?? null,
            principal: principal?.arn ?? null,
          })),
        }),
    diff: plan.diff,
    ...(plan.conflict === undefined ? {} : { conflict: plan.conflict.toBody() }),
  };
}

/** A function that gives the part of a chained role's row that describes the chain. */
function createChainDescriptions({ profiles, unwritten }: ProfilePlan, rules: ChainRules) {
  const names = new Map([...profiles, ...unwritten].map((profile) => [roleKey(profile), profile.profileName]));
  const profileOf = (role: Role) => names.get(roleKey(role));
  return ({ profileName, chain }: PlannedProfile): { readonly chain?: ChainDocument } => {
    const found = chain === undefined ? undefined : findRuledChain(rules, chain);
    if (chain === undefined || found === undefined) return {};
    const definition = defineChain(found, profileName, chain.source, '');
    return { chain: describeChain(definition, { chains: { sourceNameOf: () => undefined }, profiles: { profileOf } }) };
  };
}

function describeSkipped({ reason, line }: SkippedProfile, isOfLogin: boolean): string {
  switch (reason) {
    case 'unusable-name':
      return 'its account id or permission set has characters that a profile cannot contain.';
    case 'taken':
      return "it is an alias, and another role's profile has that name.";
    case 'ambiguous':
      return 'it is an alias that several roles would get. Make the rule match one role, or use {account_id} and {permission_set} in the alias.';
    default:
      return `you have your own profile of that name${isOfLogin ? ', from aws login' : ''}${line === undefined ? '' : `, on line ${line}`}.`;
  }
}
