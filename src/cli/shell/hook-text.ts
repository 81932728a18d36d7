// The shell hook: a function that lets `rolecall use` change the current shell. It never evaluates text from AWS.
import { INERT_CHARACTERS } from '../../core/text/harmless-text.ts';
import { BEFORE_PROFILE, IDENTITY_PREFIX } from '../environment/child-environment.ts';
import { quoteFish, quotePosix } from './shell-variables.ts';

export const HOOK_SHELLS = ['bash', 'zsh', 'fish'] as const;
export type HookShell = (typeof HOOK_SHELLS)[number];

/** The hook for one shell, as text to source; sourcing it only defines functions. */
export function formatShellHook(shell: HookShell, switchDirectory: string): string {
  return shell === 'fish' ? fishHook(switchDirectory) : posixHook(shell, switchDirectory);
}

function posixHook(shell: 'bash' | 'zsh', switchDirectory: string): string {
  const isZsh = shell === 'zsh';
  // Expands to the names of variables, not to their values.
  const tokens = isZsh ? `\${(k)parameters[(I)${IDENTITY_PREFIX}*]}` : `"\${!${IDENTITY_PREFIX}@}"`;
  return `# rolecall's hook for ${shell}: \`rolecall use\` changes this shell; all other commands go to the program.
function rolecall {
${isZsh ? '  emulate -L zsh\n' : ''}  case \${1-} in
    use | switch | assume) ;;
    *)
      command rolecall "$@"
      return
      ;;
  esac
  local rolecall_directory=${quotePosix(switchDirectory)} rolecall_name='' rolecall_word rolecall_note='' rolecall_about=''
  # AWS clients prefer what this file has to a profile of the same name, which the program looks into.
  local rolecall_keys=\${AWS_SHARED_CREDENTIALS_FILE:-\${HOME-}/.aws/credentials}
  if [[ $#:\${2-} != 2:- && $#:\${2-} != 2:--off ]]; then
    for rolecall_word in "\${@:2}"; do
      if [[ $rolecall_word == -* ]]; then
        command rolecall "$@"
        return
      fi
    done
  fi
  if [[ -n \${ROLECALL_PROFILE-} ]]; then
    printf 'rolecall: This shell uses %s until you leave it. [usage]\\nRun: exit\\n' "$ROLECALL_PROFILE" >&2
    return 2
  fi
  case $#:\${2-} in
    2:-)
      if [[ -z \${__rolecall_previous+set} ]]; then
        printf 'rolecall: This shell has no profile to go back to. [usage]\\nRun: rolecall use\\n' >&2
        return 2
      fi
      rolecall_name=$__rolecall_previous
      if [[ -n $rolecall_name ]] &&
        ! { [[ $rolecall_keys == /* && ( ! -e $rolecall_keys || -f $rolecall_keys ) ]] &&
          ! command grep -qsF -e "$rolecall_name" "$rolecall_keys"; }; then
        command rolecall use --print-name --back -- "$rolecall_name" >/dev/null || return
      fi
      [[ -n $rolecall_name && -t 2 ]] && rolecall_about=$(__rolecall_about "$rolecall_name") || :
      ;;
    2:--off) ;;
    *)
      if [[ $# == 2 && -n $2 && $2 != *[^${INERT_CHARACTERS}]* ]] &&
        command grep -qxF -e "$2" "$rolecall_directory/profiles" 2>/dev/null &&
        [[ $rolecall_keys == /* && ( ! -e $rolecall_keys || -f $rolecall_keys ) ]] &&
        ! command grep -qsF -e "$2" "$rolecall_keys"; then
        rolecall_name=$2
        [[ -t 2 ]] && rolecall_about=$(__rolecall_about "$2") || :
        # The program offers to sign in, and says the same of the role.
        if [[ -t 0 && -t 1 && $rolecall_about == -* ]]; then
          rolecall_about=''
          rolecall_name=$(command rolecall use --print-name -- "$2") || return
        fi
      elif [[ -t 1 ]]; then
        rolecall_name=$(command rolecall use --print-name -- "\${@:2}") || return
      else
        rolecall_name=$(command rolecall use --print-name --no-picker -- "\${@:2}") || return
      fi
      if [[ -z $rolecall_name || $rolecall_name == *[^${INERT_CHARACTERS}]* ]]; then
        printf 'rolecall: That is not a profile name for AWS_PROFILE. [unusable-response]\\nRun: rolecall profiles list\\n' >&2
        return 1
      fi
      if [[ -w $rolecall_directory/used ]]; then
        printf '%s\\n' "$rolecall_name" >>"$rolecall_directory/used"
      fi
      ;;
  esac
  if [[ -n $rolecall_name ]]; then
    if [[ -n \${AWS_ACCESS_KEY_ID-}\${AWS_WEB_IDENTITY_TOKEN_FILE-}\${AWS_CONTAINER_CREDENTIALS_FULL_URI-} ]]; then
      rolecall_note=' Its own keys were unset.'
    fi
    unset -v \\
      ${wrap(BEFORE_PROFILE, ' \\\n      ')} \\
      ${tokens} || return
  fi
  __rolecall_previous=\${AWS_PROFILE-}
  if [[ -n $rolecall_name ]]; then
    export AWS_PROFILE="$rolecall_name" || return
    rolecall_word="This shell now uses $rolecall_name.$rolecall_note"
  else
    unset -v AWS_PROFILE AWS_DEFAULT_PROFILE || return
    rolecall_word='This shell no longer has a profile.'
  fi
  if [[ -n $rolecall_about ]]; then printf '%s\\n' "\${rolecall_about:1}" >&2; fi
  if [[ -t 2 ]]; then printf '%s\\n' "$rolecall_word" >&2; fi
}

__rolecall_about() {
${isZsh ? '  emulate -L zsh\n' : ''}  local directory=${quotePosix(switchDirectory)}
  LC_ALL=C ROLECALL_NAME=$1 command awk ${quotePosix(ABOUT_AWK)} "$directory/signed-out" "$directory/roles" 2>/dev/null
}
`;
}

