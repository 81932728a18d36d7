// `rolecall ssh`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';
import { HOST, REACH_OPTIONS } from './options.ts';

export const definition: CommandDefinition<typeof REACH_OPTIONS, [host: string | undefined, words: readonly string[]]> =
  {
    section: 'daily',
    description: 'open a shell, or run a command, on an SSH host that has one role',
    arguments: [
      HOST,
      { name: '[arguments...]', description: "ssh's options, and the command to run; a shell by default" },
    ],
    options: REACH_OPTIONS,
    help: `
SDKs and the AWS CLI on the host get the keys of this role, with nothing
installed there, and they are renewed as long as the connection lasts. The host
gets no other role, and nothing that lasts: when the connection ends, freezes or
is killed, its access ends within seconds.

  rolecall ssh build-host
  rolecall ssh --role taylor.Admin --for 30m dev@build-host -p 2222
  rolecall ssh --role taylor.Admin build-host aws s3 ls
  rolecall ssh --role dev.Admin --role prod.ReadOnly build-host
                       on the host: $ROLECALL_ROLES/prod.ReadOnly aws s3 ls

The host comes first, then options of ssh. A shell has the first role; with
several there is a script for each, in the folder $ROLECALL_ROLES. A role that
asks for approval asks here, before anything is sent. "current" is the role that
is current at the start. After --for the shell goes on without the role.

Root on the host can use the role while it is there, and so can whoever shares
your account there. What they and others can reach, and what to do when a host
does not work: docs/ssh.md`,
    takesCommand: 'with-options',
    run: async (host, words, values, context) => (await import('./run.ts')).runSshCommand(host, words, values, context),
  } as const;
