// Resolves chained roles: which AssumeRole calls lead to a role, and from which permission set.
import { oncePerObject } from '../../core/async/once.ts';
import { isChained, MAX_ROLES_IN_A_ROW } from '../../core/aws/chain-role.ts';
import { NotFoundError, type RolecallError } from '../../core/errors.ts';
import type { ChainDefinition, Role, SsoSession } from '../../core/model.ts';
import { nameOfRole } from '../../core/text/role-title.js';
import type { ChainSource } from '../ports.ts';
import type { Service } from '../resilience/circuit-breakers.ts';
import { digestOfChain } from './chain-digest.ts';

/** The last AssumeRole call on the way to a role. */
export interface ChainStep {
  readonly definition: ChainDefinition;
  /** The call that gives the credentials of the source; undefined: the source is the role of a permission set. */
  readonly before: ChainStep | undefined;
  /** Another one when this call, or one before it, asks for something else. */
  readonly version: string;
}

export interface Chains {
  /** The last step to a chained role; undefined for the role of a permission set. @throws NotFoundError chain-unavailable */
  require(role: Role): ChainStep | undefined;
  /** Compare it with an earlier one: cached credentials count only for the definitions that they were made with. */
  versionOf(role: Role): string;
  /** The roles that lead to a chained role, the nearest first. None for others, and for a chain that is not available. */
  sourcesOf(role: Role): readonly Role[];
  /** Who issues the role's credentials. */
  upstreamOf(session: SsoSession, role: Role): Service;
}

/** Without `refusal`, a chain that is not available is only said not to exist. */
type ChainLookup = Pick<ChainSource, 'find'> & Partial<Pick<ChainSource, 'refusal'>>;

export function createChains(source?: ChainLookup): Chains {
  const digestOf = oncePerObject(digestOfChain);

  function resolve(role: Role, stepsLeft: number): ChainStep | undefined | 'unavailable' {
    if (!isChained(role)) return undefined;
    const definition = stepsLeft > 0 ? source?.find(role) : undefined;
    if (definition === undefined) return 'unavailable';
    const before = resolve(definition.source, stepsLeft - 1);
    if (before === 'unavailable') return before;
    const own = digestOf(definition);
    return { definition, before, version: before === undefined ? own : `${own} ${before.version}` };
  }

  // The limit also ends the walk along definitions that lead to each other.
  const find = (role: Role) => resolve(role, MAX_ROLES_IN_A_ROW);

  return {
    require(role) {
      const step = find(role);
      if (step !== 'unavailable') return step;
      throw describeMissing(role, source);
    },
    versionOf(role) {
      const step = find(role);
      return step === 'unavailable' ? step : (step?.version ?? '');
    },
    sourcesOf(role) {
      const sources: Role[] = [];
      const step = find(role);
      if (step === 'unavailable') return sources;
      for (let at = step; at !== undefined; at = at.before) sources.push(at.definition.source);
      return sources;
    },
    upstreamOf(session, role) {
      const step = find(role);
      return step === undefined || step === 'unavailable' ? 'portal' : stsOf(session, step.definition);
    },
  };
}

/** STS, which has an endpoint in each region. */
export function stsOf(session: SsoSession, { region }: ChainDefinition): Service {
  return `sts.${region ?? session.region}`;
}

function describeMissing(role: Role, source: ChainLookup | undefined): RolecallError {
  if (source?.find(role) === undefined) {
    return (
      source?.refusal?.(role) ??
      new NotFoundError('chain-unavailable', `No chained role is called "${nameOfRole(role.permissionSet)}".`)
    );
  }
  return new NotFoundError(
    'chain-unavailable',
    `The chained role "${nameOfRole(role.permissionSet)}" leads through more than ${MAX_ROLES_IN_A_ROW} roles, or in a circle.`,
  );
}
