// What each command says in each broken world and in what time, as a Markdown table in the file named by ROLECALL_HINT_TABLE.
import { appendFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, test } from 'vitest';
import type { ProcessRun } from '../helpers/run-process.ts';
import { BROKEN_DISKS, BROKEN_SOCKETS, BROKEN_STATE_FOLDERS } from './broken-files.ts';
import { canBreak, inBrokenWorld } from './broken-world.ts';
import type { HintWorld } from './hint-world.ts';

const tablePath = process.env['ROLECALL_HINT_TABLE'] ?? '';

/** A daemon in the foreground would run on. */
const RUN_SECONDS = 5;

const COMMANDS: readonly (readonly [string, (world: HintWorld) => Promise<ProcessRun>])[] = [
  ['credential_process', (world) => world.credentials()],
  ['status', (world) => world.rolecall('status')],
  ['login', (world) => world.rolecall('login')],
  ['daemon stop', (world) => world.rolecall('daemon', 'stop')],
  ['daemon restart', (world) => world.rolecall('daemon', 'restart')],
  ['daemon run', (world) => world.type(`timeout ${RUN_SECONDS} rolecall daemon run`)],
  ['doctor', (world) => world.rolecall('doctor')],
];

describe.runIf(tablePath !== '')('a row for each command', () => {
  beforeAll(() =>
    writeFileSync(tablePath, '| done | command | exit | said | seconds |\n| --- | --- | --- | --- | --- |\n'),
  );

  for (const broken of [...BROKEN_SOCKETS, ...BROKEN_STATE_FOLDERS, ...BROKEN_DISKS]) {
    test.skipIf(!canBreak(broken))(broken.name, { timeout: 600_000 }, async () => {
      for (const [index, [command, run]] of COMMANDS.entries()) {
        await inBrokenWorld(broken, async (world) => {
          const startedAtMs = Date.now();
          const ended = await run(world);
          const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
          const row = [
            index === 0 ? broken.name : '',
            command,
            String(ended.exitCode),
            summarize(command, ended, world),
            seconds,
          ];
          appendFileSync(tablePath, `| ${row.join(' | ')} |\n`);
        });
      }
    });
  }
});

function summarize(command: string, { exitCode, stderr, stdout }: ProcessRun, { home }: HintWorld): string {
  const lines = linesFor(command, { exitCode, stderr, stdout });
  const text = lines.map((line) => line.trim()).join(' ');
  return text
    .replaceAll(home, '~')
    .replaceAll(/pid \d+/gu, 'pid N')
    .replaceAll('|', '\\|');
}

function linesFor(command: string, { exitCode, stderr, stdout }: ProcessRun): readonly string[] {
  const said = stderr.trim().split('\n');
  switch (command) {
    case 'credential_process':
      return exitCode === 0 ? ['(the keys)'] : said;
    case 'status':
      return exitCode === 0 ? problemLines(stdout) : said;
    case 'doctor':
      return stdout === '' ? said : doctorLines(stdout);
    case 'daemon run':
      return exitCode === 124 ? [`(runs; ended after ${RUN_SECONDS} s)`] : said;
    default:
      return [...said, ...stdout.trim().split('\n').slice(0, 1)].filter((line) => line !== '');
  }
}

function problemLines(stdout: string): readonly string[] {
  const lines = stdout.split('\n').filter((line) => /^(! |  Run: )|  rolecall login /u.test(line));
  return lines.length === 0 ? ['(no problem)'] : lines;
}

/** What comes below a line that begins with an exclamation mark, and what it comes to. */
function doctorLines(stdout: string): readonly string[] {
  const lines = stdout.trimEnd().split('\n');
  let isProblem = false;
  const told = lines.filter((line) => {
    if (!line.startsWith('      ')) isProblem = line.startsWith('!');
    return isProblem && line.startsWith('      ');
  });
  return told.length === 0 ? lines.slice(-1) : told;
}
