// Explains to a user without a keychain how to install one, or which setting to use instead.
import { dirname } from 'node:path';
import type { ErrorBody } from '../core/errors.ts';
import { editCommand, quoteForShell } from '../core/text/quote-for-shell.ts';

/** By the program of the package manager. GNOME's Secret Service runs on any desktop. */
const INSTALL_COMMANDS = [
  ['/usr/bin/apt-get', 'sudo apt-get install gnome-keyring'],
  ['/usr/bin/dnf', 'sudo dnf install gnome-keyring'],
  ['/usr/bin/pacman', 'sudo pacman -S gnome-keyring'],
  ['/usr/bin/zypper', 'sudo zypper install gnome-keyring'],
] as const;

/**
 * The problem `secret-store-unavailable`. Its hint is never just a restart, which would lose the sign-in in memory.
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
      'This machine has no keychain, so tokens are kept in memory only, until the daemon stops. ' +
      `To keep them, ${install === undefined ? setting : `install gnome-keyring, or ${setting}`}, ` +
      'run "rolecall daemon restart" and sign in again.',
    hint: install ?? (isThere(folder) ? edit : `mkdir -p -m 700 ${quoteForShell(folder)} && ${edit}`),
  };
}
