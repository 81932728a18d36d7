// Explains to a user without a keychain how to install or start one, or which setting to use instead.
import { dirname } from 'node:path';
import type { ErrorBody } from '../core/errors.ts';
import { editCommand, quoteForShell } from '../core/text/quote-for-shell.ts';

/** By ID or ID_LIKE of os-release. */
const INSTALL_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['debian', 'sudo apt-get install'],
  ['ubuntu', 'sudo apt-get install'],
  ['fedora', 'sudo dnf install'],
  ['rhel', 'sudo dnf install'],
  ['arch', 'sudo pacman -S'],
  ['suse', 'sudo zypper install'],
  ['opensuse', 'sudo zypper install'],
  ['alpine', 'doas apk add'],
]);

const KEYRING_DAEMON = '/usr/bin/gnome-keyring-daemon';

export interface MissingKeychainDeps {
  readonly settingsFile: string;
  /** Without a session bus, as on a server, no package helps. */
  readonly hasBus: boolean;
  readonly isThere: (path: string) => boolean;
  /** The content of `/etc/os-release`; empty where there is none. */
  readonly osRelease: string;
  /** XDG_CURRENT_DESKTOP. */
  readonly desktop?: string | undefined;
}

/**
 * The problem `secret-store-unavailable`. Its hint is never a restart of the daemon, which ends the sign-in that is in
 * memory and fixes nothing.
 */
export function describeMissingKeychain(deps: MissingKeychainDeps): ErrorBody {
  const { settingsFile, isThere } = deps;
  const way = deps.hasBus ? findKeychain(deps) : undefined;
  const folder = dirname(settingsFile);
  const edit = editCommand(settingsFile);
  const setting = `set secret_store = "file" in ${settingsFile} and ROLECALL_PASSPHRASE in your shell`;
  const advice =
    way === undefined
      ? `To keep them, ${setting}. It applies from the next start of the daemon; then sign in again.`
      : `To keep them, ${way.words}; "rolecall status" then moves them there. Or ${setting}, for the next start of the daemon.`;
  return {
    code: 'secret-store-unavailable',
    message: `This machine has no keychain, so tokens are kept in memory only, until the daemon stops. ${advice}`,
    hint: way?.command ?? (isThere(folder) ? edit : `mkdir -p -m 700 ${quoteForShell(folder)} && ${edit}`),
  };
}

/** What to do for a keychain on this desktop, in words and, where it is known, as a command. */
function findKeychain({ desktop, isThere, osRelease }: MissingKeychainDeps): {
  readonly words: string;
  readonly command?: string;
} {
  if (isThere(KEYRING_DAEMON)) {
    return {
      words: 'start gnome-keyring, which is installed',
      command: 'gnome-keyring-daemon --start --components=secrets',
    };
  }
  const isKde = desktop?.split(':').includes('KDE') === true;
  // The manager depends on the wallet itself, whose package has another name in each distribution.
  const name = isKde ? 'kwalletmanager' : 'gnome-keyring';
  const install = readIds(osRelease).flatMap((id) => INSTALL_COMMANDS.get(id) ?? [])[0];
  const words = `install ${isKde ? 'KWallet' : 'gnome-keyring'} and log in to your desktop again`;
  return install === undefined ? { words } : { words, command: `${install} ${name}` };
}

/** The distribution, and then those that it is like. @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
function readIds(osRelease: string): readonly string[] {
  return ['ID', 'ID_LIKE'].flatMap((key) => {
    const value = new RegExp(`^${key}=(.*)$`, 'm').exec(osRelease)?.[1] ?? '';
    return value.replaceAll(/["']/g, '').trim().split(/\s+/);
  });
}
