// What to tell a person whose machine has no keychain: how to get one, or the setting that does without.
import { dirname } from 'node:path';
import type { ErrorBody } from '../core/errors.ts';
import { editCommand, quoteForShell } from '../core/text/quote-for-shell.ts';

/** Package managers by their program; the Secret Service of GNOME runs on any desktop. */
const INSTALL_COMMANDS = [
  ['/usr/bin/apt-get', 'sudo apt-get install gnome-keyring'],
  ['/usr/bin/dnf', 'sudo dnf install gnome-keyring'],
  ['/usr/bin/pacman', 'sudo pacman -S gnome-keyring'],
  ['/usr/bin/zypper', 'sudo zypper install gnome-keyring'],
] as const;

/**
 * The problem `secret-store-unavailable`. Never hints at a restart alone, which would end the sign-in that is in memory.
 * Without a session bus, as on a server, no package helps.
 */
export function describeMissingKeychain(deps: {
  readonly settingsFile: string;
  readonly hasBus: boolean;
  readonly isThere: (path: string) => boolean;
}): ErrorBody {
  const { settingsFile, hasBus, isThere } = deps;
  const install = hasBus ? INSTALL_COMMANDS.find(([program]) => isThere(program))?.[1] : undefined;
  const folder = dirname(settingsFile);
  const edit = editCommand(settingsFile);
  const setting = `set secret_store = "file" in ${settingsFile} and ROLECALL_PASSPHRASE in your shell`;
  return {
    code: 'secret-store-unavailable',
    message:
      'This machine offers no keychain, so tokens are kept in memory only, until the daemon stops. ' +
      `To keep them, ${install === undefined ? setting : `install gnome-keyring, or ${setting}`}, ` +
      'run "rolecall daemon restart" and sign in again.',
    hint: install ?? (isThere(folder) ? edit : `mkdir -p -m 700 ${quoteForShell(folder)} && ${edit}`),
  };
}
