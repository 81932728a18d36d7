// `rolecall emulator`: its options and help; it runs as a program of its own.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--port <number>': 'the port on 127.0.0.1',
  '--directory <file>': 'organization, users and assignments as JSON',
  '--auto-approve': 'approve every sign-in automatically',
  '--json': 'print the addresses as one line of JSON',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'troubleshooting',
  description: 'run IAM Identity Center in memory, to try things out',
  options,
  help: `
  rolecall emulator --auto-approve
  rolecall emulator --port 4000 --directory organization.json

It prints the variables to set in another shell.`,
  run: ({ port, directory, autoApprove, json }, context) =>
    context.runProgram('emulator', [
      ...(port === undefined ? [] : ['--port', port]),
      ...(directory === undefined ? [] : ['--directory', directory]),
      ...(autoApprove === true ? ['--auto-approve'] : []),
      ...(json === true ? ['--json'] : []),
    ]),
} as const;
