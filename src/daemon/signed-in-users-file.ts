// users.json: who signed in last to each session, so that somebody else is noticed after a restart too.
import { toRolecallError } from '../core/errors.ts';
import { createTurns } from '../core/in-turn.ts';
import type { KeptUser, SignedInUsersFile } from '../sso/signed-in-users.ts';
import type { Log } from './log.ts';
import type { StateFile } from './state-file.ts';

/** `file` is of schema version 1. One that can't be read is logged, and nobody is known to have signed in before. */
export async function loadSignedInUsers(file: StateFile, log: Log): Promise<SignedInUsersFile> {
  const inTurn = createTurns();
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
