// Describes a profile plan: the document of GET /v1/profiles and POST /v1/profiles/sync.
import type { LoginProfile } from '../../aws-config/document/login-session.ts';
import type { PlannedProfile, ProfilePlan, SkippedProfile } from '../../aws-config/profiles/plan-types.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { forEachInSlices } from '../../core/async/steps.ts';
import type { Role } from '../../core/model.ts';
import type { ChainDocument, ProfilesDocument } from '../../local-api/schemas.ts';
import { describeChain } from '../roles/chain-document.ts';
import { defineChain, findRuledChain, type ChainRules } from '../settings/chain-rules.ts';
import type { Settings } from '../settings/settings.ts';

export interface MadePlan {
  readonly plan: ProfilePlan;
  /** The text that the plan was made for. */
  readonly before: string;
  /** In that text. */
  readonly loginProfiles: readonly LoginProfile[];
}

/** The document without its longest list. */
export type ProfilesSummary = Pick<
  ProfilesDocument,
  | 'configFile'
  | 'written'
  | 'write'
  | 'unwritten'
  | 'added'
  | 'removed'
  | 'changed'
  | 'kept'
  | 'skipped'
  | 'inCredentialsFile'
  | 'loginProfiles'
  | 'diff'
  | 'conflict'
>;

export interface DescriptionOptions {
  readonly configFile: string;
  readonly credentialsFile: string;
  readonly written: boolean;
  readonly settings: Pick<Settings, 'profiles'>;
}

export function summarizePlan(
  { plan, loginProfiles }: MadePlan,
  { configFile, credentialsFile, written, settings }: DescriptionOptions,
): ProfilesSummary {
  const { write } = settings.profiles;
  const ofLogin = new Set(loginProfiles.map(({ profileName }) => profileName));
  const names = (profiles: readonly { readonly profileName: string }[]) =>
    profiles.map(({ profileName }) => profileName);
  return {
    configFile,
    written,
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

/** The whole document as JSON; lets other work run in between. */
export async function formatProfiles(
  { plan }: MadePlan,
  { configFile, written, ...others }: ProfilesSummary,
  rules: ChainRules,
): Promise<Buffer> {
  const chainOf = createChainDescriptions(plan, rules);
  const rows: string[] = [];
  await forEachInSlices(plan.profiles, (profile) => {
    const row: ProfilesDocument['profiles'][number] = {
      profileName: profile.profileName,
      session: profile.sessionName,
      accountId: profile.accountId,
      accountName: profile.accountName ?? null,
      permissionSet: profile.permissionSet,
      region: profile.region,
      ...chainOf(profile),
      ...(profile.aliases === undefined ? {} : { aliases: [...profile.aliases] }),
    };
    rows.push(JSON.stringify(row));
  });
  const head = JSON.stringify({ configFile, written }).slice(0, -1);
  return Buffer.from(`${head},"profiles":[${rows.join(',')}],${JSON.stringify(others).slice(1)}`);
}

/** A function that gives the part of a chained role's row that describes the chain. */
function createChainDescriptions({ profiles, unwritten }: ProfilePlan, rules: ChainRules) {
  const hasChains = profiles.some(({ chain }) => chain !== undefined);
  const names = new Map(
    hasChains ? [...profiles, ...unwritten].map((profile) => [roleKey(profile), profile.profileName]) : [],
  );
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
