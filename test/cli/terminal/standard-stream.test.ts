// What a command prints without Node's streams: in order, whole, and into pipes that take a part.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProcess } from '../../helpers/run-process.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

const MODULE = new URL('../../../dist/cli/terminal/standard-stream.js', import.meta.url).href;
const OUTPUT = new URL('../../../dist/cli/terminal/standard-output.js', import.meta.url).href;

/** Prints five texts of 40,000 bytes, more than a pipe has room for, and says on stderr whether Node's stream was needed. */
const PROGRAM = `
import { createStandardStream } from '${MODULE}';
import { openStandardOutput } from '${OUTPUT}';
let opened = 0;
const stdout = createStandardStream(1, () => { opened += 1; return openStandardOutput(); });
for (const letter of 'äbcde') stdout.write(letter.repeat(40_000 / Buffer.byteLength(letter)));
process.stderr.write(JSON.stringify({ isTTY: stdout.isTTY, columns: stdout.columns ?? null, wasOpened: opened > 0 }));`;
const TEXT = ['ä'.repeat(20_000), ...Array.from('bcde', (letter) => letter.repeat(40_000))].join('');
const PLAIN = '{"isTTY":false,"columns":null,"wasOpened":false}';
const ARGS = ['--input-type=module', '-e', PROGRAM];

test('writes everything to a pipe and to a file, in order', async () => {
  const environment = { PATH: process.env['PATH'] ?? '' };
  expect(await runProcess(process.execPath, ARGS, { environment })).toEqual({
    exitCode: 0,
    stdout: TEXT,
    stderr: PLAIN,
  });
  const home = createTemporaryHome();
  const path = join(home.path, 'text');
  const file = openSync(path, 'w');
  try {
    const run = spawnSync(process.execPath, ARGS, { stdio: ['ignore', file, 'pipe'], encoding: 'utf8' });
    expect([run.status, run.stderr, readFileSync(path, 'utf8') === TEXT]).toEqual([0, PLAIN, true]);
  } finally {
    closeSync(file);
    await home.remove();
  }
});

test('leaves the rest to a stream if a pipe that does not block is full, which keeps the order', async () => {
  const home = createTemporaryHome();
  const marker = join(home.path, 'written');
  // Node makes the pipe of a socket non-blocking. Nothing is read before everything has been handed over.
  const program = `import { Socket } from 'node:net'; import { writeFileSync } from 'node:fs';
new Socket({ fd: 1, readable: false });${PROGRAM}
writeFileSync('${marker}', '');`;
  const script = '"$0" --input-type=module -e "$1" | { until [ -e "$2" ]; do sleep 0.01; done; cat; }';
  const run = spawnSync('/bin/sh', ['-c', script, process.execPath, program, marker], { encoding: 'utf8' });
  await home.remove();
  expect([run.status, run.stdout === TEXT, run.stderr]).toEqual([0, true, PLAIN.replace('d":false', 'd":true')]);
});

test('ends quietly when nobody reads any more', () => {
  const script = '{ "$0" --input-type=module -e "$1"; echo "exit $?" >&2; } | true';
  const run = spawnSync('/bin/sh', ['-c', script, process.execPath, PROGRAM.replace(/process.stderr[^]*/, '')], {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('exit 0\n');
});
