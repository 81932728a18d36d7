// The zsh completions, as text to source or to put into a folder of fpath.
import type { CommandWords } from './command-words.ts';
import { posixLookup } from './completion-lookups.ts';
import { quotePosix } from './shell-variables.ts';

export function zshCompletion(commands: readonly CommandWords[], switchDirectory: string): string {
  const described = new Map(
    commands.flatMap(({ path, subcommands, flags }) => [
      [`${path}|commands`, subcommands.map(({ name, description }) => `${name}:${description}`)] as const,
      [`${path}|flags`, flags.map(({ flag, description }) => `${flag}:${description}`)] as const,
    ]),
  );
  const table = commands
    .map(({ path, flags, first, others, choices }) => {
      const lines = [
        `subcommands=(${quoteAll(described.get(`${path}|commands`) ?? [])})`,
        `flags=(${quoteAll(described.get(`${path}|flags`) ?? [])})`,
        `values=(${quoteAll(flags.flatMap(({ flag, takes }) => (takes === undefined ? [] : [flag, takes])))})`,
        `choices=(${quoteAll(choices)})`,
        `first=${first} others=${others}`,
      ];
      return `    ${quotePosix(path)})\n${lines.map((line) => `      ${line}\n`).join('')}      ;;\n`;
    })
    .join('');
  return `#compdef rolecall
# Completions of rolecall for zsh.
${posixLookup(switchDirectory)}
# Sets what the command $1 takes, in variables of its caller.
__rolecall_command() {
  case $1 in
${table}  esac
}

_rolecall() {
  local path_ kind first others word before
  # Not "commands", which is a variable of zsh itself.
  local -a subcommands flags choices names
  local -A values
  local -i given=0 at
  path_='' kind='' before=''
  __rolecall_command ''
  for ((at = 2; at < CURRENT; at++)); do
    word=$words[at]
    if [[ -n $kind ]]; then
      kind=''
    elif [[ $word == -- && $path_ == exec ]]; then
      kind=command
      ((at++))
      break
    elif [[ $word == -* ]]; then
      kind=\${values[$word]-}
    elif ((given == 0)) && ((\${subcommands[(I)$word:*]})); then
      path_=\${path_:+$path_ }$word
      __rolecall_command "$path_"
    else
      ((++given))
      before+=" $word"
      if ((given == 2)) && [[ $others == command ]]; then
        kind=command
        break
      fi
    fi
  done
  if [[ -z $kind && $PREFIX == -* ]]; then
    _describe -o flag flags
    return
  fi
  if [[ -z $kind ]]; then
    if ((given == 0)); then kind=$first; else kind=$others; fi
  fi
  case $kind in
    command)
      words=("\${(@)words[at,-1]}")
      ((CURRENT = CURRENT - at + 1))
      _normal
      return
      ;;
    file)
      _files
      return
      ;;
  esac
  names=(\${(f)"$(__rolecall_look_up "$kind" "$PREFIX" "$before")"})
  ((given == 0)) && names+=($choices)
  ((given == 0 && $#subcommands)) && _describe command subcommands
  (($#names)) && compadd -a names
}

# In a folder of fpath, zsh calls this function; sourced from another file, it registers itself.
if [[ \${funcstack[1]-} == _rolecall ]]; then
  _rolecall "$@"
elif ((\${+functions[compdef]})); then
  compdef _rolecall rolecall
fi
`;
}

const quoteAll = (words: readonly string[]) => words.map(quotePosix).join(' ');
