// Retries a read-modify-write of the shared config file when another program changed the file in between.
import { ConflictError } from '../../core/errors.ts';

/** After this many conflicts the error is reported. */
const ATTEMPTS = 4;

/** Runs `work` up to four times. @throws what `work` throws; config-changed-meanwhile only from the last attempt */
export async function untilUnchanged<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isRace = error instanceof ConflictError && error.code === 'config-changed-meanwhile';
      if (!isRace || attempt >= ATTEMPTS) throw error;
    }
  }
}
