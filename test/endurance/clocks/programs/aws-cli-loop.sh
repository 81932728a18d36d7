#!/bin/sh
# The AWS CLI as a script calls it: who am I, again and again; one line of JSON for each call.
while :; do
  if said=$(/usr/bin/aws sts get-caller-identity --query Arn --output text 2>&1); then
    echo '{"ok":true}'
  else
    printf '%s' "$said" | /usr/bin/python3 -c 'import json, sys; said = sys.stdin.read().strip(); print(json.dumps({"ok": False, "code": "ExpiredToken" if "ExpiredToken" in said else "failed", "message": said}))'
  fi
  sleep 2
done
