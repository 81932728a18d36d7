// `rolecall console`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--service <name>': 'the service to open, as in its address: ec2, s3, cloudwatch',
  '--region <region>': 'the region to open',
  '--federated': "sign in with the role's keys instead of through the access portal",
  '--print': 'print the URL instead of opening it',
  '--json': 'print the URL and its role as JSON',
} as const;

export const definition: CommandDefinition<typeof options, [query: readonly string[]]> = {
  section: 'daily',
  description: 'open the AWS console as one role',
  arguments: [{ name: '[profile|query...]', description: 'a profile, "current", or words as in: rolecall use' }],
  options,
  help: `
Without a profile: the role of this shell (see: rolecall whoami), else the
current role.

  rolecall console taylor.Admin --service ec2
  rolecall console log read                    the role that matches both words
  rolecall console current --print
  rolecall console taylor.Admin --federated    keeps the URL, a secret, hidden

The link goes through the access portal, which supports several roles at a time.
The portal has no link to a chained role. Its console is always federated, and
works until the keys of the role end, at most an hour.
Each sso-session can have its own browser in the settings.`,
  run: async (query, values, context) => (await import('./run.ts')).runConsole(query, values, context),
} as const;
