// How the shell or command on the far host is started so that its role is set after all startup files have been read.
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { environmentFile, remoteVariables, type Dialect, type RemoteRole } from './remote-environment.ts';

/** The host's part of the connection, as its bootstrap has reported it. */
export interface RemotePlace {
  /** A private folder there; made of characters that need no quotes. */
  readonly directory: string;
  /** The user's login shell. */
  readonly shell: string;
  /** Variables for copies of AWS files there whose default profile has credentials of its own. */
  readonly files: Readonly<Record<string, string>>;
  /** Nothing there can tell whether a default profile has credentials. */
  readonly areFilesUnread: boolean;
}

export interface NamedRole extends RemoteRole {
  readonly profileName: string;
  /** From `scriptNames`. */
  readonly scriptName: string;
}

/** A file for the folder there. */
export interface RemoteFile {
  readonly name: string;
  readonly text: string;
  readonly isExecutable?: true;
}

const KINDS: Readonly<Record<string, Kind>> = {
  ash: 'posix',
  bash: 'bash',
  csh: 'csh',
  dash: 'posix',
  fish: 'fish',
  ksh: 'posix',
  ksh93: 'posix',
  mksh: 'posix',
  sh: 'posix',
  tcsh: 'csh',
  zsh: 'zsh',
};

type Kind = 'bash' | 'csh' | 'fish' | 'other' | 'posix' | 'zsh';

const DIALECTS: Readonly<Record<Kind, Dialect | undefined>> = {
  bash: 'sh',
  csh: 'csh',
  fish: 'fish',
  other: undefined,
  posix: 'sh',
  zsh: 'sh',
};

/** What every login shell understands; runs `run` of `remoteFiles`. */
export const remoteCommand = ({ directory }: RemotePlace) => `exec /bin/sh ${directory}/run`;

/** Does the bootstrap's last work if that no longer answers. */
export const removeCommand = ({ directory }: RemotePlace) => `exec rm -rf ${directory}`;

/** The files for a shell, or for `command`. The first role is the session's own; with several there is a script for each. */
export function remoteFiles(
  place: RemotePlace,
  roles: readonly [NamedRole, ...NamedRole[]],
  command: string | undefined,
): readonly RemoteFile[] {
  const { directory } = place;
  const [first] = roles;
  const variables = {
    ...remoteVariables(first, place.files),
    ...(roles.length > 1 ? { ROLECALL_ROLES: `${directory}/roles` } : {}),
  };
  const kind = KINDS[place.shell.split('/').at(-1) ?? ''] ?? 'other';
  const startup = command === undefined ? startupFiles(kind, directory) : {};
  return [
    { name: 'env', text: environmentFile(variables, 'sh') },
    { name: 'env.fish', text: environmentFile(variables, 'fish') },
    { name: 'env.csh', text: environmentFile(variables, 'csh') },
    ...Object.entries(startup).map(([name, text]) => ({ name, text })),
    { name: 'run', text: runText(kind, place, command) },
    ...(roles.length > 1 ? roles.map((role) => roleScript(place, role)) : []),
  ];
}

/** Runs a command, or the user's shell, as one of the roles. */
function roleScript(place: RemotePlace, role: NamedRole): RemoteFile {
  const text = `#!/bin/sh
# Runs a command as this role, or a shell.
${environmentFile(remoteVariables(role, place.files), 'sh')}[ $# -gt 0 ] || set -- ${quoteForShell(place.shell)}
exec "$@"
`;
  return { name: `roles/${role.scriptName}`, text, isExecutable: true };
}

/** A file name for each profile: without characters that mean something in a path or to a shell, and unique. */
export function scriptNames(profileNames: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const profileName of profileNames) {
    const plain = profileName.replaceAll(/[^A-Za-z0-9_.@+-]+/gu, '-').replace(/^[.-]+/u, '') || 'role';
    names.push(names.includes(plain) ? `${plain}-${names.length + 1}` : plain);
  }
  return names;
}

/** Read by /bin/sh in place of the login shell, and replaced by it. */
function runText(kind: Kind, { directory, shell }: RemotePlace, command: string | undefined): string {
  const program = quoteForShell(shell);
  const head = `. ${directory}/env || exit 1\n`;
  const execute = (text: string) => quoteForShell(`${again(kind, directory)}${text}`);
  if (command !== undefined) return `${head}exec ${program} -c ${execute(command)}\n`;
  return `${head}${kind === 'bash' || kind === 'posix' || kind === 'zsh' ? readInput(kind, program, execute) : ''}${startText(kind, directory, program)}`;
}

