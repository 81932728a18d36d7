// `rolecall emulator`: its options and help; it runs as a program of its own.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--port <number>': 'the port; by default any free one',
  '--host <address>': 'the address of this machine to listen on, 127.0.0.1 by default',
  '--name <name>': { description: 'a host name by which others reach it; may be repeated', isRepeatable: true },
  '--tls': 'serve https with a new certificate',
  '--tls-ca <file>': 'write the certificate of its authority to this file; implies --tls',
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
  rolecall emulator --host 0.0.0.0 --name emulator --tls-ca ca.pem

It prints the variables to set in another shell.`,
  run: ({ port, host, name = [], tls, tlsCa, directory, autoApprove, json }, context) =>
    context.runProgram('emulator', [
      ...(port === undefined ? [] : ['--port', port]),
      ...(host === undefined ? [] : ['--host', host]),
      ...name.flatMap((value) => ['--name', value]),
      ...(tls === true ? ['--tls'] : []),
      ...(tlsCa === undefined ? [] : ['--tls-ca', tlsCa]),
      ...(directory === undefined ? [] : ['--directory', directory]),
      ...(autoApprove === true ? ['--auto-approve'] : []),
      ...(json === true ? ['--json'] : []),
    ]),
} as const;
