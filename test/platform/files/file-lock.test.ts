// The kernel's lock on a file: one holder among all processes, released however the holder ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { isLockUnsupported, tryLockFile } from '../../../src/platform/files/file-lock.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const path = join(mkdtempSync(join(tmpdir(), 'rolecall-file-lock-')), 'a.lock');
writeFileSync(path, '');

function open(): number {
  const fd = openSync(path, 'r+');
  onTestFinished(() => {
    try {
      closeSync(fd);
    } catch {
      // The test has closed it.
    }
  });
  return fd;
}

test('is held by one open file at a time, and released by closing it', () => {
  const [first, second] = [open(), open()];
  expect([tryLockFile(first), tryLockFile(second)]).toEqual([true, false]);
  closeSync(first);
  expect(tryLockFile(second)).toBe(true);
});

test('is released when the process that holds it is killed', async () => {
  const packageFolder = fileURLToPath(new URL('../../../package.json', import.meta.url));
  const script = `const { tryLock } = require('node:module').createRequire(process.argv[1])('fs-native-extensions');
    console.log(tryLock(require('node:fs').openSync(process.argv[2], 'r+')));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script, packageFolder, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('true\n');
  const fd = open();
  expect(tryLockFile(fd)).toBe(false);
  child.kill('SIGKILL');
  await waitFor('the lock of the killed process', () => tryLockFile(fd));
});

test('tells a file system without locks from another failure', () => {
  const codes = ['ENOLCK', 'EOPNOTSUPP', 'EBADF', 'EACCES'];
  expect(codes.filter((code) => isLockUnsupported({ code }))).toEqual(['ENOLCK', 'EOPNOTSUPP']);
  expect(() => tryLockFile(-1)).toThrow();
});
