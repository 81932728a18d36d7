// Writes to the secret store that are kept in memory when the store refuses them, and retried by `flush`.
import { createSerialQueue, type SerialQueue } from '../../core/async/serial-queue.ts';
import { toRolecallError, type RolecallError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import type { Secret } from '../../core/secret.ts';
import type { SecretStore } from '../ports.ts';

/** The desired content of the store under a name. */
export interface SecretWrite {
  /** null: delete the item. */
  readonly secret: Secret | null;
  /** A sentence that says what is lost if the daemon ends before the store has accepted it. */
  readonly loss: string;
}

export interface SecretWrites {
  /** Sets the desired content; the next `write` of the name stores it. */
  want(name: string, wanted: SecretWrite): void;
  /** Writes the desired content after earlier writes of that name; returns the store's refusal, if any. Never rejects. */
  write(name: string): Promise<RolecallError | undefined>;
  /** Whether the store lacks the desired content of the name. */
  isUnsaved(name: string): boolean;
  /** Retries what the store refused earlier, if anything; never rejects. */
  flush(): Promise<void>;
}

export function createSecretWrites(deps: {
  readonly secretStore: SecretStore;
  readonly problems: Problems;
}): SecretWrites {
  const { problems, secretStore } = deps;
  const unsaved = new Map<string, SecretWrite>();
  const queues = new Map<string, SerialQueue>();

  /** One write per name at a time, so that an older one never overwrites a newer one. */
  function writeInTurn(name: string): Promise<RolecallError | undefined> {
    const queue = queues.get(name) ?? createSerialQueue();
    queues.set(name, queue);
    return queue(() => writeNewest(name));
  }

  async function writeNewest(name: string): Promise<RolecallError | undefined> {
    const wanted = unsaved.get(name);
    if (wanted === undefined) return undefined;
    try {
      await (wanted.secret === null ? secretStore.delete(name) : secretStore.save(name, wanted.secret));
    } catch (thrown) {
      const error = toRolecallError(thrown);
      // If the desired content has changed meanwhile, the next write reports what is lost.
      if (unsaved.get(name) === wanted) {
        problems.raise(`unsaved ${name}`, { ...error.toBody(), message: `${error.message} ${wanted.loss}` });
      }
      return error;
    }
    if (unsaved.get(name) === wanted) unsaved.delete(name);
    problems.clear(`unsaved ${name}`);
    return undefined;
  }

  return {
    want: (name, wanted) => void unsaved.set(name, wanted),
    write: writeInTurn,
    isUnsaved: (name) => unsaved.has(name),
    async flush() {
      await Promise.all([...unsaved.keys()].map(writeInTurn));
    },
  };
}
