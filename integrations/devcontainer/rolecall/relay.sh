#!/bin/sh
# Starts with the container: passes connections to the port of AWS_CONTAINER_CREDENTIALS_FULL_URI on to the socket of the one
# role that is mounted at /run/rolecall. AWS's SDKs use no sockets, and send a token only to this machine.
port=${AWS_CONTAINER_CREDENTIALS_FULL_URI#http://127.0.0.1:}
port=${port%%/*}
folder=$(dirname "${AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:-/run/rolecall/token}")

if [ -e "$folder/token" ]; then
  socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr,max-children=32" "UNIX-CONNECT:$folder/role.sock" 2>/dev/null &
else
  echo "rolecall: nothing is mounted at $folder, so this container has no role." >&2
fi
exec "$@"
