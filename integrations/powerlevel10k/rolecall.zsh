# A powerlevel10k segment with the current role of rolecall. Source it in ~/.p10k.zsh or ~/.zshrc, and add `rolecall` to
# POWERLEVEL9K_LEFT_PROMPT_ELEMENTS or POWERLEVEL9K_RIGHT_PROMPT_ELEMENTS. It starts no program: it reads two small files.
function prompt_rolecall() {
  emulate -L zsh -o extended_glob
  local state=${XDG_STATE_HOME:-$HOME/.local/state}/rolecall name word holder
  local -a match mbegin mend
  [[ -d $state ]] || state="$HOME/Library/Application Support/rolecall"
  { read -r name word < $state/switch/prompt } 2>/dev/null || return 0
  # The file has no newline at its end, so read fails although it has read.
  { read -r holder < $state/daemon.lock } 2>/dev/null
  [[ $holder == *'"processId":'(#b)([0-9]##)* ]] || return 0
  kill -0 $match[1] 2>/dev/null || return 0
  # The daemon writes nothing else, and powerlevel10k expands `%` in a text.
  [[ $name$word == *[^A-Za-z0-9_.@/+=:,-]* ]] && return 0
  case $name:$word in
    -:ok) ;;
    *:ok) p10k segment -s OK -f 208 -t "$name" ;;
    *:(signed-out|problem)) p10k segment -s PROBLEM -f 196 -t "${name#-} $word" ;;
    *) p10k segment -s ATTENTION -f 226 -t "${name#-} $word" ;;
  esac
}

# Also in the instant prompt, as it starts nothing.
function instant_prompt_rolecall() { prompt_rolecall }
