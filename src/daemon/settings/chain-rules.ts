// Which chained roles the `[[chain]]` rules of the settings put behind a role, and how each is assumed.
import { parseRoleArn } from '../../core/aws/chain-role.ts';
import type { ChainDefinition, Role } from '../../core/model.ts';
import { createGlobMatcher } from '../../core/text/glob.ts';

/** A `[[chain]]` rule: a role to assume with the credentials of each role that matches. */
export interface ChainSettings extends Pick<
  ChainDefinition,
  | 'durationSeconds'
  | 'requestedSeconds'
  | 'externalId'
  | 'sourceIdentity'
  | 'tags'
  | 'transitiveTagKeys'
  | 'region'
  | 'policy'
  | 'policyArns'
> {
  /** Line in the user's own config.toml; absent for a rule from the team file. */
  readonly line?: number;
  readonly isOfTeam: boolean;
  /** A glob, as the next two; together the roles to start from. */
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
  /** A template. */
  readonly roleArn: string;
  /** Template of the profile names. */
  readonly name: string;
  /** Absent: the user who signed in. */
  readonly roleSessionName?: string;
}

export interface RuledChain {
  readonly rule: ChainSettings;
  /** Without placeholders. */
  readonly roleArn: string;
}

const PLACEHOLDERS = ['account_id', 'partition'] as const;

/** Why the template of an ARN has a placeholder that does not exist, as a clause; undefined when all do. */
export function findPlaceholderFault(template: string): string | undefined {
  const unknown = template
    .split(/(\{[^{}]*\})/u)
    .find((piece) => /[{}]/u.test(piece) && !PLACEHOLDERS.some((name) => piece === `{${name}}`));
  if (unknown === undefined) return undefined;
  const valid = PLACEHOLDERS.map((name) => `{${name}}`).join(', ');
  return `has "${unknown}", which is not a placeholder. Valid: ${valid}`;
}

/** The ARN for one role; undefined if it would not be the ARN of a role. */
export function expandRoleArn(
  template: string,
  { accountId, partition }: { readonly accountId: string; readonly partition: string },
): string | undefined {
  const roleArn = template.replaceAll('{account_id}', accountId).replaceAll('{partition}', partition);
  return parseRoleArn(roleArn) === undefined ? undefined : roleArn;
}

export type ChainRules = (source: Role, partition: string) => readonly RuledChain[];

/**
 * A function that gives the chains that start from a role of a permission set, in the order of the rules. Of two with the
 * same ARN and name template the first counts. A rule for another partition than the session's is passed over.
 */
export function createChainRules(chains: readonly ChainSettings[]): ChainRules {
  const rules = chains.map((rule) => ({
    rule,
    session: createGlobMatcher([rule.session]),
    accountId: createGlobMatcher([rule.accountId]),
    permissionSet: createGlobMatcher([rule.permissionSet]),
  }));
  return (source, partition) => {
    const found = new Map<string, RuledChain>();
    for (const { rule, session, accountId, permissionSet } of rules) {
      if (!session(source.sessionName) || !accountId(source.accountId)) continue;
      if (!permissionSet(source.permissionSet)) continue;
      const roleArn = expandRoleArn(rule.roleArn, { accountId: source.accountId, partition });
      if (roleArn === undefined || parseRoleArn(roleArn)?.partition !== partition) continue;
      const key = `${rule.name}\0${roleArn}`;
      if (!found.has(key)) found.set(key, { rule, roleArn });
    }
    return [...found.values()];
  };
}

/** The rule for a chain that was planned earlier; undefined if no rule defines it any more. */
export function findRuledChain(
  rules: ChainRules,
  { source, roleArn, nameTemplate }: { readonly source: Role; readonly roleArn: string; readonly nameTemplate: string },
): RuledChain | undefined {
  const partition = parseRoleArn(roleArn)?.partition ?? '';
  return rules(source, partition).find((chain) => chain.roleArn === roleArn && chain.rule.name === nameTemplate);
}

/** The definition of the chain under the name that its profile has. */
export function defineChain(
  { rule, roleArn }: RuledChain,
  name: string,
  source: Role,
  defaultSessionName: string,
): ChainDefinition {
  const {
    line: _line,
    isOfTeam,
    session: _session,
    accountId: _accountId,
    permissionSet: _permissionSet,
    name: _name,
    roleSessionName = defaultSessionName,
    ...options
  } = rule;
  const { sessionName, accountId, permissionSet } = source;
  return {
    ...options,
    name,
    source: { sessionName, accountId, permissionSet },
    roleArn,
    roleSessionName,
    origin: isOfTeam ? 'team' : 'settings',
  };
}
