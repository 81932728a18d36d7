#!/bin/bash
# Raycast: signs in, and shows the code to compare.
# @raycast.schemaVersion 1
# @raycast.title Sign in to AWS
# @raycast.mode fullOutput
# @raycast.packageName rolecall
# @raycast.icon 🔓
# @raycast.argument1 { "type": "text", "placeholder": "sso-session", "optional": true }
# @raycast.description Opens the sign-in page; approve only if you just started it.
PATH="/opt/homebrew/bin:/usr/local/bin:$HOME/.local/bin:$PATH"

exec rolecall login ${1:+-- "$1"} 2>&1
