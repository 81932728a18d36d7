// users.json: who last signed in to each session, so that a different user is noticed after a restart too.
import { toRolecallError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { KeptUser, SignedInUsersFile } from '../../sso/session/signed-in-users.ts';
import type { Log } from '../process/log.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

/** Schema of `users.json`. */
export const SIGNED_IN_USERS_SCHEMA = {
  version: 1,
  isReadOnce: true,
  isSound: ({ users }) =>
    typeof users === 'object' && users !== null && parse(users).size === Object.keys(users).length,
  loss: 'The next sign-in is not checked for a different user.',
} as const satisfies StateFileSchema;

/** `file` must use `SIGNED_IN_USERS_SCHEMA`. An unreadable file is logged and counts as empty. */
export async function loadSignedInUsers(file: StateFile, log: Log): Promise<SignedInUsersFile> {
  const inTurn = createSerialQueue();
  const content = await file.read().catch((error: unknown) => {
    log('warn', `cannot read who signed in before: ${toRolecallError(error).message}`);
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
        log('warn', `cannot save who signed in: ${toRolecallError(error).message}`),
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
        // A person can confirm only a change from one name to another.
        (entry[1]?.state !== 'unconfirmed' || (entry[1].user !== undefined && entry[1].found !== undefined)),
    ),
  );
}
