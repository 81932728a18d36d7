// Plans the profiles of all roles from the cached account lists and writes them to the shared config file.
import { readLoginProfiles } from '../../aws-config/document/login-session.ts';
import { untilUnchanged } from '../../aws-config/files/until-unchanged.ts';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { PlannedProfile } from '../../aws-config/profiles/plan-types.ts';
import { planInSteps } from '../../aws-config/profiles/profile-plan.ts';
import { readSsoSessions } from '../../aws-config/sessions/sso-sessions.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import { runStepsYielding } from '../../core/async/steps.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import { digestBytes } from '../../platform/files/digest.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Actor } from '../audit/audit-record.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import { createChainRules } from '../settings/chain-rules.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import { createPlanInputs, isSameMarks, type PlanInputsDeps, type PlanMarks } from './plan-inputs.ts';
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

/** The end of a sync that changed nothing: as long as all this is the same, the next one changes nothing either. */
interface Settled {
  readonly sessions: readonly SsoSession[];
  readonly marks: PlanMarks;
  /** Of the config file. */
  readonly digest: string;
  readonly outcome: ProfilesOutcome;
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
    const inputs = await readInputs(sessions);
    const request = await completeRequest(document, inputs, options);
    const loginProfiles = readLoginProfiles(document);
    const plan = await runStepsYielding(planInSteps(request));
    return { plan, before: document.text, loginProfiles, sessions, marks: inputs.marks };
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
    const known = await findSettled((digest) => configFile.confirm(digest));
    if (known !== undefined) return known;
    settled = undefined;
    const made = await makePlan();
    const { plan, before } = made;
    if (plan.conflict !== undefined) throw plan.conflict;
    const fileOutcome = await configFile.write(before, plan.text);
    if (fileOutcome === 'written') deps.audit.record({ event: 'profiles-written', surface: by });
    const areNewNames = await deps.issuedNames.keep(plan);
    const outcome = describe(made, fileOutcome === 'written');
    if (fileOutcome === 'unchanged' && !areNewNames) settled = await settle(made, outcome);
    return settled?.outcome ?? outcome;
  }

  async function settle({ before, sessions, marks }: MarkedPlan, { summary, total, toJson }: ProfilesOutcome) {
    // Without the plan, which has tens of megabytes with 20,000 profiles.
    const json = await toJson();
    const digest = await digestBytes(Buffer.from(before));
    return { sessions, marks, digest, outcome: { summary, total, toJson: async () => json } };
  }

  /** The outcome of the last sync, if one now would have the same. */
  async function findSettled(isFile: (digest: string) => Promise<boolean>): Promise<ProfilesOutcome | undefined> {
    const known = settled;
    if (known === undefined || !isSameMarks(known.marks, (await readInputs(known.sessions)).marks)) return undefined;
    return (await isFile(known.digest)) ? known.outcome : undefined;
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
      const known = options.prune
        ? undefined
        : await findSettled(async (digest) => (await configFile.digest()) === digest);
      return known ?? describe(await makePlan(options), false);
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
