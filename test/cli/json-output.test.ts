// The documents that `--json` prints: each has the fields that docs/commands.md lists.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command } from 'commander';
import type { CliContext } from '../../src/cli/context.ts';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMAND_DOCUMENTS } from '../../src/cli/documents/command-documents.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';

/** The rows of the table below the heading `JSON`: the words of the command, and its fields. */
const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
const documented = new Map(
  [
    ...page
      .slice(page.indexOf('\n## JSON\n'), page.indexOf('\n### Errors and notes\n'))
      .matchAll(/^\| `([a-z -]+)` \| (.*?) \|/gm),
  ].map(
    ([, words = '', fields = '']) =>
      [words.replace(/^rolecall /, ''), [...fields.matchAll(/`([A-Za-z_]+)`/g)].map(([, name = '']) => name)] as const,
  ),
);

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ approvalPlaces: ['page'] });
  await rig.runCli(['login']);
});
afterAll(() => rig.remove());

/** Commands without --json, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  approve: 'asks a person on the terminal',
  exec: 'runs another program, whose output is its own',
  ssh: 'runs ssh',
  forward: 'runs ssh',
  'config edit': 'opens an editor',
  'service logs': 'prints the log as it is',
  'shell-init': 'prints code for a shell',
  completion: 'prints code for a shell',
  tray: 'draws a menu; --format prints it for another program',
  'credential-process': 'prints JSON already',
  'daemon run': 'is the daemon, whose log goes to stderr',
  demo: 'tells a story',
};

test('is there for every command that is not on this list', async () => {
  const program = await loadProgram(COMMANDS, {} as CliContext);
  const walk = (command: Command, path: readonly string[]): string[] => [
    ...(command.commands.length === 0 && !command.options.some(({ long }) => long === '--json')
      ? [path.join(' ')]
      : []),
    ...command.commands.flatMap((child) => walk(child, [...path, child.name()])),
  ];
  expect(walk(program, []).toSorted()).toEqual(Object.keys(WITHOUT).toSorted());
});

test('is listed for every command that has it, and for no other', async () => {
  const program = await loadProgram(COMMANDS, {} as CliContext);
  const walk = (command: Command, path: readonly string[]): string[] => [
    ...(command.options.some(({ long }) => long === '--json') ? [path.join(' ')] : []),
    ...command.commands.flatMap((child) => walk(child, [...path, child.name()])),
  ];
  const commands = walk(program, []);
  expect(commands.length).toBeGreaterThan(20);
  expect([...documented.keys()].toSorted()).toEqual([...commands, '--version'].toSorted());
});

test('has a schema for every command, with the documented fields', () => {
  const schemas = new Map<string, string>();
  for (const [name, schema] of Object.entries(COMMAND_DOCUMENTS)) {
    const command = name.replace(/ (?:line|accounts|roles|verify)$/, '').replace(/^version$/, '--version');
    schemas.set(command, `${schemas.get(command) ?? ''}${JSON.stringify(schema)}`);
  }
  const lacking = [...documented].flatMap(([command, fields]) =>
    fields
      .filter((field) => schemas.get(command)?.includes(`"${field}":`) !== true)
      .map((field) => `${command}: ${field}`),
  );
  // `env` has a field for each variable, whatever it is.
  expect(lacking.filter((line) => !line.startsWith('env: AWS_'))).toEqual([]);
});

test.each([
  ['login', []],
  ['status', []],
  ['ls', []],
  ['use', ['--current', PROFILE]],
  ['env', [PROFILE]],
  ['console', [PROFILE]],
  ['whoami', [PROFILE]],
  ['approvals', []],
  ['lock', []],
  ['unlock', []],
  ['passkey list', []],
  ['passkey add', ['blue']],
  ['uninstall', ['--dry-run']],
  ['config path', []],
  ['config show', []],
  ['config check', []],
  ['profiles list', []],
  ['profiles sync', []],
  ['profiles adopt', ['--dry-run']],
  ['service status', []],
  ['web', []],
  ['doctor', []],
  ['daemon start', []],
  ['--version', []],
  ['logout', [SESSION]],
] as const)('%s prints its fields', async (words, args) => {
  const { stdout, stderr } = await rig.runCli([...words.split(' '), ...args, '--json']);
  expect({ words, stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/^[{[]/) });
  // `login` ends with the line that has all of them.
  const document = JSON.parse(words === 'login' ? (stdout.trimEnd().split('\n').at(-1) ?? '') : stdout) as object;
  const fields = documented.get(words) ?? [];
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter((field) => !Object.hasOwn(document, field))).toEqual([]);
});

test('ls --roles is the answer of /v1/roles, ls that of /v1/accounts, and status that of /v1/status', async () => {
  const read = async (...argv: string[]) => JSON.parse((await rig.runCli([...argv, '--json'])).stdout) as unknown;
  expect(await read('ls', '--roles')).toEqual(await rig.client.call('roles', { query: {} }));
  expect(await read('ls')).toEqual(await rig.client.call('accounts', { query: {} }));
  expect(await read('status')).toEqual(await rig.client.call('status', {}));
});

test.each([
  ['setup', ['--start-url', 'https://d-9876543210.awsapps.com/start', '--sso-region', 'eu-west-1']],
  ['uninstall', []],
  ['profiles adopt', []],
  ['daemon stop', []],
  ['daemon restart', []],
] as const)('%s needs --yes, and says so instead of asking', async (words, args) => {
  const argv = [...words.split(' '), ...args, '--json'];
  await rig.runCli(['login', '--json']);
  const { exitCode, stdout, stderr } = await rig.runCli(argv, { isTerminal: true, answers: ['y', 'y'] });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/[Pp]ass --yes/) as string,
    exitCode: 2,
  });
});

test('daemon stop says that no daemon was running, and --version that there is none', async () => {
  await rig.daemon().stop();
  const read = async (argv: readonly string[]) => JSON.parse((await rig.runCli(argv)).stdout) as unknown;
  expect(await read(['daemon', 'stop', '--json'])).toEqual({ stopped: false, processId: null, pid: null });
  expect(await read(['--version', '--json'])).toMatchObject({ daemon: null });
});
