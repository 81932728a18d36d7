// Completions as text for one shell: words and flags of ours written into it, names looked up in plain files by awk, without a Node.
import { quoteFish, quotePosix } from './shell-variables.ts';
import type { CommandWords } from './command-words.ts';
import { fishLookup, posixLookup } from './completion-lookups.ts';
import type { HookShell } from './hook-text.ts';

/** The completions of all `commands`; names come from files in `switchDirectory` and from the shared config file. */
export function formatCompletion(shell: HookShell, commands: readonly CommandWords[], switchDirectory: string): string {
  const formats = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
  return formats[shell](commands, switchDirectory);
}

/** For each command what is set when it is the one. \`values\` are flags that take a word, with its kind. */
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

function bashCompletion(commands: readonly CommandWords[], switchDirectory: string): string {
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
  # The word under the cursor is looked at apart from those before it; after a space it is a new one.
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
    # Word by word as the shell splits it, which is not by spaces alone.
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
  # No word is ever looked at as a pattern, let alone run.
  local IFS=$'\\n' glob=''
  [[ $- == *f* ]] || glob=on
  set -f
  COMPREPLY=($(__rolecall_look_up "$kind" "$current" "$before"))
  [[ -n $glob ]] && set +f
  IFS=$' \\t\\n'
  if [[ $given == 0 && -n $commands$choices ]]; then
    COMPREPLY+=($(compgen -W "$commands $choices" -- "$current"))
  fi
  # The shell itself takes @, : and = for the start of another word.
  cut=\${current%"\${current##*[@:=]}"}
  if [[ -n $cut && $COMP_WORDBREAKS == *"\${cut: -1}"* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
  fi
}
complete -F _rolecall rolecall
`;
}

function zshCompletion(commands: readonly CommandWords[], switchDirectory: string): string {
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
  # Not "commands", which is zsh's own and what it completes programs from.
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

# Read from a folder of functions it is called at once; read from a file of your own it registers itself.
if [[ \${funcstack[1]-} == _rolecall ]]; then
  _rolecall "$@"
elif ((\${+functions[compdef]})); then
  compdef _rolecall rolecall
fi
`;
}

const quoteAll = (words: readonly string[]) => words.map(quotePosix).join(' ');

function fishCompletion(commands: readonly CommandWords[], switchDirectory: string): string {
  const pairs = (words: readonly { readonly name: string; readonly description: string }[]) =>
    words.map(({ name, description }) => quoteFish(`${name}\t${description}`)).join(' ');
  const table = commands
    .map(({ path, subcommands, flags, first, others, choices }) => {
      const lines = [
        `set commands ${pairs(subcommands)}`,
        `set flags ${pairs(flags.map(({ flag, description }) => ({ name: flag, description })))}`,
        `set values ${flags.flatMap(({ flag, takes }) => (takes === undefined ? [] : [`${flag}:${takes}`])).join(' ')}`,
        `set choices ${choices.join(' ')}`,
        `set first ${first}`,
        `set others ${others}`,
      ];
      return `        case ${quoteFish(path)}\n${lines.map((line) => `            ${line.trimEnd()}\n`).join('')}`;
    })
    .join('');
  return `# Completions of rolecall for fish.
${fishLookup(switchDirectory)}
# Sets what the command $argv[1] takes, in variables of its caller.
function __rolecall_command --no-scope-shadowing
    switch "$argv[1]"
${table}    end
end

function __rolecall_complete
    set --local path
    set --local commands
    set --local flags
    set --local values
    set --local choices
    set --local first none
    set --local others none
    set --local kind ''
    set --local given 0
    set --local before
    set --local words (commandline -opc)
    set --local current (commandline -ct)
    __rolecall_command ''
    set --local at 1
    for word in $words[2..-1]
        set at (math $at + 1)
        if test -n "$kind"
            set kind ''
        else if test "$word" = -- -a "$path" = exec
            set kind command
            set at (math $at + 1)
            break
        else if string match --quiet -- '-*' $word
            set kind (string replace --filter -- "$word:" '' $values)
        else if test $given -eq 0; and string match --quiet -- "$word"\\t'*' $commands
            set path (string trim -- "$path $word")
            __rolecall_command "$path"
        else
            set given (math $given + 1)
            set --append before $word
            if test $given -eq 2 -a $others = command
                set kind command
                break
            end
        end
    end
    if test -z "$kind"
        if string match --quiet -- '-*' "$current"
            string join \\n -- $flags
            return
        end
        set kind $others
        test $given -eq 0; and set kind $first
    end
    switch "$kind"
        case command
            complete --do-complete "$(string escape -- $words[$at..-1] | string join ' ') $current"
        case file
            __fish_complete_path "$current"
        case '*'
            __rolecall_look_up "$kind" "$current" "$before"
            test $given -eq 0; and string join \\n -- $commands $choices
    end
end
complete --command rolecall --no-files --arguments '(__rolecall_complete)'
`;
}
