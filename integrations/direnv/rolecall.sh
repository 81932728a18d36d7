# direnv: `use rolecall PROFILE` in an .envrc gives its folder an AWS profile. Put this file into ~/.config/direnv/lib.
# shellcheck shell=bash

# It takes the exact name of a profile and evaluates nothing. A folder whose profile does not exist gets no other one: AWS
# clients then name the profile that is missing.
use_rolecall() {
  local state="${XDG_STATE_HOME:-$HOME/.local/state}/rolecall"
  [[ -d $state ]] || state="$HOME/Library/Application Support/rolecall"
  # AWS clients prefer these to a profile.
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_CREDENTIAL_EXPIRATION \
    AWS_ACCESS_KEY AWS_SECRET_KEY SECRET_ACCESS_KEY AMAZON_ACCESS_KEY_ID AMAZON_SECRET_ACCESS_KEY AMAZON_SESSION_TOKEN \
    AWS_ACCOUNT_ID AWS_CREDENTIAL_SCOPE AWS_DEFAULT_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME \
    AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI \
    AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_CREDENTIAL_FILE \
    AWS_CREDENTIAL_PROFILES_FILE AWS_VAULT AWSUME_PROFILE AWS_SSO_PROFILE
  unset "${!AWS_BEARER_TOKEN_@}"
  export AWS_PROFILE="${1-}"
  if [[ $# != 1 || $1 == -* || ! $1 =~ ^[A-Za-z0-9_.@/+=:,-]+$ ]]; then
    export AWS_PROFILE=no-such-profile
    log_error 'rolecall: use rolecall takes the name of one profile. Run: rolecall profiles list'
    return 1
  fi
  # The daemon keeps the list, so that direnv looks again after a sync.
  watch_file "$state/switch/profiles"
  if ! grep -qsxF -e "$1" -- "$state/switch/profiles"; then
    log_error "rolecall: no profile \"$1\". Run: rolecall login; rolecall profiles list"
    return 1
  fi
}
