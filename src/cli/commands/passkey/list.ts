// `rolecall passkey list`: the registered passkeys.
import { UnavailableError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { PasskeysDocument } from '../../../local-api/schemas.ts';
import type { DaemonAccess, Output } from '../../context.ts';
import { formatTable, harmless } from '../../terminal/render.ts';

export async function runPasskeyList(
  options: { readonly json?: boolean },
  context: DaemonAccess & Output,
): Promise<number> {
  const document = await context.client.call('passkeys', {}, { signal: context.signal });
  if (options.json === true) {
    context.stdout.write(formatJson(document));
    return 0;
  }
  const passkeys = requireReadable(document);
  if (passkeys.length === 0) context.stderr.write('No passkey is registered. Register one: rolecall passkey add\n');
  else {
    const rows = passkeys.map(({ label, id, addedAt }) => [
      harmless(label),
      withoutDashes(id).slice(0, ID_LENGTH),
      addedAt.slice(0, 10),
    ]);
    context.stdout.write(formatTable([['Passkey', 'ID', 'Added'], ...rows]));
  }
  if (!document.isPersistent) context.stderr.write(NOT_PERSISTENT);
  return 0;
}

/** An id without "-" at its start, where a shell command would take it for an option. */
export const withoutDashes = (id: string): string => id.replace(/^-+/, '');

/** Enough to tell passkeys apart. */
const ID_LENGTH = 12;

export const NOT_PERSISTENT = 'There is no keychain: passkeys end with the daemon.\n';

/** @throws UnavailableError secret-store-locked, secret-store-unavailable */
export function requireReadable({ passkeys, problem }: PasskeysDocument): PasskeysDocument['passkeys'] {
  if (problem === null) return passkeys;
  throw new UnavailableError('secret-store-unavailable', problem.message, { hint: problem.hint });
}
