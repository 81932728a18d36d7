// Synchronous stats of sockets and pipes: as Node's own, and modules behind symlinks are found after them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as stats from '../../../src/platform/files/stat-sync.ts';

const MODULE = fileURLToPath(new URL('../../../src/platform/files/stat-sync.ts', import.meta.url));

let folder: string;
const socket = createServer();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stat-sync-'));
  await new Promise<void>((resolve) => void socket.listen(join(folder, 'socket'), resolve));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterAll(() => {
  socket.close();
  rmSync(folder, { recursive: true, force: true });
});

it('tells what is there, or that nothing is', () => {
  expect(stats.statSync(folder).isDirectory()).toBe(true);
  expect(stats.lstatSync(join(folder, 'socket')).isSocket()).toBe(true);
  expect(stats.lstatIfPresentSync(join(folder, 'pipe'))?.isFIFO()).toBe(true);
  expect(stats.fstatSync(openSync(MODULE, 'r')).isFile()).toBe(true);
  expect(stats.statIfPresentSync(join(folder, 'nothing'))).toBeUndefined();
  expect(() => stats.lstatSync(join(folder, 'nothing'))).toThrow('ENOENT');
});

it('deletes a socket or a pipe, and throws for something that it cannot delete', () => {
  execFileSync('mkfifo', [join(folder, 'other')]);
  stats.unlinkIfPresentSync(join(folder, 'other'));
  stats.unlinkIfPresentSync(join(folder, 'other'));
  expect(stats.lstatIfPresentSync(join(folder, 'other'))).toBeUndefined();
  expect(() => stats.unlinkIfPresentSync(folder)).toThrow(/EISDIR|EPERM/);
});

/*
 * A program that is installed behind a symlink, as pnpm installs, imports a package before and after it looks at a
 * socket. The same file under two paths is loaded twice.
 */
it.each(['statSync', 'lstatSync', 'statIfPresentSync', 'lstatIfPresentSync', 'fstatSync', 'unlinkIfPresentSync'])(
  '%s leaves no trace in what Node imports next',
  (name) => {
    const root = mkdtempSync(join(folder, 'installed-'));
    const store = join(root, 'store');
    for (const [name_, text] of [
      ['first', 'export {};'],
      ['second', 'export const url = import.meta.url;'],
    ] as const) {
      mkdirSync(join(store, name_), { recursive: true });
      writeFileSync(join(store, name_, 'package.json'), '{"type":"module","exports":"./index.js"}');
      writeFileSync(join(store, name_, 'index.js'), text);
    }
    symlinkSync(store, join(root, 'node_modules'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const compiled = new URL('../../../dist/platform/files/stat-sync.js', import.meta.url).href;
    const argument = name === 'fstatSync' ? "openSync('pipe', constants.O_RDWR)" : "'pipe'";
    writeFileSync(
      join(root, 'main.mjs'),
      `import { constants, openSync } from 'node:fs';
       import * as stats from '${compiled}';
       await import('first');
       stats.${name}(${argument});
       console.log((await import('second')).url);`,
    );
    const url = execFileSync(process.execPath, ['main.mjs'], { cwd: root, encoding: 'utf8' }).trim();
    expect(url).toBe(pathToFileURL(join(store, 'second', 'index.js')).href);
  },
);
