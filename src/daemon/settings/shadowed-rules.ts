// Finds the user's rules that never count, because an earlier rule is for the same roles.
import type { Problem } from '../../core/problems.ts';
import { matchesGlob } from '../../core/text/glob.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';

/** The parts of a `[[role]]` that count here. */
interface RoleRule {
  /** Absent for a rule of the team file. */
  readonly line?: number;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly region: string | undefined;
  readonly alias: string | undefined;
  readonly pin: boolean | undefined;
  readonly extra: ReadonlyMap<string, unknown> | undefined;
}

/** The parts of a `[[protect]]` that count here. */
interface ProtectRule {
  readonly line?: number;
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly isPartial?: true;
}

interface Scope {
  readonly line: number;
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
  /** What the rule sets. Of several rules, the first one that sets a key decides on that key. */
  readonly keys: readonly string[];
}

/** Each rule is compared with every earlier one. */
const MAX_COMPARED = 500;
/** Rules listed in one message. */
const MAX_SHOWN = 3;

/** At most one problem for each kind of rule. Only certain cases: two patterns of which neither is the other are not compared. */
export function findShadowedRules(
  path: string,
  { roles, protect }: { readonly roles: readonly RoleRule[]; readonly protect: readonly ProtectRule[] },
): Problem[] {
  const own = {
    role: roles.map((rule) => ({ ...rule, session: '*', keys: listKeys(rule) })),
    protect: protect.map((rule) => ({ ...rule, keys: rule.isPartial === true ? [] : ['approve'] })),
  };
  return Object.entries(own).flatMap(([kind, rules]) => {
    const scopes = rules.flatMap(({ line, ...rule }) => (line === undefined ? [] : [{ ...rule, line }]));
    const shadowed = findShadowed(scopes.slice(0, MAX_COMPARED));
    const [first] = shadowed;
    if (first === undefined) return [];
    const shown = shadowed.slice(0, MAX_SHOWN).map(({ rule, by }) => `line ${rule.line}, because of line ${by.line}`);
    const more = shadowed.length > shown.length ? ` and ${shadowed.length - shown.length} more` : '';
    return [
      {
        code: 'settings-without-effect',
        message: `${path} has [[${kind}]] rules that never count, because an earlier rule is for the same roles: ${shown.join('; ')}${more}.`,
        hint: editCommand(path, first.rule.line),
      },
    ];
  });
}

function findShadowed(scopes: readonly Scope[]): { readonly rule: Scope; readonly by: Scope }[] {
  return scopes.flatMap((rule, index) => {
    const earlier = scopes.slice(0, index).filter((other) => covers(other, rule));
    const by = earlier.find(({ keys }) => keys.some((key) => rule.keys.includes(key)));
    const isShadowed = rule.keys.every((key) => earlier.some(({ keys }) => keys.includes(key)));
    return by !== undefined && isShadowed ? [{ rule, by }] : [];
  });
}

function listKeys({ region, alias, pin, extra }: RoleRule): string[] {
  return [
    ...Object.entries({ region, alias, pin }).flatMap(([key, value]) => (value === undefined ? [] : [key])),
    ...[...(extra?.keys() ?? [])].map((key) => `extra.${key}`),
  ];
}

function covers(a: Scope, b: Scope): boolean {
  return (
    coversGlob(a.session, b.session) &&
    coversGlob(a.accountId, b.accountId) &&
    coversGlob(a.permissionSet, b.permissionSet)
  );
}

function coversGlob(a: string, b: string): boolean {
  return a === '*' || a === b || (!/[*?]/u.test(b) && matchesGlob(a, b));
}
