// What a restart of the daemon would lose, so that a newer command lets it finish first.
import type { GrantsDocument } from '../local-api/schemas/credentials.ts';
import type { SignInDocument, StatusDocument } from '../local-api/schemas.ts';

/** In words, such as `1 pending sign-in, 2 grants in use`; undefined: nothing. */
export async function describeLosses(deps: {
  readonly status: () => Promise<Pick<StatusDocument, 'sessions' | 'approvals'>>;
  readonly signIn: (input: { readonly session: string }) => Promise<SignInDocument | null>;
  readonly grants: () => Promise<GrantsDocument>;
}): Promise<string | undefined> {
  const { sessions, approvals = 0 } = await deps.status();
  const signIns = await Promise.all(sessions.map(({ session }) => deps.signIn({ session })));
  const { grants } = await deps.grants();
  const losses = [
    count(signIns.filter((signIn) => signIn?.state === 'pending').length, 'pending sign-in', 'pending sign-ins'),
    count(
      sessions.filter(({ onlyInMemory }) => onlyInMemory === true).length,
      'sign-in in memory only',
      'sign-ins in memory only',
    ),
    count(approvals, 'waiting approval', 'waiting approvals'),
    // A grant without a process and a socket is saved, and works with the next daemon.
    count(
      grants.filter(({ processId, socket }) => processId !== null || socket).length,
      'grant in use',
      'grants in use',
    ),
  ].filter((loss) => loss !== undefined);
  return losses.length === 0 ? undefined : losses.join(', ');
}

function count(number: number, one: string, many: string): string | undefined {
  if (number === 0) return undefined;
  return number === 1 ? `1 ${one}` : `${number} ${many}`;
}
