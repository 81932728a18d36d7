// Writes to the secret store that must not be lost when it refuses them: kept in memory and tried again by `flush`.
import { createSerialQueue, type SerialQueue } from '../../core/async/serial-queue.ts';
import { toRolecallError, type RolecallError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import type { Secret } from '../../core/secret.ts';
import type { SecretStore } from '../ports.ts';

/** What the store is to have under a name. */
export interface SecretWrite {
  /** null: the item is to be deleted. */
  readonly secret: Secret | null;
  /** What is lost, in a sentence, when the daemon ends before the store has taken it. */
  readonly loss: string;
}

export interface SecretWrites {
  /** Notes what the store is to have; the next write of the name brings it there. */
  want(name: string, wanted: SecretWrite): void;
  /** Writes what is wanted, after earlier writes of that name; gives back the store's refusal, if any. Never rejects. */
  write(name: string): Promise<RolecallError | undefined>;
  /** Brings to the store what it refused earlier, if anything; never rejects. */
  flush(): Promise<void>;
}

export function createSecretWrites(deps: {
  readonly secretStore: SecretStore;
  readonly problems: Problems;
}): SecretWrites {
  const { problems, secretStore } = deps;
  const unsaved = new Map<string, SecretWrite>();
  const queues = new Map<string, SerialQueue>();

  /** One write of a name at a time, so that an older one never lands last. */
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
      // Replaced meanwhile: the write that follows tells what is lost now.
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
    async flush() {
      await Promise.all([...unsaved.keys()].map(writeInTurn));
    },
  };
}
