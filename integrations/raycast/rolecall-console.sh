#!/bin/bash
# Raycast: opens the AWS console as the current role.
# @raycast.schemaVersion 1
# @raycast.title AWS Console
# @raycast.mode silent
# @raycast.packageName rolecall
# @raycast.icon 🌐
# @raycast.description The console of the current role: rolecall console current
PATH="/opt/homebrew/bin:/usr/local/bin:$HOME/.local/bin:$PATH"

exec rolecall console current
