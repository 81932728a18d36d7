// The man pages of the package: every command is in them, and man(1) renders them without a complaint.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { ERROR_TABLE } from '../../src/core/errors.ts';
import { runProcess } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';

interface ManPages {
  formatCommandPage(sources: {
    readonly program: Command;
    readonly errorTable: typeof ERROR_TABLE;
    readonly version: string;
  }): string;
  formatDaemonPage(sources: { readonly version: string }): string;
}

const isThere = systemPart('man', '/usr/bin/man');
const { formatCommandPage, formatDaemonPage } = (await import(
  new URL('../../.ci/man-pages.mjs', import.meta.url).href
)) as ManPages;

function buildProgram(): Promise<Command> {
  const quiet = { write: () => true };
  return loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });
}

/** As a terminal of eighty columns shows it, and what groff complains of. */
async function render(page: string): Promise<{ text: string; complaints: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-man-'));
  try {
    const file = join(folder, 'page.1');
    writeFileSync(file, page);
    const environment = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', MANWIDTH: '200', MANPAGER: 'cat', GROFF_NO_SGR: '1' };
    const { stdout, stderr } = await runProcess('/usr/bin/man', ['--warnings', '-E', 'UTF-8', '-l', file], {
      environment,
    });
    return { text: stdout.replace(/.\u0008/g, ''), complaints: stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function namesOf(command: Command, path: readonly string[] = []): readonly string[] {
  return command.commands.flatMap((child) => {
    const words = [...path, child.name()];
    return child.commands.length === 0 ? [words.join(' ')] : namesOf(child, words);
  });
}

test.skipIf(!isThere)('rolecall(1) has every command with its options, and every code', async () => {
  const program = await buildProgram();
  const { text, complaints } = await render(
    formatCommandPage({ program, errorTable: ERROR_TABLE, version: '1.2.3-rc.1' }),
  );
  expect(complaints).toBe('');
  const names = namesOf(program);
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !text.includes(`rolecall ${name}`))).toEqual([]);
  const lines = text.replaceAll(/\s+/g, ' ');
  for (const flag of ['--no-browser', '--env-keys', '--dry-run']) expect(lines).toContain(flag);
  for (const { codes } of Object.values(ERROR_TABLE)) {
    for (const code of Object.keys(codes)) expect(lines).toContain(code);
  }
  expect(text).toContain('rolecall 1.2.3-rc.1');
  expect(text).not.toMatch(/undefined|\[object/);
});

test.skipIf(!isThere)('rolecalld(8) is without a fault', async () => {
  const { text, complaints } = await render(formatDaemonPage({ version: '1.2.3' }));
  expect(complaints).toBe('');
  expect(text).toContain('--foreground');
  expect(text).toContain('rolecall.socket');
});

test('no text of ours is a command to roff', async () => {
  const program = await buildProgram();
  program.command('odd').description(".so /etc/passwd\n'\\fBx\\n(.z -- it’s …");
  const page = formatCommandPage({ program, errorTable: ERROR_TABLE, version: '1.0.0' });
  expect(page).toContain("\\&.so /etc/passwd\n\\&'\\efBx\\en(.z \\-\\- it\\(cqs ...");
});
