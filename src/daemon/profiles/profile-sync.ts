// Plans the profiles of all roles from the cached account lists and writes them to the shared config file.
import { readLoginProfiles } from '../../aws-config/document/login-session.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { PlannedProfile } from '../../aws-config/profiles/plan-types.ts';
import { pickSettled, promoteInSteps, type SettledPlan } from '../../aws-config/profiles/plan-rendering.ts';
import { planInSteps } from '../../aws-config/profiles/profile-plan.ts';
import { readSsoSessions } from '../../aws-config/sessions/sso-sessions.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import { runStepsYielding } from '../../core/async/steps.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import { digestText } from '../../platform/files/digest.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Actor } from '../audit/audit-record.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import { createChainRules } from '../settings/chain-rules.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import {
  createPlanInputs,
  isSameButUsage,
  isSameUsage,
  type PlanInputs,
  type PlanInputsDeps,
  type PlanMarks,
} from './plan-inputs.ts';
import { findNewlyUsed } from './newly-used.ts';
import { createPlanRequests, type PlanRequestDeps } from './plan-request.ts';
import { formatProfiles, summarizePlan, type MadePlan, type ProfilesSummary } from './profiles-document.ts';

export interface ProfileSync {
  /** What a sync would do; with `prune` it also removes profiles that suspicious listings lost. @throws UsageError config-malformed, settings-invalid; ConflictError config-section-not-ours */
  plan(options?: { readonly prune: boolean }): Promise<ProfilesOutcome>;
  /** Writes the planned profiles. @throws as `plan`, and UnavailableError file-not-writable */
  sync(by: Actor): Promise<ProfilesOutcome>;
  /** Writes the profile with this name or alias if it is missing. False when no role has that name. */
  writeNamed(profileName: string, by: Actor): Promise<boolean>;
}

export interface ProfilesOutcome {
  readonly summary: ProfilesSummary;
  /** How many profiles are written now, aliases included. */
  readonly total: number;
  /** The ProfilesDocument, with all profiles. */
  toJson(): Promise<Buffer>;
}

/** The end of a sync: as long as all this is the same, the next one changes nothing. */
interface Settled {
  readonly sessions: readonly SsoSession[];
  readonly marks: PlanMarks;
  /** Of the config file. */
  readonly digest: string;
  readonly outcome: ProfilesOutcome;
  /** Whether a profile is written depends on the use of its role. */
  readonly dependsOnUse: boolean;
  /** Absent if a profile cannot be added without planning everything again. */
  readonly plan?: SettledPlan;
}

/** With what has changed since. */
interface Found extends Settled {
  readonly inputs: PlanInputs;
  readonly newlyUsed: ReadonlySet<PlannedProfile>;
}

interface MarkedPlan extends MadePlan, Pick<Settled, 'sessions' | 'marks'> {}

