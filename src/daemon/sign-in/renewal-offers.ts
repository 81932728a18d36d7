// renewals.json: on which day the renewal of each session was last offered, so that a restart does not offer it again.
import { toRolecallError } from '../../core/errors.ts';
import { once } from '../../core/async/once.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Log } from '../process/log.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

export const RENEWAL_OFFERS_SCHEMA = {
  version: 1,
  isDurable: false,
  isSound: ({ days }) => typeof days === 'object' && days !== null && parse(days).size === Object.keys(days).length,
  loss: 'The renewal of a session may be offered twice today.',
} as const satisfies StateFileSchema;

/** An unreadable file is logged and counts as empty. */
export interface RenewalOffers {
  /** Whether the renewal was offered on this day. */
  has(sessionName: string, day: string): Promise<boolean>;
  /** Adds the offer and resolves true, unless there was one on this day. Only one of several concurrent calls does. */
  add(sessionName: string, day: string): Promise<boolean>;
  /** Takes the offer back: nobody has seen it. */
  remove(sessionName: string): Promise<void>;
}

/** `file` must use `RENEWAL_OFFERS_SCHEMA`; it is read at the first call. */
export function createRenewalOffers(file: StateFile, log: Log): RenewalOffers {
  const inTurn = createSerialQueue();
  const load = once(async () => {
    const content = await file.read().catch((error: unknown) => {
      log('warn', `cannot read which renewals were offered: ${toRolecallError(error).message}`);
      return undefined;
    });
    return parse(content?.['days']);
  });

  /** Keeps only entries of the newest day: the others mean nothing any more. */
  function save(days: Map<string, string>, day: string): void {
    for (const [sessionName, of] of days) if (of !== day) days.delete(sessionName);
    const content = { days: Object.fromEntries(days) };
    void inTurn(() => file.write(content)).catch((error: unknown) =>
      log('warn', `cannot save which renewals were offered: ${toRolecallError(error).message}`),
    );
  }

  return {
    has: async (sessionName, day) => (await load()).get(sessionName) === day,
    async add(sessionName, day) {
      const days = await load();
      if (days.get(sessionName) === day) return false;
      days.set(sessionName, day);
      save(days, day);
      return true;
    },
    async remove(sessionName) {
      const days = await load();
      const day = days.get(sessionName);
      if (day === undefined) return;
      days.delete(sessionName);
      save(days, day);
    },
  };
}

function parse(days: unknown): Map<string, string> {
  if (typeof days !== 'object' || days === null) return new Map();
  return new Map(Object.entries(days).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
