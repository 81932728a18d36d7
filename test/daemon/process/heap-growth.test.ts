// V8 knows the flags that limit the growth of the heap: it only prints an error for one that a newer Node does not have.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const DIST = fileURLToPath(new URL('../../../dist/daemon/process/heap-growth.js', import.meta.url));

async function run(program: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, DIST]);
  return stdout + stderr;
}

test('sets flags that this version of Node has', async () => {
  expect(await run(`(await import(process.argv[1])).growHeapInSmallSteps(); console.log('set');`)).toBe('set\n');
  // Otherwise the test above would see nothing.
  expect(await run(`(await import('node:v8')).setFlagsFromString('--no-such-flag-at-all');`)).toContain('no-such-flag');
});
