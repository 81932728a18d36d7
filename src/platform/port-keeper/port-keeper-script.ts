// The shell program of the port keeper, and the descriptors that it shares with the daemons it becomes or starts.

/** The listening socket in the keeper, and in every daemon that comes out of it. */
export const KEPT_PORT_FD = 3;
/** The request pipe, open in those daemons too until they are done with it: as long as anyone has it open, the port is kept. */
export const REQUEST_PIPE_FD = 4;
/** A restarted owner tells the keeper here that it lasts; the keeper sees by its end that the owner has ended. */
export const OWNER_FD = 5;
/** A pipe without a name in which the owner's secret waits for the next owner; the shell never reads it. */
export const SECRET_PIPE_FD = 6;

/** The name of `SECRET_PIPE_FD` until the owner has filled it. */
export const secretPipePath = (pipePath: string): string => `${pipePath}.secret`;

/** What a restarted owner says once it has run for a while: the next restart is a first one again. */
export const LASTS = 'lasts';
/** Set on the request pipe, it keeps the keeper from starting its owner again. The mark is gone with the pipe. */
export const NO_RESTART_MODE = 0o700;

/** Seconds before each restart, until one lasts; after the last of them the keeper gives up. */
export const RESTART_PAUSES = [0, 0, 1, 4, 15, 60] as const;

/**
 * It inherits both pipes, and opens neither by its path: what it reads from the request pipe is run.
 * $1: path of the request pipe, $2: seconds to wait for a request once the owner has ended, $3: the pauses, $4: log file.
 *
 * Standard input ends with the owner, whichever way it ends. Its first line is the command that restarts the owner, or
 * empty. The keeper runs it as a child, with its own process id as the last argument, unless the pipe is marked or was
 * deleted: a new daemon would recreate a state folder that the user deleted. Otherwise one line is read from the request pipe and run, which replaces the shell
 * by the successor. The keeper ends when no request comes, or when the pipe's file was deleted.
 */
export const KEEPER_SCRIPT = `
pipe=$1 seconds=$2 pauses=$3 log=$4
echo ready
exec >/dev/null
IFS= read -r restart
while read -r nothing; do :; done

read_request_for() {
  {
    left=$1
    while [ $left -gt 0 ]; do
      sleep 1 4<&-
      kill -0 $$ || exit
      left=$((left - 1))
    done
    echo >&4
  } 3<&- 6<&- </dev/null &
  timer=$!
  IFS= read -r request <&4
  kill $timer
  wait $timer
}

request= said= left=$pauses
while [ -n "$restart" ]; do
  case $said in
    *${LASTS}) left=$pauses ;;
  esac
  pause=\${left%% *}
  case $pause in
    '')
      echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) error the daemon ended soon after each of its last starts, so it is not restarted any more" >>"$log"
      break
      ;;
    0) ;;
    *)
      read_request_for $pause
      [ -z "$request" ] || break
      ;;
  esac
  if ! [ -p "$pipe" ] || [ -x "$pipe" ]; then break; fi
  left=\${left#"$pause"}
  left=\${left# }
  said=$(eval "$restart $$" 5>&1 >/dev/null)
done
exec 6<&-
if [ -n "$request" ]; then eval "$request"; fi

{
  nap=
  trap 'kill $nap; exit' TERM
  while [ $seconds -gt 0 ] && [ -p "$pipe" ]; do
    sleep 5 &
    nap=$!
    wait $nap
    kill -0 $$ || exit
    seconds=$((seconds - 5))
  done
  rm -f "$pipe"
  kill -9 $$
} 3<&- 4<&- </dev/null &
timer=$!
IFS= read -r request <&4
kill $timer
wait $timer
eval "$request"
`;
