#!/bin/sh
# Runs while the image of a dev container is built: installs socat and the relay, and no secret.
set -eu

target=${ROLECALL_TARGET:-/usr/local/share/rolecall}
if ! command -v socat >/dev/null; then
  if command -v apt-get >/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends socat
    rm -rf /var/lib/apt/lists/*
  elif command -v apk >/dev/null; then
    apk add --no-cache socat
  elif command -v dnf >/dev/null; then
    dnf install -y socat
  else
    echo 'rolecall: install socat in this image first.' >&2
    exit 1
  fi
fi

mkdir -p "$target"
cp "$(dirname "$0")/relay.sh" "$target/relay.sh"
chmod 755 "$target" "$target/relay.sh"
