// The fish completions, as text to source.
import type { CommandWords } from './command-words.ts';
import { fishLookup } from './completion-lookups.ts';
import { quoteFish } from './shell-variables.ts';

export function fishCompletion(commands: readonly CommandWords[], switchDirectory: string): string {
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
