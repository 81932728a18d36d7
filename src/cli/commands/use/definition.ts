// `rolecall use`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--current': 'set the current role of this machine instead, which [profile current] follows',
  '--off': 'use no role: unset AWS_PROFILE, or with --current clear the current role',
  '--json': 'print the role as JSON without asking',
  '--print-name': { description: 'print only the name of the profile', isHidden: true },
  '--no-picker': { description: 'never ask', isHidden: true },
  '--back': { description: 'the name is the previous profile of this shell', isHidden: true },
} as const;

export const definition: CommandDefinition<typeof options, [query: readonly string[]]> = {
  section: 'daily',
  description: 'switch this shell to a role, by name or from a list',
  arguments: [
    {
      name: '[query...]',
      description:
        'a profile, or words from account, permission set, profile, label or account id; - for the previous one',
    },
  ],
  options,
  help: `
  rolecall use taylor.Admin      switch this shell to that profile
  rolecall use prod read         the role that matches both words, or a list
  rolecall use -                 back to the previous profile
  rolecall use --off             unset AWS_PROFILE
  rolecall use --current prod    for programs that use [profile current]

If several roles match, you choose from a list. Roles whose names start with
your words come first, then roles whose names contain them, then roles whose
account id starts with them, or contains them if they are four digits or more.

rolecall asks before it uses a protected role, or a role that only its account
id matched. A script passes the profile's name, or the account id and the full
permission set.

Set up the shell hook once: rolecall shell-init --help`,
  isQuick: true,
  run: async (query, values, context) => (await import('./run.ts')).runUse(query, values, context),
} as const;