/** Without a terminal, a shell reads its commands from its input, and none of the files that set the role at a terminal. */
function readInput(kind: Kind, program: string, execute: (text: string) => string): string {
  // zsh would read .zshenv once more.
  return `[ -t 0 ] || exec ${program} -l -c ${execute(`exec ${program}${kind === 'zsh' ? ' -f' : ''}`)}\n`;
}

/** Sets the role again after the startup files that a shell reads even for a command. */
function again(kind: Kind, directory: string): string {
  switch (DIALECTS[kind]) {
    case 'sh':
      return `. ${directory}/env || exit 1; `;
    case 'fish':
      return `source ${directory}/env.fish; or exit 1; `;
    case 'csh':
      return `source ${directory}/env.csh; `;
    case undefined:
      return '';
  }
}

function startText(kind: Kind, directory: string, program: string): string {
  switch (kind) {
    case 'bash':
      return `exec ${program} --rcfile ${directory}/bashrc\n`;
    case 'zsh':
      return `ROLECALL_ZDOTDIR=\${ZDOTDIR-} ZDOTDIR=${directory} exec ${program} -l\n`;
    case 'fish':
      return `exec ${program} -l -C 'source ${directory}/env.fish'\n`;
    case 'posix':
      return `ENV=${directory}/shrc exec ${program}\n`;
    case 'csh':
      return `ROLECALL_HOME=$HOME HOME=${directory} exec ${program}\n`;
    case 'other':
      return `exec ${program}\n`;
  }
}

/** They read what a login shell reads, and then set the role. */
function startupFiles(kind: Kind, directory: string): Readonly<Record<string, string>> {
  const setRole = `. ${directory}/env\n`;
  switch (kind) {
    case 'bash':
      return {
        bashrc: `[ -r /etc/profile ] && . /etc/profile
if [ -r ~/.bash_profile ]; then . ~/.bash_profile
elif [ -r ~/.bash_login ]; then . ~/.bash_login
elif [ -r ~/.profile ]; then . ~/.profile
fi
logout() { exit "$@"; }
${setRole}`,
      };
    case 'posix':
      return {
        shrc: `unset ENV
[ -r /etc/profile ] && . /etc/profile
[ -r ~/.profile ] && . ~/.profile
[ -n "\${ENV-}" ] && [ -r "$ENV" ] && . "$ENV"
${setRole}`,
      };
    case 'zsh':
      return {
        '.zshenv': zshFile('.zshenv', directory),
        '.zprofile': zshFile('.zprofile', directory),
        '.zshrc': zshFile('.zshrc', directory),
        '.zlogin': `${zshFile('.zlogin', directory).replace(/ZDOTDIR=\S+\n$/u, '')}unset ROLECALL_ZDOTDIR\n${setRole}`,
      };
    case 'csh':
      return { '.cshrc': cshFile(directory) };
    case 'fish':
    case 'other':
      return {};
  }
}

/** Reads the user's own file of that name, with ZDOTDIR as it would be without us. */
function zshFile(name: string, directory: string): string {
  return `if [[ -n $ROLECALL_ZDOTDIR ]]; then export ZDOTDIR=$ROLECALL_ZDOTDIR; else unset ZDOTDIR; fi
[[ -f \${ZDOTDIR:-$HOME}/${name} ]] && . \${ZDOTDIR:-$HOME}/${name}
ROLECALL_ZDOTDIR=\${ZDOTDIR-}
# Some systems name the history file after ZDOTDIR.
[[ \${HISTFILE-} == ${directory}/* ]] && HISTFILE=\${ZDOTDIR:-$HOME}/.zsh_history
ZDOTDIR=${directory}
`;
}

function cshFile(directory: string): string {
  return `setenv HOME "$ROLECALL_HOME"
set home = "$ROLECALL_HOME"
unsetenv ROLECALL_HOME
if ($?tcsh && -r ~/.tcshrc) then
  source ~/.tcshrc
else if (-r ~/.cshrc) then
  source ~/.cshrc
endif
if (-r /etc/csh.login) source /etc/csh.login
if (-r ~/.login) source ~/.login
alias logout exit
source ${directory}/env.csh
`;
}
