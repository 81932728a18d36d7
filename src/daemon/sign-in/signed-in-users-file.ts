// users.json: who signed in last to each session, so that somebody else is noticed after a restart too.
import { toRolecallError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { KeptUser, SignedInUsersFile } from '../../sso/session/signed-in-users.ts';
import type { Log } from '../process/log.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

/** Of `users.json`. */
export const SIGNED_IN_USERS_SCHEMA = {
  version: 1,
  isReadOnce: true,
  isSound: ({ users }) =>
    typeof users === 'object' && users !== null && parse(users).size === Object.keys(users).length,
  loss: 'If somebody else signs in next, you are not asked whether that is right.',
} as const satisfies StateFileSchema;

/** `file` is of `SIGNED_IN_USERS_SCHEMA`. One that can't be read is logged, and nobody is known to have signed in before. */
export async function loadSignedInUsers(file: StateFile, log: Log): Promise<SignedInUsersFile> {
  const inTurn = createSerialQueue();
  const content = await file.read().catch((error: unknown) => {
    log('warn', `who signed in before is not known: ${toRolecallError(error).message}`);
    return undefined;
  });
  return {
    kept: parse(content?.['users']),
    save(users) {
      const kept = Object.fromEntries(
        [...users].map(([key, { state, user, found }]) => [
          key,
          { state, ...(user === undefined ? {} : { user }), ...(found === undefined ? {} : { found }) },
        ]),
      );
      void inTurn(() => file.write({ users: kept })).catch((error: unknown) =>
        log('warn', `who signed in is not kept: ${toRolecallError(error).message}`),
      );
    },
  };
}

const STATES: readonly unknown[] = ['confirmed', 'unconfirmed', 'unchecked'] satisfies KeptUser['state'][];

function parse(users: unknown): ReadonlyMap<string, KeptUser> {
  if (typeof users !== 'object' || users === null) return new Map();
  return new Map(
    Object.entries(users as Readonly<Record<string, Partial<KeptUser> | null>>).filter(
      (entry): entry is [string, KeptUser] =>
        STATES.includes(entry[1]?.state) &&
        [entry[1]?.user, entry[1]?.found].every((name) => name === undefined || typeof name === 'string') &&
        // Without both names there is nothing that a person could agree to.
        (entry[1]?.state !== 'unconfirmed' || (entry[1].user !== undefined && entry[1].found !== undefined)),
    ),
  );
}
