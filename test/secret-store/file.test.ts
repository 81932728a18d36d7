// The encrypted file: the contract, and every way in which a file can be wrong without being written over.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFile, link, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createFileStore, type FileStore } from '../../src/secret-store/file.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { testSecretStore } from './contract.ts';
import { canForbidChanges, withoutChanges } from '../helpers/forbid-changes.ts';

const canMount =
  process.getuid?.() === 0 && process.platform === 'linux' && spawnSync('mount', ['--version']).status === 0;

const home = createTemporaryHome();
afterAll(() => home.remove());

const passphrase = new Secret('a passphrase');
/** The real one takes half a second each time. */
const cost = { N: 2 ** 10, r: 8, p: 1 };
const open = (path: string, phrase = passphrase) => createFileStore({ path, passphrase: phrase, cost });

describe('file store', () => {
  const store = open(join(home.path, 'contract.json'));
  testSecretStore(() => store);
});

describe('the secret file', () => {
  let folder: string;
  let path: string;
  let turn = 0;

  beforeEach(async () => {
    turn += 1;
    folder = join(home.path, `turn-${turn}`);
    path = join(folder, 'secrets.json');
    await mkdir(folder);
    await open(path).save('session:work', new Secret('refresh-token-canary'));
  });

  /** Every kind of call rejects alike and the file keeps every byte. */
  async function expectRefusal(phrase: Secret | undefined, code: string, words: RegExp): Promise<void> {
    const before = await readFile(path).catch(() => undefined);
    const store = createFileStore({ path, passphrase: phrase, cost });
    const calls = [
      store.load('session:work'),
      store.save('session:work', new Secret('other')),
      store.delete('session:work'),
      store.save('session:new', new Secret('other')),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { errorClass: 'UnavailableError', code } });
      expect(String((result as PromiseRejectedResult).reason)).toMatch(words);
    }
    expect(await store.findProblem()).toMatchObject({ code });
    expect(await readFile(path).catch(() => undefined)).toEqual(before);
  }

  /** Changes one field of the file. */
  async function alter(change: (fields: Record<string, unknown>) => void): Promise<void> {
    const fields = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    change(fields);
    await writeFile(path, JSON.stringify(fields));
  }

  test('another process reads it with the same passphrase', async () => {
    expect((await open(path).load('session:work'))?.reveal()).toBe('refresh-token-canary');
    expect(await open(path).findProblem()).toBeUndefined();
  });

  test('is 0600 and holds neither the secret nor its name', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain('canary');
    expect(text).not.toContain('session:work');
    expect(Object.keys(JSON.parse(text) as object)).toEqual([
      'version',
      'kdf',
      'salt',
      'verifier',
      'nonce',
      'tag',
      'ciphertext',
    ]);
  });

  test('no two writes use the same nonce, and no two files the same salt', async () => {
    const first = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    await open(path).save('session:work', new Secret('refresh-token-canary'));
    const second = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    expect(second['nonce']).not.toBe(first['nonce']);
    expect(second['salt']).toBe(first['salt']);
    const other = join(folder, 'other.json');
    await open(other).save('session:work', new Secret('x'));
    expect((JSON.parse(await readFile(other, 'utf8')) as Record<string, string>)['salt']).not.toBe(first['salt']);
  });

  test('uses the cost that OWASP recommends, and opens with no other', async () => {
    const real = join(folder, 'real.json');
    await createFileStore({ path: real, passphrase }).save('session:work', new Secret('x'));
    expect(JSON.parse(await readFile(real, 'utf8'))).toMatchObject({ kdf: 'scrypt-131072-8-1' });
    expect((await createFileStore({ path: real, passphrase }).load('session:work'))?.reveal()).toBe('x');
  });

  test("of an earlier version is read as it is, and gets today's cost and a new salt when written", async () => {
    const earlier = createFileStore({ path, passphrase, cost: { N: 2 ** 15, r: 8, p: 1 } });
    await rm(path);
    await earlier.save('session:work', new Secret('x'));
    const fieldsOf = async () => JSON.parse(await readFile(path, 'utf8')) as { kdf: string; salt: string };
    const before = await fieldsOf();
    expect(before.kdf).toBe('scrypt-32768-8-1');

    const store = open(path);
    expect((await store.load('session:work'))?.reveal()).toBe('x');
    expect(await fieldsOf()).toEqual(before);
    await store.save('session:home', new Secret('y'));
    const after = await fieldsOf();
    expect([after.kdf, after.salt === before.salt]).toEqual(['scrypt-1024-8-1', false]);
    for (const reader of [store, open(path)]) {
      expect((await reader.load('session:work'))?.reveal()).toBe('x');
      expect((await reader.load('session:home'))?.reveal()).toBe('y');
    }
    await expect(earlier.load('session:work')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
  });

  test('a delete of an absent name writes nothing', async () => {
    const before = await stat(path);
    await open(path).delete('session:absent');
    expect((await stat(path)).ino).toBe(before.ino);
  });

  test('an accent typed as one character or as two is the same passphrase', async () => {
    const other = join(folder, 'accent.json');
    await open(other, new Secret('caf\u00e9')).save('session:work', new Secret('x'));
    expect((await open(other, new Secret('cafe\u0301')).load('session:work'))?.reveal()).toBe('x');
  });

  test('opens with a cached key, and derives a key if the cached one is of another file', async () => {
    const saved: string[] = [];
    const openWith = (kept: string | undefined) =>
      createFileStore({ path, passphrase, cost, keyCache: { load: () => kept, save: (key) => void saved.push(key) } });
    await openWith(undefined).save('session:work', new Secret('x'));
    expect(saved).toHaveLength(1);
    expect((await openWith(saved[0]).load('session:work'))?.reveal()).toBe('x');
    expect(saved).toHaveLength(1);

    await rm(path);
    await openWith(undefined).save('session:work', new Secret('y'));
    expect((await openWith(saved[0]).load('session:work'))?.reveal()).toBe('y');
    expect(saved).toHaveLength(3);

    // Of a daemon of another version.
    for (const kept of ['no JSON', 'null', '[]', '{}', '']) {
      expect((await openWith(kept).load('session:work'))?.reveal()).toBe('y');
    }
  });

  test('is locked with the wrong passphrase', () =>
    expectRefusal(new Secret('another'), 'secret-store-locked', /ROLECALL_PASSPHRASE is not the passphrase/));

  test('is locked without a passphrase, and names the variable', async () => {
    await expectRefusal(undefined, 'secret-store-locked', /set ROLECALL_PASSPHRASE/);
    await expectRefusal(new Secret(''), 'secret-store-locked', /set ROLECALL_PASSPHRASE/);
  });

  test('no passphrase creates no file either', async () => {
    await Promise.all([path, `${path}.room`].map((name) => rm(name)));
    await expectRefusal(undefined, 'secret-store-locked', /set ROLECALL_PASSPHRASE/);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each(['ciphertext', 'tag', 'nonce'])('a changed %s is noticed', async (field) => {
    await alter((fields) => {
      const bytes = Buffer.from(String(fields[field]), 'base64');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      fields[field] = bytes.toString('base64');
    });
    await expectRefusal(passphrase, 'secret-store-unavailable', /damaged or was modified/);
  });

  test('refuses a short tag', async () => {
    await alter((fields) => {
      fields['tag'] = Buffer.from(String(fields['tag']), 'base64').subarray(0, 4).toString('base64');
    });
    await expectRefusal(passphrase, 'secret-store-unavailable', /damaged or was modified/);
  });

  test('a ciphertext of another file under the same passphrase is noticed', async () => {
    const other = join(folder, 'other.json');
    await open(other).save('session:work', new Secret('x'));
    const otherFields = JSON.parse(await readFile(other, 'utf8')) as Record<string, unknown>;
    await alter((fields) => Object.assign(fields, otherFields, { salt: fields['salt'], verifier: fields['verifier'] }));
    await expectRefusal(passphrase, 'secret-store-unavailable', /damaged or was modified/);
  });

  test.each(['', '{', '[]', 'null', '{"version":1}', '{"version":"1"}', '<html>'])(
    'the text %j is damage',
    async (text) => {
      await writeFile(path, text);
      await expectRefusal(passphrase, 'secret-store-unavailable', /damaged or was modified/);
    },
  );

  test('reports a truncated file as damaged', async () => {
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -20));
    await expectRefusal(passphrase, 'secret-store-unavailable', /damaged or was modified/);
  });

  test('a newer version and another key derivation are refused', async () => {
    await alter((fields) => (fields['version'] = 2));
    await expectRefusal(passphrase, 'secret-store-unavailable', /version 2.*newer rolecall wrote it/);
    await alter((fields) => Object.assign(fields, { version: 1, kdf: 'scrypt-2-8-1' }));
    await expectRefusal(passphrase, 'secret-store-unavailable', /does not know/);
  });

  test('a path that cannot be read is an error, not an empty store', async () => {
    await rm(path);
    await mkdir(path);
    await expectRefusal(passphrase, 'secret-store-unavailable', /cannot be read/);
  });

  test('reads a dangling symlink as absent, and replaces it with a file', async () => {
    await rm(path);
    await symlink(join(folder, 'nowhere'), path);
    expect(await open(path).load('session:work')).toBeUndefined();
  });

  test('fails in a read-only folder, and leaves nothing behind', async () => {
    const gone = join(folder, 'gone', 'secrets.json');
    await expect(open(gone).save('session:work', new Secret('x'))).rejects.toMatchObject({
      code: 'secret-store-unavailable',
      message: `The secret file ${gone} cannot be written: a folder in its path does not exist.`,
      hint: `mkdir -p -m 700 ${join(folder, 'gone')}`,
    });
  });

  test.skipIf(!canForbidChanges())('a read-only folder keeps the old file', async () => {
    await withoutChanges(folder, () =>
      expect(open(path).save('session:work', new Secret('x'))).rejects.toMatchObject({
        code: 'secret-store-unavailable',
      }),
    );
    expect((await open(path).load('session:work'))?.reveal()).toBe('refresh-token-canary');
  });

  test('leaves nothing beside it but the reserved space for the next write', async () => {
    const store = open(path);
    await Promise.all([1, 2, 3].map((n) => store.save(`session:${n}`, new Secret('x'))));
    expect(await readdir(folder)).toEqual(['secrets.json', 'secrets.json.room']);
  });

  test('removes what a process left that was killed during a write', async () => {
    const left = `${path}.tmp`;
    for (const use of [
      (store: FileStore) => store.load('session:work'),
      (store: FileStore) => store.save('session:work', new Secret('x')),
      (store: FileStore) => store.findProblem(),
    ]) {
      await writeFile(left, 'half of an envel');
      await use(open(path));
      expect(await readdir(folder)).toEqual(['secrets.json', 'secrets.json.room']);
    }
    // Or with the next write.
    const store = open(path);
    await store.load('session:work');
    await writeFile(left, 'half of an envel');
    await store.save('session:work', new Secret('y'));
    expect(await readdir(folder)).toEqual(['secrets.json', 'secrets.json.room']);
    expect((await open(path).load('session:work'))?.reveal()).toBe('y');
  });

  test('does not write into reserved space that is a link or has another mode', async () => {
    const precious = join(folder, 'precious');
    const room = `${path}.room`;
    await writeFile(precious, 'mine', { mode: 0o600 });
    for (const put of [
      () => symlink(precious, room),
      () => link(precious, room),
      () => mkdir(join(room, 'x'), { recursive: true }),
    ]) {
      await rm(room, { recursive: true, force: true });
      await put();
      await open(path).save('session:work', new Secret('y'));
      expect(await readFile(precious, 'utf8')).toBe('mine');
      expect((await open(path).load('session:work'))?.reveal()).toBe('y');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  describe.skipIf(!canMount)('on a small disk of its own (as root, by tmpfs)', () => {
    beforeEach(() => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]));
    afterEach(() => void execFileSync('umount', [folder]));

    test('keeps tokens that were replaced while the disk was full, even after a kill', async () => {
      const tokens = (turn: number) => new Secret(`${turn} `.repeat(2000));
      await open(path).save('session:work', tokens(0));
      const fill = join(folder, 'fill');
      await writeFile(fill, Buffer.alloc(1024 * 1024)).catch(() => undefined);
      for (let turn = 1; turn < 10; turn += 1) {
        await open(path).save('session:work', tokens(turn));
        expect((await open(path).load('session:work'))?.reveal()).toBe(tokens(turn).reveal());
        await appendFile(fill, Buffer.alloc(turn === 5 ? 1024 * 1024 : 0)).catch(() => undefined);
      }
      // More than there is room for is an error that says so, and the old file stays.
      await rm(`${path}.room`, { force: true });
      await appendFile(fill, Buffer.alloc(1024 * 1024)).catch(() => undefined);
      await expect(open(path).save('session:work', tokens(10))).rejects.toMatchObject({
        message: `The secret file ${path} cannot be written: the disk is full.`,
        hint: `df -h ${folder}`,
      });
      expect((await open(path).load('session:work'))?.reveal()).toBe(tokens(9).reveal());
    });
  });

  test('keeps the other secrets if a save follows the deletion of the file', async () => {
    const store = open(path);
    await store.save('session:home', new Secret('another-canary'));
    await rm(path);
    await store.save('session:work', new Secret('newer-canary'));
    const later = open(path);
    expect((await later.load('session:home'))?.reveal()).toBe('another-canary');
    expect((await later.load('session:work'))?.reveal()).toBe('newer-canary');
  });

  test('a save that fails does not stop the next one', async () => {
    const late = join(folder, 'late', 'secrets.json');
    const store = open(late);
    const failing = store.save('session:a', new Secret('x'));
    await expect(failing).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await mkdir(join(folder, 'late'));
    await store.save('session:a', new Secret('y'));
    expect((await store.load('session:a'))?.reveal()).toBe('y');
  });
});
