// What a settings file that `rolecall config edit` creates contains: examples, all commented out.

export const NEW_SETTINGS_FILE = `# Settings of rolecall. All are optional; the lines below show examples.
# To see what is in force: rolecall config show
# To apply a change: rolecall daemon restart

# What programs get when a session has ended: "notify" (an error), "wait" or
# "login".
#on_expired = "wait"

# Where tokens are stored: "keychain", "file" (encrypted) or "memory".
#secret_store = "keychain"

#[profiles]
#name = "{account_name}.{permission_set}"
#region = "eu-central-1"
#exclude = ["sandbox-*"]

# One table for each sso-session of ~/.aws/config.
#[session.my-sso-session]
#label = "Work"
#browser = "firefox -P work"

#[network]
#proxy = "http://proxy.example:3128"

# Rules for accounts and permission sets; the first match wins.
#[[role]]
#account_id = "222222222222"
#permission_set = "*"
#region = "eu-central-1"
#alias = "billing"

# Roles that are marked, and that rolecall asks about before it uses them.
#[[protect]]
#permission_set = "AdministratorAccess"
`;
