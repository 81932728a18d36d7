// The awk programs with which completions look up names in files, so that Tab starts no Node.
import { quoteFish, quotePosix } from './shell-variables.ts';

/**
 * Ignores case, as each shell filters by its own rule, and never offers names that are not safe in a shell.
 * Does not use index(), which finds an empty word in mawk but not in other awks.
 */
const NAMES_AWK =
  'BEGIN { want = tolower(ENVIRON["ROLECALL_WORD"]) } substr(tolower($0), 1, length(want)) == want && !/[^A-Za-z0-9_.@\\/+=:,-]/';
/** Profiles in the config file, and those that are written there on first use. */
const NAME_FILES = ['profiles', 'planned'] as const;
const ACCOUNTS_AWK =
  'BEGIN { FS = "\\t"; want = ENVIRON["ROLECALL_WORD"] } index($1, want) == 1 && $1 ~ /^[0-9]+$/ && !seen[$1]++ { print $1 }';
/** Selects the config file by the rules of `awsFilePath`; "./" keeps awk from reading a path like "a=b" as an assignment. */
const CONFIG_FILE_AWK =
  'BEGIN { rest = ENVIRON["AWS_CONFIG_FILE"]; ' +
  'while (match(rest, /[$]([A-Za-z0-9_]+|[{][^}]*[}])/)) { ' +
  'word = substr(rest, RSTART, RLENGTH); name = substr(word, 2); ' +
  'if (name ~ /^[{]/) name = substr(name, 2, length(name) - 2); ' +
  'path = path substr(rest, 1, RSTART - 1) (name in ENVIRON ? ENVIRON[name] : word); ' +
  'rest = substr(rest, RSTART + RLENGTH) } ' +
  'path = path rest; if (path == "") path = "~/.aws/config"; ' +
  'if (path ~ /^~(\\/|$)/) path = ENVIRON["HOME"] substr(path, 2); ' +
  'if (path !~ /^\\//) path = "./" path; ARGV[1] = path; ARGC = 2 } ';
const SESSION_NAMES_AWK =
  '/^\\[sso-session[ \\t]+"?[A-Za-z0-9_.@\\/+=:,-]+"?[ \\t]*\\]/ { sub(/^\\[sso-session[ \\t]+"?/, ""); sub(/"?[ \\t]*\\].*$/, ""); print }';
const SESSIONS_AWK = `${CONFIG_FILE_AWK}${SESSION_NAMES_AWK}`;
/** The hosts that the user's ssh configuration names, without patterns. */
const HOSTS_AWK =
  'BEGIN { want = ENVIRON["ROLECALL_WORD"]; ARGV[1] = ENVIRON["HOME"] "/.ssh/config"; ARGC = 2 } ' +
  'tolower($1) == "host" { for (i = 2; i <= NF; i++) ' +
  'if (substr($i, 1, length(want)) == want && $i !~ /[^A-Za-z0-9_.-]/ && !seen[$i]++) print $i }';
/**
 * After other words, offers only roles that match these words too, because `use` would find nothing else. Same rule as
 * core/role-match.js, without levels: a word is anywhere in the profile's name except in the middle of a number, or is one
 * of the searchable parts of the account id.
 */
const ROLES_AWK = `function has(text, word, from, at) {
  for (from = 1; (at = index(substr(text, from), word)) > 0; from += at) {
    if (word !~ /^[0-9]/ || substr(text, from + at - 2, 1) !~ /[0-9]/) return 1
  }
  return 0
}
function hasDigits(id, text, word) {
  return has(text, word) || index(id, word) == 1 || (length(word) >= 4 && index(id, word) > 0)
}
BEGIN {
  FS = "\\t"
  want = tolower(ENVIRON["ROLECALL_WORD"])
  count = split(tolower(ENVIRON["ROLECALL_BEFORE"]), before, " ")
}
$1 ~ /^[0-9]+$/ && $2 !~ /[^A-Za-z0-9_.@\\/+=:,-]/ {
  name = tolower($2)
  at = index(name, $1)
  text = at == 0 ? name : substr(name, 1, at - 1) " " substr(name, at + length($1))
  for (i = 1; i <= count; i++) {
    if (before[i] ~ /^[0-9]+$/ ? !hasDigits($1, text, before[i]) : !has(name, before[i])) next
  }
  if (substr(name, 1, length(want)) == want) print $2
  if (want ~ /^[0-9]/ && index($1, want) == 1 && !seen[$1]++) print $1
}`;

/** The function that lists names in bash and zsh; its arguments are the kind, the word and the words before it. */
export function posixLookup(switchDirectory: string): string {
  const lookup = (awk: string, files: string) =>
    `LC_ALL=C ROLECALL_WORD=$2 ROLECALL_BEFORE=$3 command awk ${quotePosix(awk)}${files === '' ? '' : ` ${files}`} 2>/dev/null`;
  const file = (name: string) => quotePosix(`${switchDirectory}/${name}`);
  return `__rolecall_look_up() {
  if [[ $1 == role && -n $3 ]]; then
    ${lookup(ROLES_AWK, file('accounts'))}
    return
  fi
  case $1 in
    profile | role) ${lookup(NAMES_AWK, NAME_FILES.map(file).join(' '))} ;;
  esac
  case $1:$2 in
    role:[0-9]*) ${lookup(ACCOUNTS_AWK, file('accounts'))} ;;
    session:*) ${lookup(SESSIONS_AWK, '')} ;;
    host:*) ${lookup(HOSTS_AWK, '')} ;;
  esac
}
`;
}

/** The same for fish. */
export function fishLookup(switchDirectory: string): string {
  const lookup = (awk: string, files: string) =>
    `LC_ALL=C ROLECALL_WORD=$argv[2] ROLECALL_BEFORE=$argv[3] command awk ${quoteFish(awk)}${files === '' ? '' : ` ${files}`} 2>/dev/null`;
  const file = (name: string) => quoteFish(`${switchDirectory}/${name}`);
  return `function __rolecall_look_up
    if test "$argv[1]" = role -a -n "$argv[3]"
        ${lookup(ROLES_AWK, file('accounts'))}
        return
    end
    switch $argv[1]
        case profile role
            ${lookup(NAMES_AWK, NAME_FILES.map(file).join(' '))}
        case session
            ${lookup(SESSIONS_AWK, '')}
        case host
            ${lookup(HOSTS_AWK, '')}
    end
    if test $argv[1] = role; and string match --quiet --regex '^[0-9]' -- $argv[2]
        ${lookup(ACCOUNTS_AWK, file('accounts'))}
    end
end
`;
}
