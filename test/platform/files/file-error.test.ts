// Errors of the system about a file, as a person is told them: each with its reason and a command that helps.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UnavailableError } from '../../../src/core/errors.ts';
import { toFailure, toFileError } from '../../../src/platform/files/file-error.ts';
import { ensurePrivateDirectory } from '../../../src/platform/files/private-directory.ts';

const canMount =
  process.getuid?.() === 0 && process.platform === 'linux' && spawnSync('mount', ['--version']).status === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-error-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failure = (code: string, path?: string) => Object.assign(new Error(code), { code, ...(path && { path }) });

test.each([
  ['EDQUOT', 'the disk quota is used up', () => `df -h ${folder}`],
  ['EIO', 'the disk reports an error', () => `df -h ${folder}`],
  ['EROFS', 'the file system is read-only', () => `df -h ${folder}`],
  ['EISDIR', 'it is a folder', () => `mv ${folder}/missing/file ${folder}/missing/file.old`],
  ['ENOTDIR', 'a part of its path is not a folder', () => `mv ${folder}/missing/file ${folder}/missing/file.old`],
  ['EACCES', 'permission denied', () => `ls -ld ${folder}/missing/file`],
  ['EOWNERDEAD', 'the system reports EOWNERDEAD', () => `ls -ld ${folder}/missing/file`],
])('%s says that %s', (code, reason, hint) => {
  const path = join(folder, 'missing', 'file');
  const expected = { code: 'file-not-writable', exitCode: 7, hint: hint() };
  const error = toFileError(failure(code), path, 'written');
  expect(error).toMatchObject({ ...expected, message: `${path} cannot be written: ${reason}.` });
  expect(toFailure(failure(code, path))).toMatchObject({ ...expected, message: `${path} cannot be used: ${reason}.` });
});

test('suggests to restore our permission on the file to read or the folder to write to', () => {
  const path = join(folder, "it's");
  writeFileSync(path, '');
  chmodSync(path, 0o200);
  const hintFor = (attempt: 'read' | 'written') => toFileError(failure('EACCES'), path, attempt).hint;
  expect(hintFor('read')).toBe(`chmod u+r '${folder}/it'\\''s'`);
  chmodSync(path, 0o600);
  chmodSync(folder, 0o500);
  expect(hintFor('written')).toBe(`chmod u+rwx ${folder}`);
  chmodSync(folder, 0o700);
});

test.each(['/', '/etc', '/dev/null', '/dev/zero'])('%s is never moved', (path) => {
  expect(toFileError(failure('EISDIR'), path, 'read').hint).toBe(`ls -ld ${path}`);
});

test("suggests to move a folder only if it is in the place of our file or the AWS CLI's", () => {
  const hintFor = (path: string) => {
    mkdirSync(path, { recursive: true });
    return toFileError(failure('EISDIR'), path, 'read').hint;
  };
  const ours = ['.aws/config', 'rolecall/daemon.lock', 'rolecall/catalog/a.json'].map((name) => join(folder, name));
  for (const path of ours) expect(hintFor(path)).toBe(`mv ${path} ${path}.old`);
  const others = [folder, join(folder, '.aws'), join(folder, 'rolecall', '.aws')];
  for (const path of others) expect(hintFor(path)).toBe(`ls -ld ${path}`);
  expect(toFileError(failure('ENOTDIR'), '/dev/null/x', 'used').hint).toBe('ls -ld /dev/null');
});

test('suggests to move an obstacle to an unused name', () => {
  const [link, file] = [join(folder, 'link'), join(folder, 'file')];
  symlinkSync('/dev/null', link);
  writeFileSync(file, '');
  writeFileSync(`${file}.old`, '');
  expect(toFileError(failure('ELOOP'), link, 'used')).toMatchObject({
    message: `${link} cannot be used: it is a symbolic link.`,
    hint: `mv ${link} ${link}.old`,
  });
  expect(toFileError(failure('ENOTDIR'), join(file, 'a', 'b'), 'used')).toMatchObject({
    message: `${file}/a/b cannot be used: ${file} is not a folder.`,
    hint: `mv ${file} ${file}.old2`,
  });
});

test('suggests all three permissions for a folder, also for a parent', () => {
  const below = join(folder, 'state', 'run');
  mkdirSync(below, { recursive: true });
  chmodSync(join(folder, 'state'), 0);
  const expected = `chmod u+rwx ${folder}/state`;
  expect(toFileError(failure('EACCES'), join(folder, 'state'), 'used').hint).toBe(expected);
  // Root sees what is in there, and so it is another folder that lacks nothing.
  if (process.getuid?.() !== 0) expect(toFileError(failure('EACCES'), join(below, 'it'), 'used').hint).toBe(expected);
  chmodSync(join(folder, 'state'), 0o700);
});

test("keeps an error that is not the system's error about a file", () => {
  const ours = new UnavailableError('secret-store-locked', 'Locked.');
  expect([toFailure(ours), toFileError(ours, '/x', 'read')]).toEqual([ours, ours]);
  expect(toFailure(new Error('x')).code).toBe('internal');
  expect(toFailure(undefined).code).toBe('internal');
  expect(toFailure(failure('ECONNREFUSED')).code).toBe('internal');
});

describe.skipIf(!canMount)('on a small disk (as root, by tmpfs)', () => {
  const disk = () => join(folder, 'disk');
  afterEach(() => execFileSync('umount', [disk()]));
  const mount = (options: string) => {
    mkdirSync(disk());
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk()]);
  };
  const failureOf = (act: () => void): unknown => {
    try {
      act();
      return undefined;
    } catch (error) {
      return toFailure(error);
    }
  };

  test('distinguishes a full disk from one without inodes', () => {
    mount('size=64k');
    const path = join(disk(), 'file');
    expect(failureOf(() => writeFileSync(path, Buffer.alloc(100_000)))).toMatchObject({
      code: 'file-not-writable',
      message: 'A file cannot be written: the disk is full.',
      hint: 'df -h',
    });
    rmSync(path);
    execFileSync('umount', [disk()]);
    rmSync(disk(), { recursive: true });
    mount('size=1m,nr_inodes=1');
    // A mount point is on its own disk, not on that of the folder above it.
    expect(toFailure(failure('EROFS', disk())).hint).toBe(`df -h ${disk()}`);
    const expected = {
      code: 'file-not-writable',
      message: expect.stringMatching(
        / cannot be used: the file system is out of inodes, so it can hold no more files\.$/,
      ),
      hint: `df -i ${disk()}`,
    };
    expect(failureOf(() => writeFileSync(path, ''))).toMatchObject(expected);
    expect(failureOf(() => ensurePrivateDirectory(path, process.getuid?.() ?? -1))).toMatchObject(expected);
  });
});
