#!/bin/bash
# Raycast: makes a role the current one, by words of its account and permission set.
# @raycast.schemaVersion 1
# @raycast.title Switch AWS Role
# @raycast.mode compact
# @raycast.packageName rolecall
# @raycast.icon 🔀
# @raycast.argument1 { "type": "text", "placeholder": "prod read" }
# @raycast.description The words have to match one role: rolecall use --current WORDS
PATH="/opt/homebrew/bin:/usr/local/bin:$HOME/.local/bin:$PATH"

# Several words, and none of them a pattern.
set -f
# shellcheck disable=SC2086
output=$(rolecall use --current -- $1 2>&1)
exit_code=$?
# Raycast shows the last line.
printf '%s\n' "$output" | head -n 1
exit "$exit_code"
