// A garbage collection in an idle process makes Node's ticks slow for good, unless the process keeps one of them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const DIST = fileURLToPath(new URL('../../../dist/daemon/process/fast-ticks.js', import.meta.url));

/** Prints the processor time of a tick before and after idle collections, each the least of some tries. */
const PROGRAM = `
const { keepTicksFast } = await import(process.argv[1]);
if (process.argv[2] === 'kept') keepTicksFast();
const COUNT = 50_000;
const once = () => new Promise((done) => {
  let left = COUNT;
  const before = process.cpuUsage();
  const tick = () => {
    if (--left > 0) return process.nextTick(tick);
    const { user, system } = process.cpuUsage(before);
    done((user + system) / COUNT);
  };
  process.nextTick(tick);
});
const least = async () => {
  const tries = [];
  for (let count = 0; count < 40; count += 1) tries.push(await once());
  return Math.min(...tries);
};
const idle = async () => {
  for (let count = 0; count < 5; count += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc();
  }
};
const busy = await least();
await idle();
console.log(JSON.stringify({ busy, afterIdle: await least() }));
`;

async function measure(how: 'kept' | 'not kept'): Promise<number> {
  const args = ['--expose-gc', '--input-type=module', '-e', PROGRAM, DIST, how];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { busy, afterIdle } = JSON.parse(stdout) as { busy: number; afterIdle: number };
  return afterIdle / busy;
}

test('a tick is as fast after an idle time as before', { timeout: 60_000 }, async () => {
  expect(await measure('kept')).toBeLessThan(2);
});

// The reason for it all: when a Node comes that has not this fault, the file can go. Only 20 is known to have it, and on
// later ones this is no test at all: one that is named as skipped counts as failed where everything must run.
if (process.versions.node.startsWith('20.')) {
  test('without it a tick takes at least twice as long', async () => {
    expect(await measure('not kept')).toBeGreaterThan(2);
  });
}
