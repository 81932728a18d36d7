// Reads a folder whose files are replaced at the same time.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { readEveryFile } from './read-every-file.ts';

test('a file that is replaced all the time is read each time, under its own name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'state.json');
  writeFileSync(path, 'secret');
  const busy = new Worker(
    `const { renameSync, writeFileSync } = require('node:fs');
     const { workerData: path } = require('node:worker_threads');
     const { parentPort } = require('node:worker_threads');
     parentPort.postMessage('started');
     const pause = new Int32Array(new SharedArrayBuffer(4));
     for (;;) {
       writeFileSync(path + '.tmp', 'secret');
       renameSync(path + '.tmp', path);
       Atomics.wait(pause, 0, 0, 0.2);
     }`,
    { eval: true, workerData: path },
  );
  onTestFinished(async () => void (await busy.terminate()));
  await once(busy, 'message');
  for (let round = 0; round < 500; round++) expect(readEveryFile(folder).get(path)).toBe('secret');
});
