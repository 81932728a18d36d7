// Checks the `[[chain]]` rules of the settings and the team file: what AWS would refuse is an error with its line.
import { parseNameTemplate } from '../../aws-config/profiles/profile-names.ts';
import {
  findExternalIdFault,
  findSessionNameFault,
  findTagKeyFault,
  findTagValueFault,
  isRegionText,
  limitDuration,
  MAX_SESSION_TAGS,
} from '../../core/aws/chain-fields.ts';
import { isPolicyArn, MAX_POLICY_ARNS, readSessionPolicy } from '../../core/aws/session-policy.ts';
import { UsageError } from '../../core/errors.ts';
import { DEFAULT_CHAIN_TEMPLATE } from '../../core/name-template.ts';
import { expandRoleArn, findPlaceholderFault, type ChainSettings } from './chain-rules.ts';
import { settingsFault } from './settings-file.ts';
import type { SettingsFile } from './settings-schema.ts';

type Rule = NonNullable<SettingsFile['chain']>[number];

/** @throws UsageError settings-invalid: naming file, line and what would be valid */
export function requireUsableChains(path: string, text: string, rules: readonly Rule[] = []): void {
  for (const [index, rule] of rules.entries()) {
    const found = findFault(rule);
    if (found === undefined) continue;
    throw settingsFault(path, text, ['chain', String(index), ...found.key], found.reason);
  }
}

interface Fault {
  readonly key: readonly string[];
  /** A clause that follows the key. */
  readonly reason: string;
}

function findFault(rule: Rule): Fault | undefined {
  const { tags = {}, transitive_tags: transitive = [], policy, policy_arns: arns = [] } = rule;
  const keys = Object.keys(tags);
  const tagFaults = keys.flatMap((key) => {
    const reason = findTagKeyFault(key) ?? findTagValueFault(tags[key] ?? '');
    return reason === undefined ? [] : [{ key: ['tags', key], reason }];
  });
  const unknown = transitive.find((key) => !keys.includes(key));
  const lowerCase = keys.map((key) => key.toLowerCase());
  const repeated = keys.find((key, index) => lowerCase.indexOf(key.toLowerCase()) !== index);
  const noArn = arns.find((arn) => !isPolicyArn(arn));
  const checked = policy === undefined ? undefined : readSessionPolicy(policy);
  const candidates: readonly (readonly [key: string, reason: string | undefined])[] = [
    ['role_arn', findArnFault(rule.role_arn)],
    ['name', rule.name === undefined ? undefined : findTemplateFault(rule.name)],
    ['external_id', check(rule.external_id, findExternalIdFault)],
    ['role_session_name', check(rule.role_session_name, findSessionNameFault)],
    ['source_identity', check(rule.source_identity, findSessionNameFault)],
    ['region', check(rule.region, (region) => (isRegionText(region) ? undefined : 'is not the name of a region'))],
    ['tags', keys.length > MAX_SESSION_TAGS ? `has more than ${MAX_SESSION_TAGS} tags` : undefined],
    [
      'tags',
      repeated === undefined ? undefined : `has "${repeated}" twice; AWS ignores upper and lower case in tag keys`,
    ],
    ['transitive_tags', unknown === undefined ? undefined : `names "${unknown}", which is not in "tags"`],
    ['policy', checked !== undefined && 'problem' in checked ? checked.problem : undefined],
    ['policy_arns', arns.length > MAX_POLICY_ARNS ? `has more than ${MAX_POLICY_ARNS} ARNs` : undefined],
    ['policy_arns', noArn === undefined ? undefined : `has "${noArn}", which is not the ARN of a managed policy`],
  ];
  const first = candidates.find(([, reason]) => reason !== undefined);
  if (first?.[1] !== undefined) return { key: [first[0]], reason: first[1] };
  return tagFaults[0];
}

function check(value: string | undefined, find: (value: string) => string | undefined): string | undefined {
  return value === undefined ? undefined : find(value);
}

function findArnFault(template: string): string | undefined {
  const fault = findPlaceholderFault(template);
  if (fault !== undefined) return fault;
  const sample = { accountId: '111111111111', partition: 'aws' };
  return expandRoleArn(template, sample) === undefined
    ? 'is not the ARN of an IAM role, like arn:{partition}:iam::{account_id}:role/Deploy'
    : undefined;
}

function findTemplateFault(template: string): string | undefined {
  try {
    parseNameTemplate(template, 'chain.name', ['role_name']);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message.replace(/\.$/, '');
    throw error;
  }
}

/**
 * The rules in force, the user's own before the team's; `ownLines` are the lines of the former. A rule with keys of a newer
 * version is left out: they may narrow who may do what.
 */
export function toChainSettings(
  rules: readonly Rule[] = [],
  ownLines: readonly number[],
  partial: ReadonlySet<object> = new Set(),
): readonly ChainSettings[] {
  return rules.flatMap((rule, index) => {
    if (partial.has(rule)) return [];
    const line = ownLines[index];
    const policy = rule.policy === undefined ? undefined : readSessionPolicy(rule.policy);
    const tags = Object.entries(rule.tags ?? {}).map(([key, value]) => ({ key, value }));
    return {
      ...(line === undefined ? {} : { line }),
      isOfTeam: line === undefined,
      session: rule.session ?? '*',
      accountId: rule.account_id ?? '*',
      permissionSet: rule.permission_set ?? '*',
      roleArn: rule.role_arn,
      name: rule.name ?? DEFAULT_CHAIN_TEMPLATE,
      ...limitDuration(rule.duration_seconds),
      ...(rule.role_session_name === undefined ? {} : { roleSessionName: rule.role_session_name }),
      ...(rule.external_id === undefined ? {} : { externalId: rule.external_id }),
      ...(rule.source_identity === undefined ? {} : { sourceIdentity: rule.source_identity }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(rule.transitive_tags === undefined ? {} : { transitiveTagKeys: rule.transitive_tags }),
      ...(rule.region === undefined ? {} : { region: rule.region }),
      ...(policy === undefined || 'problem' in policy ? {} : { policy: policy.policy }),
      ...(rule.policy_arns === undefined ? {} : { policyArns: rule.policy_arns }),
    };
  });
}
