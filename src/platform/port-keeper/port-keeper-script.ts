// The shell script of the port keeper, and the descriptors that it shares with the daemons that replace it or that it starts.

/** The listening socket, in the keeper and in every daemon that replaces it or that it starts. */
export const KEPT_PORT_FD = 3;
/** The request pipe. Those daemons keep it open until they are done with it: while it is open, clients see that the port is kept. */
export const REQUEST_PIPE_FD = 4;
/** A restarted owner reports here that it keeps running. When the pipe is closed, the keeper knows that the owner has ended. */
export const OWNER_FD = 5;
/** An unlinked pipe that keeps the owner's secret for the next owner; the shell never reads it. */
export const SECRET_PIPE_FD = 6;

/** The name of `SECRET_PIPE_FD` until the owner has filled it. */
export const secretPipePath = (pipePath: string): string => `${pipePath}.secret`;

/** A restarted owner reports this once it has run for a while; it resets the pauses before restarts. */
export const LASTS = 'lasts';
/** This mode of the request pipe keeps the keeper from restarting its owner. It is gone when the pipe is deleted. */
export const NO_RESTART_MODE = 0o700;

/** Seconds to wait before each restart. After the last one the keeper gives up, unless an owner has kept running. */
export const RESTART_PAUSES = [0, 0, 1, 4, 15, 60] as const;

/**
 * Inherits both pipes and opens neither by its path, because it executes what it reads from the request pipe.
 * $1: path of the request pipe, $2: seconds to wait for a request once the owner has ended, $3: the pauses, $4: log file.
 *
 * Standard input is closed when the owner ends in any way. Its first line is the command that restarts the owner, or
 * empty. The keeper runs that command as a child, with its own process id as the last argument, unless the pipe is
 * marked or was deleted: a new daemon would recreate a state folder that the user deleted. Otherwise it reads one line
 * from the request pipe and executes it, which replaces the shell with the successor. The keeper exits if no request
 * comes, or if the pipe's file was deleted.
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
