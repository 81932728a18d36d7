// `rolecall credential-process`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--session <name>': 'the sso-session',
  '--account <id>': 'the account, twelve digits',
  '--role <name>': 'the permission set',
  '--current': 'use the current role',
  '--deadline-seconds <seconds>': { description: 'give up after this many seconds', isHidden: true },
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'integrations',
  description: "print role credentials as AWS's credential_process document",
  options,
  help: `
Programs call it through a profile. To see the answer for one role yourself:

  rolecall credential-process --current
  rolecall credential-process --session work --account 111111111111 --role Admin`,
  run: async (values, context) => (await import('./run.ts')).runCredentialProcess(values, context),
} as const;
