// The bash completions, as text to source.
import type { CommandWords } from './command-words.ts';
import { posixLookup } from './completion-lookups.ts';
import { quotePosix } from './shell-variables.ts';

export function bashCompletion(commands: readonly CommandWords[], switchDirectory: string): string {
  const list = (name: string, words: readonly string[]) => `${name}=${quotePosix(words.join(' '))}`;
  return `# Completions of rolecall for bash.
${posixLookup(switchDirectory)}
# Sets what the command $1 takes, in variables of its caller.
__rolecall_command() {
  case $1 in
${posixTable(commands, list)}  esac
}

_rolecall() {
  local path='' commands flags values choices first others kind='' given=0 at=1 word cut current='' before=''
  local line=\${COMP_LINE:0:COMP_POINT} words
  read -ra words <<<"$line"
  # The word under the cursor is kept apart from those before it; after a space it is empty.
  if [[ $line != *[[:space:]] && \${#words[@]} -gt 1 ]]; then
    current=\${words[\${#words[@]} - 1]}
    unset "words[\${#words[@]} - 1]"
  fi
  __rolecall_command ''
  for word in "\${words[@]:1}"; do
    at=$((at + 1))
    if [[ -n $kind ]]; then
      kind=''
    elif [[ $word == -- && $path == exec ]]; then
      kind=command
      break
    elif [[ $word == -* ]]; then
      [[ " $values " == *" $word:"* ]] && kind=\${values#*"$word:"} && kind=\${kind%% *}
    elif [[ $given == 0 && " $commands " == *" $word "* ]]; then
      path=\${path:+$path }$word
      __rolecall_command "$path"
    else
      given=$((given + 1))
      before+=" $word"
      if [[ $given == 2 && $others == command ]]; then
        at=$((at - 1))
        kind=command
        break
      fi
    fi
  done
  COMPREPLY=()
  if [[ -z $kind && $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  if [[ -z $kind ]]; then
    if [[ $given == 0 ]]; then kind=$first; else kind=$others; fi
  fi
  if [[ $kind == command ]]; then
    # Finds "--" among the words as the shell splits them, which is not only at spaces.
    for ((at = 0; at < COMP_CWORD; at++)); do [[ \${COMP_WORDS[at]} == -- ]] && break; done
    if ((at < COMP_CWORD)) && declare -F _comp_command_offset >/dev/null; then
      _comp_command_offset $((at + 1))
    elif ((at < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
      _command_offset $((at + 1))
    else
      COMPREPLY=($(compgen -c -f -- "$current"))
    fi
    return
  fi
  if [[ $kind == file ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  # Without globbing, so that no name is expanded as a pattern.
  local IFS=$'\\n' glob=''
  [[ $- == *f* ]] || glob=on
  set -f
  COMPREPLY=($(__rolecall_look_up "$kind" "$current" "$before"))
  [[ -n $glob ]] && set +f
  IFS=$' \\t\\n'
  if [[ $given == 0 && -n $commands$choices ]]; then
    COMPREPLY+=($(compgen -W "$commands $choices" -- "$current"))
  fi
  # The shell itself starts a new word at @, : and =, so that part is removed from the names.
  cut=\${current%"\${current##*[@:=]}"}
  if [[ -n $cut && $COMP_WORDBREAKS == *"\${cut: -1}"* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
  fi
}
complete -F _rolecall rolecall
`;
}

/** The `case` branches that set what each command takes. `values` are the flags with an argument, and its kind. */
function posixTable(commands: readonly CommandWords[], list: (name: string, words: readonly string[]) => string) {
  return commands
    .map(({ path, subcommands, flags, first, others, choices }) => {
      const values = flags.flatMap(({ flag, takes }) => (takes === undefined ? [] : [`${flag}:${takes}`]));
      const lines = [
        list(
          'commands',
          subcommands.map(({ name }) => name),
        ),
        list(
          'flags',
          flags.map(({ flag }) => flag),
        ),
        list('values', values),
        list('choices', choices),
        `first=${first} others=${others}`,
      ];
      return `    ${quotePosix(path)})\n${lines.map((line) => `      ${line}\n`).join('')}      ;;\n`;
    })
    .join('');
}
