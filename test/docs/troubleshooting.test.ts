// docs/troubleshooting.md has every code of doctor with its cause, and shows only flags that exist.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { DOCTOR_CODES } from '../../src/cli/commands/doctor/codes.ts';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

test('the table matches the source', () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (\w+) \| (.*) \| (yes)? ?\|$/gm)].map(
    ([, code = '', severity, cause, fixable]) => [code, { severity, cause, fixable: fixable === 'yes' }] as const,
  );
  expect(Object.fromEntries(rows)).toEqual(DOCTOR_CODES);
});

test('shows every flag of doctor, and only flags that exist', async () => {
  const quiet = { write: () => true };
  const program = await loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });
  const doctor = program.commands.find((command) => command.name() === 'doctor');
  const flags = [...page.matchAll(/rolecall doctor (--[a-z]+)/g)].map(([, flag]) => flag);
  expect(new Set(flags)).toEqual(new Set(doctor?.options.map(({ long }) => long)));
});
