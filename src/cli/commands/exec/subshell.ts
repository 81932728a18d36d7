// Starts a subshell that reads the user's startup files and shows the role in front of the prompt.
import { join } from 'node:path';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { Environment } from '../../environment/child-environment.ts';

export interface Subshell {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Files to write into the grant's directory before the shell is started, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** How to start `shell`. Of the inputs, only `profileName`, reduced to safe characters, gets into code that a shell runs. */
export function planSubshell(options: {
  readonly shell: string;
  readonly profileName: string;
  readonly directory: string;
  readonly environment: Environment;
}): Subshell {
  const { shell, directory } = options;
  const label = `(${promptLabel(options.profileName)}) `;
  switch (shell.split('/').at(-1)) {
    case 'bash':
      return {
        command: [shell, '--rcfile', join(directory, 'bashrc')],
        environment: {},
        files: { bashrc: bashStartup(label) },
      };
    case 'zsh':
      return {
        command: [shell],
        environment: { ZDOTDIR: directory },
        files: {
          '.zshenv': zshEnvironment(directory, options.environment['ZDOTDIR']),
          '.zshrc': zshStartup(directory, label),
        },
      };
    case 'fish':
      return { command: [shell, '-C', fishStartup(label)], environment: {}, files: {} };
    default:
      return { command: [shell], environment: { PS1: `${label}$ ` }, files: {} };
  }
}

/** The name without characters that a shell's prompt evaluates: `%`, `$`, `\`, `!` and quotes. */
export function promptLabel(profileName: string): string {
  return profileName.replace(/[^A-Za-z0-9_.@/+:-]+/gu, '-');
}

function bashStartup(label: string): string {
  return `# Written by rolecall exec for one subshell.
[ -f ~/.bashrc ] && . ~/.bashrc
# Adds the role again when another hook has replaced the prompt.
__rolecall_prompt() {
  local status=$?
  case $PS1 in *'${label}'*) ;; *) PS1='${label}'$PS1 ;; esac
  return $status
}
__rolecall_prompt
if [[ $(declare -p PROMPT_COMMAND 2>&1) == 'declare -a'* ]]; then
  PROMPT_COMMAND+=(__rolecall_prompt)
else
  PROMPT_COMMAND="\${PROMPT_COMMAND:+$PROMPT_COMMAND
}__rolecall_prompt"
fi
`;
}

/** zsh reads its startup files from ZDOTDIR, which the user may set or change: each file here sources the user's own. */
function zshEnvironment(directory: string, own: string | undefined): string {
  return `# Written by rolecall exec for one subshell.
${own === undefined ? 'unset ZDOTDIR' : `ZDOTDIR=${quoteForShell(own)}`}
[[ -f \${ZDOTDIR:-$HOME}/.zshenv ]] && . \${ZDOTDIR:-$HOME}/.zshenv
(( \${+ZDOTDIR} )) && __rolecall_zdotdir=$ZDOTDIR
ZDOTDIR=${quoteForShell(directory)}
`;
}

function zshStartup(directory: string, label: string): string {
  return `# Written by rolecall exec for one subshell.
if (( \${+__rolecall_zdotdir} )); then export ZDOTDIR=$__rolecall_zdotdir; else unset ZDOTDIR; fi
unset __rolecall_zdotdir
# Some systems name the history file after ZDOTDIR, before this file is read.
[[ \${HISTFILE-} == ${quoteForShell(directory)}/* ]] && HISTFILE=\${ZDOTDIR:-$HOME}/.zsh_history
[[ -f \${ZDOTDIR:-$HOME}/.zshrc ]] && . \${ZDOTDIR:-$HOME}/.zshrc
# Adds the role again when another hook has replaced the prompt.
__rolecall_prompt() {
  [[ $PROMPT == *'${label}'* ]] || PROMPT='${label}'$PROMPT
}
autoload -Uz add-zsh-hook
add-zsh-hook precmd __rolecall_prompt
`;
}

function fishStartup(label: string): string {
  return `
functions --query fish_prompt; and functions --copy fish_prompt __rolecall_own_prompt
function __rolecall_status; return $argv[1]; end
function fish_prompt
  set --local last_status $status
  printf '%s' '${label}'
  __rolecall_status $last_status
  __rolecall_own_prompt
end`;
}
