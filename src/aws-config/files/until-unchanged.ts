// Work that reads the shared config file, thinks and writes it: done anew when somebody else has written it meanwhile.
import { ConflictError } from '../../core/errors.ts';

/** Another program that edits the file while we think gets its turn; one that never stops is reported. */
const ATTEMPTS = 4;

/** What `work` gives, at its fourth try at the latest. @throws what it throws, config-changed-meanwhile from the last try alone */
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
