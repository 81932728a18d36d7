// The documents that `--json` prints: each has the fields that docs/commands.md lists.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command } from 'commander';
import type { CliContext } from '../../src/cli/context.ts';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';

/** The rows of the table below the heading `JSON`: the words of the command, and its fields. */
const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
const documented = new Map(
  [...page.slice(page.indexOf('\n## JSON\n')).matchAll(/^\| `([a-z -]+)` \| (.*?) \|/gm)].map(
    ([, words = '', fields = '']) =>
      [words.replace(/^rolecall /, ''), [...fields.matchAll(/`([A-Za-z_]+)`/g)].map(([, name = '']) => name)] as const,
  ),
);

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await rig.runCli(['login']);
});
afterAll(() => rig.remove());

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
  const document = JSON.parse(stdout) as object;
  const fields = documented.get(words) ?? [];
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter((field) => !Object.hasOwn(document, field))).toEqual([]);
});

test('daemon stop says that no daemon was running, and --version that there is none', async () => {
  await rig.daemon().stop();
  const read = async (argv: readonly string[]) => JSON.parse((await rig.runCli(argv)).stdout) as unknown;
  expect(await read(['daemon', 'stop', '--json'])).toEqual({ stopped: false, pid: null });
  expect(await read(['--version', '--json'])).toMatchObject({ daemon: null });
});
