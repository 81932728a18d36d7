// `rolecall exec`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--region <region>': "the region to work in; the profile's by default",
  '--token-file': 'pass the token in a file instead of a variable',
  '--env-keys': 'pass the keys themselves, for tools that support nothing else; they expire within hours',
  '--via <role>': 'run as this role, assumed with the profile: its ARN, or its name in the same account',
  '--policy <policy>': {
    description: 'with --via: allow no more than this policy, a JSON file or an ARN',
    isRepeatable: true,
  },
  '--confine': 'keep the command from your other roles, your home, keychain and desktop',
  '--readable <path>': { description: 'with --confine: a file or folder that it may read', isRepeatable: true },
  '--writable <path>': { description: 'with --confine: one that it may also write', isRepeatable: true },
  '--env <name>': { description: 'with --confine: a variable that it gets, by its name', isRepeatable: true },
  '--read-only': 'with --confine: the working directory can be read only',
  '--network <which>': {
    description: 'with --confine: "own" also hides 127.0.0.1 and abstract sockets',
    choices: ['host', 'own'],
  },
} as const;

export const definition: CommandDefinition<typeof options, [profile: string | undefined, command: readonly string[]]> =
  {
    section: 'daily',
    description: 'run a command, or a subshell, as one role',
    arguments: [
      {
        name: '[profile|query]',
        description: 'a profile, "current", or words as in: rolecall use; without any you choose from a list',
      },
      { name: '[command...]', description: 'the command to run, after --; your shell by default' },
    ],
    options,
    help: `
The command sees only this role: keys, profiles and a [default] with credentials
that would take precedence are hidden from it. Its keys are renewed as long as
it runs. The exit code is the command's.

  rolecall exec taylor.Admin -- terraform apply
  rolecall exec current -- aws s3 ls
  rolecall exec taylor.Admin                       a subshell, until: exit
  rolecall exec log read -- aws s3 ls              the role matching both words
  rolecall exec --confine log read -- npm test     an agent, an untrusted build
  rolecall exec taylor.Admin -- nohup ./nightly &  survives closing the terminal
  rolecall exec taylor.Admin --via Deploy --policy read.json -- ./agent

Several words need the "--". Without a terminal, one word is a profile's name,
and several words have to match exactly one role that is not protected. On a
terminal, a word like prod.Admin that is no profile's name is asked about.

AWS cannot narrow the credentials of a permission set, so --policy needs --via:
a role that the profile may assume. Its credentials then allow what the role
and the policy both allow, and the command gets no others.

A confined command sees the system read-only, the working directory, and what
you share with it; its home is empty. It gets keys of this role and of no other.
Linux needs bubblewrap and keyutils, and passt for --network=own. Without them
the command does not run. What stays within its reach: docs/confine.md`,
    takesCommand: true,
    run: async (profile, command, values, context) =>
      (await import('./run.ts')).runExec(profile, command, values, context),
  } as const;
