// The hops that commands ask for now: defined for the question to a person and the grant that follows, and as long as that lives.
import { roleSessionNameOf } from '../../core/aws/chain-fields.ts';
import { isChained } from '../../core/aws/chain-role.ts';
import { hasElapsed, type Clock } from '../../core/clock.ts';
import type { ChainDefinition, Role } from '../../core/model.ts';
import type { ViaDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { TickTask } from '../process/ticker.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Chains } from './chains.ts';
import { defineHop } from './hop.ts';

export interface Hops {
  /** Its role, and what everything finds of that role for the next ten minutes. @throws UsageError invalid-request, invalid-policy; NotFoundError chain-unavailable: of the source */
  define(source: Role, via: ViaDocument): Promise<{ readonly role: Role; readonly definition: ChainDefinition }>;
  readonly tasks: readonly TickTask[];
}

/** Longer than a question waits for its answer, and the command for its grant. */
const KEPT_MS = 600_000;
const MAX_KEPT = 500;

export function createHops(deps: {
  readonly chains: Pick<Chains, 'add' | 'find' | 'refresh' | 'refusal' | 'remove'>;
  readonly sharedConfig: Pick<SharedConfig, 'findSession'>;
  readonly broker: Pick<Broker, 'lastUser'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Hops {
  const { chains, clock } = deps;
  /** By name, the least recently asked for first. */
  const kept = new Map<string, { readonly role: Role; readonly sinceMs: number }>();

  function keep(definition: ChainDefinition): Role {
    const role = kept.get(definition.name)?.role ?? chains.add(definition);
    kept.delete(definition.name);
    kept.set(definition.name, { role, sinceMs: clock.nowMs() });
    const [oldest] = kept.keys();
    if (oldest !== undefined && kept.size > MAX_KEPT) drop(oldest);
    return role;
  }

  function drop(name: string): void {
    const role = kept.get(name)?.role;
    if (role === undefined) return;
    kept.delete(name);
    chains.remove(role);
  }

  return {
    async define(source, via) {
      const session = await deps.sharedConfig.findSession(source.sessionName);
      if (isChained(source)) {
        await chains.refresh();
        if (chains.find(source) === undefined) throw chains.refusal(source);
      }
      const sessionName = roleSessionNameOf(deps.broker.lastUser(session));
      const definition = defineHop(source, via, { session, sessionName });
      return { role: keep(definition), definition };
    },
    tasks: [
      {
        name: 'hops',
        async run() {
          for (const [name, { sinceMs }] of kept) if (hasElapsed(clock, sinceMs, KEPT_MS)) drop(name);
        },
      },
    ],
  };
}