export function createProfileSync(
  deps: PlanRequestDeps &
    PlanInputsDeps & {
      readonly configFile: ConfigFile;
      readonly sharedCredentials: SharedCredentials;
      readonly issuedNames: IssuedNamesStore;
      readonly roleUsage: RoleUsage;
      readonly audit: Pick<AuditLog, 'record'>;
    },
): ProfileSync {
  const { configFile, settings, sharedCredentials } = deps;
  const readInputs = createPlanInputs(deps);
  const completeRequest = createPlanRequests(deps);
  const chainRules = createChainRules(settings.chains);
  let settled: Settled | undefined;

  async function makePlan(options = { prune: false }): Promise<MarkedPlan> {
    const { document } = await configFile.read();
    const { sessions } = readSsoSessions(document);
    // Before what it stands for, so that a later change makes it differ.
    const names = await deps.issuedNames.stamp();
    const previousNames = await deps.issuedNames.previous();
    const inputs = await readInputs(sessions);
    const loginProfiles = readLoginProfiles(document);
    const plan = await runStepsYielding(planInSteps(completeRequest(document, inputs, previousNames, options)));
    return { plan, before: document.text, loginProfiles, sessions, marks: { ...inputs.marks, names } };
  }

  function describe(made: MadePlan, written: boolean): ProfilesOutcome {
    const paths = { configFile: configFile.path, credentialsFile: sharedCredentials.path };
    const summary = summarizePlan(made, { ...paths, written, settings });
    return {
      summary,
      total: made.plan.profiles.reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, 0),
      toJson: () => formatProfiles(made, summary, chainRules),
    };
  }

  async function writeOnce(by: Actor): Promise<ProfilesOutcome> {
    const known = await findSettled();
    if (known?.newlyUsed.size === 0 && (await configFile.confirm(known.digest))) return known.outcome;
    const promotion = known === undefined ? undefined : await planPromotion(known);
    settled = undefined;
    const made = promotion ?? (await makePlan());
    const { plan, before } = made;
    if (plan.conflict !== undefined) throw plan.conflict;
    const isWritten = (await configFile.write(before, plan.text)) === 'written';
    if (isWritten) deps.audit.record({ event: 'profiles-written', surface: by });
    if (promotion !== undefined && known !== undefined) {
      await deps.issuedNames.markWritten([...known.newlyUsed]);
      settled = await settle(made);
    } else {
      const areNewNames = await deps.issuedNames.keep(plan);
      const isSettled = (!isWritten && !areNewNames) || isFixedPoint(made);
      const names = areNewNames ? await deps.issuedNames.stamp() : made.marks.names;
      if (isSettled) settled = await settle({ ...made, marks: { ...made.marks, names } });
    }
    return describe(made, isWritten);
  }

  /** What the last sync left, if nothing but the use of roles has changed since, apart from the config file. */
  async function findSettled(): Promise<Found | undefined> {
    const before = settled;
    if (before === undefined) return undefined;
    const inputs = await readInputs(before.sessions);
    if (!isSameButUsage(before.marks, inputs.marks)) return undefined;
    if (before.dependsOnUse && before.plan === undefined && !isSameUsage(before.marks, inputs.marks)) return undefined;
    const newlyUsed = findNewlyUsed(before.plan?.unwritten ?? [], before.marks, inputs.marks, deps.roleUsage);
    return { ...before, inputs, newlyUsed };
  }

  /** The plan that adds the profiles of newly used roles; undefined if it cannot be told from what the last sync left. */
  async function planPromotion({
    sessions,
    digest,
    plan: last,
    inputs,
    newlyUsed,
  }: Found): Promise<MarkedPlan | undefined> {
    const { document } = await configFile.read();
    if (last === undefined || digestText(document.text) !== digest) return undefined;
    const request = completeRequest(document, inputs, last.issuedNames, { prune: false });
    const plan = await runStepsYielding(promoteInSteps(request, last, newlyUsed));
    return { plan, before: document.text, loginProfiles: [], sessions, marks: inputs.marks };
  }

  async function settle(made: MarkedPlan): Promise<Settled> {
    const { plan, sessions, marks } = made;
    const unchanged = { ...made, plan: { ...plan, added: [], removed: [], changed: [], diff: '' } };
    const { summary, total, toJson } = describe(unchanged, false);
    // Without what has tens of megabytes with 20,000 profiles.
    const json = await toJson();
    return {
      sessions,
      marks,
      digest: digestText(plan.text),
      outcome: { summary, total, toJson: async () => json },
      dependsOnUse: plan.writes === 'used',
      ...(plan.writes === 'used' && hasNoLines(made) ? { plan: pickSettled(plan) } : {}),
    };
  }

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
    async plan(options = { prune: false }) {
      const known = options.prune ? undefined : await findSettled();
      const isSame = known?.newlyUsed.size === 0 && (await configFile.digest()) === known.digest;
      return isSame ? known.outcome : describe(await makePlan(options), false);
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

/**
 * Whether a plan for the text of this one would be the same: every role has an issued name, nothing counts as used only
 * because of what the file had before, and the plan has no lines of the file, which may have moved.
 */
function isFixedPoint(made: MadePlan): boolean {
  const { changed, excludedCount, inCredentialsFile, keptCount, keptLost } = made.plan;
  const isSelfContained = changed.length + excludedCount + keptCount + keptLost.length === 0;
  return isSelfContained && inCredentialsFile === undefined && hasNoLines(made);
}

function hasNoLines({ plan, loginProfiles }: MadePlan): boolean {
  return plan.skipped.length + loginProfiles.length === 0;
}
