// The chained roles that questions are about, as they were defined when asked: the file may say something else by the time it is read.
import type { ChainDefinition } from '../../core/model.ts';
import type { ChainDocument } from '../../local-api/schemas.ts';
import { describeChain } from '../roles/chain-document.ts';
import type { Chains } from '../roles/chains.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Subject } from './approvals.ts';

export interface AskedChains {
  /** Call in the moment of the question. */
  keep(subject: Subject): void;
  /** Undefined for what is no chained role. */
  describe(subject: Subject): Promise<ChainDocument | undefined>;
}

export function createAskedChains(deps: {
  readonly chains: Pick<Chains, 'find' | 'sourceNameOf'>;
  readonly sharedConfig: Pick<SharedConfig, 'read'>;
}): AskedChains {
  const kept = new WeakMap<
    Subject,
    { readonly definition: ChainDefinition; readonly sourceName: string | undefined }
  >();

  return {
    keep(subject) {
      const definition = subject.kind === 'role' ? deps.chains.find(subject.role) : undefined;
      if (definition === undefined) return;
      kept.set(subject, { definition, sourceName: deps.chains.sourceNameOf(definition) });
    },
    async describe(subject) {
      const asked = kept.get(subject);
      if (asked === undefined) return undefined;
      const profiles = await deps.sharedConfig.read().then(
        (config) => config.profiles(),
        () => ({ profileOf: () => undefined }),
      );
      return describeChain(asked.definition, { chains: { sourceNameOf: () => asked.sourceName }, profiles });
    },
  };
}
