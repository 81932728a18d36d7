// Which file each shell reads when it starts, and where rolecall's part of it is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';
import { quotePosix } from './shell-variables.ts';

export interface ShellPlaces {
  readonly homeDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly userId: number;
}

export const MAX_START_FILE_BYTES = 4 * 1024 * 1024;

/** In the order in which a login shell of bash looks for them; it reads only the first. */
const BASH_LOGIN_FILES = ['.bash_profile', '.bash_login', '.profile'] as const;

/** The file that an interactive bash or zsh reads. On macOS every terminal starts bash as a login shell. */
export function startFileOf(shell: 'bash' | 'zsh', places: ShellPlaces): string {
  const { homeDirectory, platform } = places;
  if (shell === 'zsh') return join(zshFolder(places), '.zshrc');
  const plain = join(homeDirectory, '.bashrc');
  if (platform !== 'darwin') return plain;
  const login = BASH_LOGIN_FILES.map((name) => join(homeDirectory, name)).find((path) => existsSync(path));
  if (login === undefined) return join(homeDirectory, '.bash_profile');
  return existsSync(plain) && readOrEmpty(login).includes('.bashrc') ? plain : login;
}

/** Every file of that shell in which a rolecall of this or another environment may have written its lines. */
export function possibleStartFiles(shell: 'bash' | 'zsh', places: ShellPlaces): readonly string[] {
  const { homeDirectory } = places;
  const names =
    shell === 'bash'
      ? ['.bashrc', ...BASH_LOGIN_FILES].map((name) => join(homeDirectory, name))
      : [join(zshFolder(places), '.zshrc'), join(homeDirectory, '.zshrc')];
  return [...new Set(names)];
}

/** The file with hook and completions that the start file of bash or zsh loads. */
export function initFileOf(shell: 'bash' | 'zsh', places: ShellPlaces): string {
  return join(configFolder(places), 'rolecall', `init.${shell}`);
}

/** fish loads these by itself: the function at its first call, the completions at the first Tab. */
export function fishFilesOf(places: ShellPlaces): { readonly hook: string; readonly completion: string } {
  const folder = join(configFolder(places), 'fish');
  return { hook: join(folder, 'functions', 'rolecall.fish'), completion: join(folder, 'completions', 'rolecall.fish') };
}

/** The files that the help has people write by hand. */
export function handMadeFilesOf(shell: 'bash' | 'zsh', places: ShellPlaces): readonly string[] {
  return ['hook', 'completion'].map((name) => join(configFolder(places), 'rolecall', `${name}.${shell}`));
}

/** The line that loads the init file. It works without the file, as in a home that several machines share. */
export function loadingLine(shell: 'bash' | 'zsh', startFile: string, places: ShellPlaces): string {
  const path = initFileOf(shell, places);
  const inHome = path.startsWith(`${places.homeDirectory}/`) ? path.slice(places.homeDirectory.length + 1) : undefined;
  const word = inHome !== undefined && /^[\w./-]+$/.test(inHome) ? `"$HOME/${inHome}"` : quotePosix(path);
  // Other shells read .profile too.
  const guard = startFile.endsWith('/.profile') ? '[ -n "$BASH_VERSION" ] && ' : '';
  return `if ${guard}[ -r ${word} ]; then . ${word}; fi`;
}

/** What keeps zsh from loading hook or completions although its lines are in place; sentences for the user. */
export function findZshNotes(startFile: string, places: ShellPlaces): readonly string[] {
  const notes: string[] = [];
  const isExported = (places.environment['ZDOTDIR'] ?? '') !== '';
  if (!isExported && /^\s*(?:export\s+)?ZDOTDIR=/m.test(readOrEmpty(join(places.homeDirectory, '.zshenv')))) {
    notes.push(
      '~/.zshenv sets ZDOTDIR, which this command does not see, so zsh may read another .zshrc. ' +
        'Then: export ZDOTDIR && rolecall shell-init --install zsh',
    );
  }
  const text = readOrEmpty(startFile);
  if (!/compinit|oh-my-zsh|prezto|antidote|antigen|zinit|zplug|zim/.test(text)) {
    notes.push(
      `Completions in zsh need compinit. Without a framework, add above the lines: autoload -Uz compinit && compinit`,
    );
  }
  return notes;
}

function zshFolder({ environment, homeDirectory }: ShellPlaces): string {
  const folder = environment['ZDOTDIR'] ?? '';
  return folder.startsWith('/') ? folder : homeDirectory;
}

function configFolder({ environment, homeDirectory }: ShellPlaces): string {
  const folder = environment['XDG_CONFIG_HOME'] ?? '';
  return folder.startsWith('/') ? folder : join(homeDirectory, '.config');
}

function readOrEmpty(path: string): string {
  try {
    return readBoundedFileSync(path, MAX_START_FILE_BYTES);
  } catch {
    return '';
  }
}
