// A world with chained roles: definitions that a test changes, and an STS that counts and fails when told to.
import { roleOfChain } from '../../src/core/aws/chain-role.ts';
import { NotFoundError } from '../../src/core/errors.ts';
import type { ChainDefinition, Role, RoleCredentials } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import { IdentityCenterFault, type ChainSource, type FaultKind, type RoleAssumer } from '../../src/sso/ports.ts';
import { createWorld, ROLE, type World } from './world.ts';

/** One call as it arrived. */
export interface AssumeCall {
  readonly definition: ChainDefinition;
  /** The access key id of the caller. */
  readonly caller: string;
  readonly atMs: number;
}

export interface FakeSts extends RoleAssumer {
  readonly calls: readonly AssumeCall[];
  /** What the next calls fail with; all until `recover` without `times`. */
  fail(kind: FaultKind, options?: { readonly times?: number; readonly retryAfterMs?: number }): void;
  recover(): void;
  /** Calls hang until the returned function is called. */
  hold(): () => void;
  latencyMs: number;
}

export interface ChainWorld extends World {
  readonly sts: FakeSts;
  /** By name. */
  readonly definitions: Map<string, ChainDefinition>;
  /** Adds the definition, or replaces that of the same name. */
  define(name: string, definition?: Partial<ChainDefinition>): Role;
}

type Options = NonNullable<Parameters<typeof createWorld>[1]>;

/** Signed in; no chain is defined yet. */
export async function createChainWorld(options: Options = {}): Promise<ChainWorld> {
  const definitions = new Map<string, ChainDefinition>();
  const calls: AssumeCall[] = [];
  let failure: { kind: FaultKind; left: number; retryAfterMs: number | undefined } | undefined;
  let held: Promise<void> | undefined;

  const chainSource: ChainSource = {
    find: ({ permissionSet }) => definitions.get(permissionSet.slice('chain:'.length)),
    refusal: ({ permissionSet }) => new NotFoundError('chain-unavailable', `${permissionSet} is not defined.`),
  };
  const sts: FakeSts = {
    calls,
    latencyMs: 0,
    fail: (kind, { times = Infinity, retryAfterMs } = {}) => void (failure = { kind, left: times, retryAfterMs }),
    recover: () => void (failure = undefined),
    hold() {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        held = undefined;
        release();
      };
    },
    async assumeRole(_session, credentials, definition): Promise<RoleCredentials> {
      calls.push({ definition, caller: credentials.accessKeyId, atMs: world.clock.nowMs() });
      const id = `CHAIN-${calls.length}`;
      await held;
      if (sts.latencyMs > 0) await world.clock.sleep(sts.latencyMs);
      if (failure !== undefined && failure.left > 0) {
        failure.left -= 1;
        const { kind, retryAfterMs } = failure;
        throw new IdentityCenterFault(kind, `STS says ${kind}.`, retryAfterMs === undefined ? {} : { retryAfterMs });
      }
      return {
        accessKeyId: id,
        secretAccessKey: new Secret(`key of ${id}`),
        sessionToken: new Secret(`token of ${id}`),
        expiresAtMs: world.clock.nowMs() + definition.durationSeconds * 1000,
      };
    },
  };
  const world = createWorld({}, { chainSource, roleAssumer: sts, ...options });
  await world.signIn();
  world.identityCenter.forgetArrivals();
  return Object.assign(world, {
    sts,
    definitions,
    define(name: string, changes: Partial<ChainDefinition> = {}) {
      const definition: ChainDefinition = {
        name,
        source: ROLE,
        roleArn: 'arn:aws:iam::022222222222:role/Deploy',
        roleSessionName: 'taylor',
        durationSeconds: 3600,
        origin: 'config',
        ...changes,
      };
      definitions.set(name, definition);
      return roleOfChain(definition);
    },
  });
}