function fishHook(switchDirectory: string): string {
  return `# rolecall's hook for fish: \`rolecall use\` changes this shell; all other commands go to the program.
function rolecall --description 'AWS roles with a single sign-in; use changes this shell'
    if not contains -- "$argv[1]" use switch assume
        command rolecall $argv
        return
    end
    set --local directory ${quoteFish(switchDirectory)}
    set --local words $argv[2..-1]
    set --local name ''
    set --local action name
    set --local about ''
    # AWS clients prefer what this file has to a profile of the same name, which the program looks into.
    set --local keys $HOME/.aws/credentials
    if test -n "$AWS_SHARED_CREDENTIALS_FILE"
        set keys "$AWS_SHARED_CREDENTIALS_FILE"
    end
    switch "$words"
        case -
            set action back
        case --off
            set action off
        case '*'
            for word in $words
                if string match --quiet -- '-*' $word
                    command rolecall $argv
                    return
                end
            end
    end
    if test -n "$ROLECALL_PROFILE"
        printf 'rolecall: This shell uses %s until you leave it. [usage]\\nRun: exit\\n' $ROLECALL_PROFILE >&2
        return 2
    end
    if test $action = back
        if not set --query __rolecall_previous
            printf 'rolecall: This shell has no profile to go back to. [usage]\\nRun: rolecall use\\n' >&2
            return 2
        end
        set name $__rolecall_previous
        if test -n "$name"
            and not begin
                string match --quiet -- '/*' $keys
                and begin
                    not test -e $keys
                    or test -f $keys
                end
                and not command grep -qsF -e $name $keys
            end
            command rolecall use --print-name --back -- $name >/dev/null
            or return
        end
        test -n "$name"; and isatty stderr; and set about (__rolecall_about $name)
    else if test $action = name
        if test (count $words) -eq 1
            and string match --quiet --regex '^[${INERT_CHARACTERS}]+$' -- $words
            and command grep -qxF -e $words $directory/profiles 2>/dev/null
            and string match --quiet -- '/*' $keys
            and begin
                not test -e $keys
                or test -f $keys
            end
            and not command grep -qsF -e $words $keys
            set name $words
            isatty stderr; and set about (__rolecall_about $name)
            # The program offers to sign in, and says the same of the role.
            if string match --quiet -- '-*' "$about"; and isatty stdin; and isatty stdout
                set about ''
                set name (command rolecall use --print-name -- $words)
                or return
            end
        else if isatty stdout
            set name (command rolecall use --print-name -- $words)
            or return
        else
            set name (command rolecall use --print-name --no-picker -- $words)
            or return
        end
        if not string match --quiet --regex '^[${INERT_CHARACTERS}]+$' -- "$name"
            printf 'rolecall: That is not a profile name for AWS_PROFILE. [unusable-response]\\nRun: rolecall profiles list\\n' >&2
            return 1
        end
        if test -w $directory/used
            printf '%s\\n' $name >>$directory/used
        end
    end
    set --global __rolecall_previous "$AWS_PROFILE"
    set --local note ''
    set --local gone AWS_PROFILE AWS_DEFAULT_PROFILE
    if test -n "$name"
        if test -n "$AWS_ACCESS_KEY_ID$AWS_WEB_IDENTITY_TOKEN_FILE$AWS_CONTAINER_CREDENTIALS_FULL_URI"
            set note ' Its own keys were unset.'
        end
        set gone ${wrap(BEFORE_PROFILE, ' \\\n            ')} \\
            (set --names | string match '${IDENTITY_PREFIX}*')
    end
    for variable in $gone
        set --erase --global $variable
        # A universal variable belongs to all shells, so it is only hidden from this shell's programs.
        if set --query $variable
            set --global --unexport $variable
        end
    end
    if test -n "$name"
        set --global --export AWS_PROFILE $name
        test -n "$about"; and printf '%s\\n' (string sub --start 2 -- "$about") >&2
        isatty stderr; and printf 'This shell now uses %s.%s\\n' $name $note >&2
    else
        isatty stderr; and printf 'This shell no longer has a profile.\\n' >&2
    end
    return 0
end

function __rolecall_about
    set --local directory ${quoteFish(switchDirectory)}
    LC_ALL=C ROLECALL_NAME=$argv[1] command awk ${quoteFish(ABOUT_AWK)} $directory/signed-out $directory/roles 2>/dev/null
end
`;
}

/**
 * Prints what the daemon's files say of the profile in ROLECALL_NAME: account, permission set and region after a "+", or
 * after a "-" if nobody is signed in. Nothing if the files are missing or do not have it.
 */
const ABOUT_AWK =
  'BEGIN { FS = "\\t"; name = ENVIRON["ROLECALL_NAME"] } ' +
  'NF == 2 { out[$1] = $2 } ' +
  'NF == 3 && $1 == name { print ($2 in out) ? "-" $3 "  " out[$2] : "+" $3; exit }';

/** Joins names into lines of readable length. */
function wrap(names: readonly string[], newline: string): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length > 90) lines.push(name);
    else lines[lines.length - 1] = `${last} ${name}`;
  }
  return lines.join(newline);
}
