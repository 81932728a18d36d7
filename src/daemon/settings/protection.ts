// Which roles the `[[protect]]` rules match, and the approval that each needs.
import { createHash } from 'node:crypto';
import { isChained, parseRoleArn } from '../../core/aws/chain-role.ts';
import type { Role } from '../../core/model.ts';
import { createGlobMatcher } from '../../core/text/glob.ts';
import type { ChainSource } from '../../sso/ports.ts';
import { createChains } from '../../sso/roles/chains.ts';
import { APPROVE_SETTINGS } from './approve-settings.ts';
import type { ProtectSettings, Settings } from './settings.ts';

/** The approval that a role needs. */
export interface ApprovalRule {
  readonly approve: 'click' | 'passkey';
  /** How long an approval counts; 0: for the callers that wait for it. */
  readonly rememberMinutes: number;
  readonly for: 'role' | 'program';
}

export interface Protection {
  /** Whether any role can need an approval. */
  readonly asks: boolean;
  /** Whether any rule matches, also one that only marks. */
  isProtected(role: Role): boolean;
  /** Undefined: the role needs no approval. */
  ruleFor(role: Role): ApprovalRule | undefined;
  /** Of a chained role; another one when its definition has changed, so that an approval does not count for something else. */
  versionOf(role: Role): string;
}

/**
 * The first of the user's rules that matches decides, and the first of the team's: where both match, the stricter value
 * of each key counts. Globs are compiled once. A chained role is protected like the role that is assumed at its end, and
 * like every role that it leads through: the strictest of their rules counts.
 */
export function createProtection(
  { protect }: Pick<Settings, 'protect'>,
  chainSource?: Pick<ChainSource, 'find'>,
): Protection {
  const chains = createChains(chainSource);
  const rules = protect.map((rule) => ({
    rule,
    session: createGlobMatcher([rule.session]),
    accountId: createGlobMatcher([rule.accountId]),
    // Names of IAM roles differ by more than case, so another spelling may lead to the same role.
    permissionSet: createGlobMatcher([rule.permissionSet.toLowerCase()]),
  }));

  type Matcher = (typeof rules)[number];
  const matches = ({ session, accountId, permissionSet }: Matcher, role: Role) =>
    session(role.sessionName) && accountId(role.accountId) && permissionSet(role.permissionSet.toLowerCase());

  /** The rule that decides, after those that match and may be for less than they seem. */
  function find(role: Role, isOfTeam: boolean): readonly ProtectSettings[] {
    const found: ProtectSettings[] = [];
    for (const each of rules) {
      if (each.rule.isOfTeam !== isOfTeam || !matches(each, role)) continue;
      found.push(each.rule);
      if (each.rule.isPartial !== true) break;
    }
    return found;
  }

  /** The names under which AWS or the settings know the role, and the roles that it leads through. */
  function subjectsOf(role: Role): readonly Role[] {
    if (!isChained(role)) return [role];
    return [role, ...chains.sourcesOf(role)].flatMap((step) => {
      const arn = parseRoleArn(chainSource?.find(step)?.roleArn ?? '');
      return arn === undefined ? [step] : [step, { ...step, permissionSet: arn.roleName }];
    });
  }

  function ruleOf(role: Role): ApprovalRule | undefined {
    return [...find(role, false), ...find(role, true)].map(toRule).reduce(stricter, undefined);
  }

  return {
    asks: protect.some(({ approve }) => approve !== 'none'),
    isProtected: (role) => subjectsOf(role).some((subject) => rules.some((each) => matches(each, subject))),
    ruleFor(role) {
      if (rules.length === 0) return undefined;
      return subjectsOf(role).map(ruleOf).reduce(stricter, undefined);
    },
    versionOf: chains.versionOf,
  };
}

/** Room for a few rules in a line of the audit log; of more, a hash shows whether they have changed. */
const MAX_RULES_CHARACTERS = 450;

/** What the settings want a person for, on one line; undefined if nothing. */
export function describeRules({ protect, unlock }: Pick<Settings, 'protect' | 'unlock'>): string | undefined {
  const rules = protect.map(
    ({ approve, rememberMinutes, for: scope, session, accountId, permissionSet }) =>
      `${approve}${approve === 'none' ? '' : ` ${rememberMinutes} min ${scope}`}: ${session} ${accountId} ${permissionSet}`,
  );
  const text = [...rules, ...(unlock === 'command' ? [] : [`${unlock}: unlock`])].join('; ');
  if (text === '') return undefined;
  if (text.length <= MAX_RULES_CHARACTERS) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text.slice(0, MAX_RULES_CHARACTERS)}… (sha256 ${hash})`;
}

function toRule(rule: ProtectSettings): ApprovalRule | undefined {
  if (rule.approve === 'none') return undefined;
  return { approve: rule.approve, rememberMinutes: rule.rememberMinutes, for: rule.for };
}

function stricter(a: ApprovalRule | undefined, b: ApprovalRule | undefined): ApprovalRule | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    approve: APPROVE_SETTINGS.indexOf(a.approve) > APPROVE_SETTINGS.indexOf(b.approve) ? a.approve : b.approve,
    rememberMinutes: Math.min(a.rememberMinutes, b.rememberMinutes),
    for: a.for === 'program' ? 'program' : b.for,
  };
}
