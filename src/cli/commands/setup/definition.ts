// `rolecall setup`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--from <file-or-url>': 'use a team file: sso-sessions, labels, names and rules; a path or an https URL',
  '--sha256 <hex>': 'with --from: refuse the file if it has another SHA-256',
  '--public-key <file-or-key>': 'with --from: refuse a file that this key has not signed, now and later',
  '--refresh': 'fetch the team file again and show what has changed',
  '--start-url <url>': 'the start URL that your administrator gave you, or its alias',
  '--sso-region <region>': 'the region of Identity Center; found automatically if the start page names it',
  '--name <name>': 'the name of the sso-session',
  '--profile-name-template <template>': 'how to name profiles: {account_name}.{permission_set}',
  '--secret-store <driver>': 'where to keep tokens: keychain, file or memory',
  '--service <yes|no>': 'whether to start the daemon with your desktop; no if nobody can be asked',
  '-y, --yes': 'do not ask',
  '--dry-run': 'show the change and write nothing',
  '--json': 'print what was written as JSON; writes only with --yes',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'setup',
  description: 'set up rolecall: asks, shows the change, writes it',
  options,
  help: `
  rolecall setup
  rolecall setup --start-url my-company --yes
  rolecall setup --from https://example.com/team.toml
  rolecall setup --from https://example.com/team.toml --public-key minisign.pub

--public-key takes a public key of minisign, or an Ed25519 key of OpenSSH. The
signature is beside the file, as team.toml.minisig or team.toml.sig.`,
  run: async (values, context) => (await import('./run.ts')).runSetup(values, context),
} as const;
