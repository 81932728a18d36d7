// `rolecall container-env`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--for <time>': 'how long without a command: 30m, 8h or 2d; 8h by default',
  '--region <region>': "the region to work in; the profile's by default",
  '--network <which>': {
    description: 'without a command: "host" if the container shares this machine\'s; "own" by default',
    choices: ['own', 'host'],
  },
  '--format <name>': {
    description: 'only what to paste',
    choices: ['docker', 'compose', 'devcontainer', 'k8s'],
  },
  '--json': 'print the variables and the paths of the files',
  '--end <id>': "end a container's access now; all for every container",
} as const;

export const definition: CommandDefinition<typeof options, [profile: string | undefined, command: readonly string[]]> =
  {
    section: 'daily',
    description: 'give a container one role, with keys that are renewed',
    arguments: [
      { name: '[role]', description: 'a profile, "current", or words in quotes to search for' },
      { name: '[command...]', description: 'docker run or podman run with its arguments, after --' },
    ],
    options,
    help: `
  rolecall container-env taylor.ReadOnly -- podman run --rm -it IMAGE
  rolecall container-env taylor.ReadOnly            what to do, with the files
  rolecall container-env taylor.ReadOnly --format compose
  rolecall container-env --end all

With a command, the role ends with the container. The container gets the address
of its credentials in variables, and a token in a file; the address works in its
own network only. Its program has to run as root or as your user.

Without a command, the role ends after --for. The container needs the network of
this machine, or the relay beside it, for which any image with Node will do.

Linux only. What else reaches the role: docs/containers.md`,
    run: async (profile, command, values, context) =>
      (await import('./run.ts')).runContainerEnv(profile, command, values, context),
  } as const;
