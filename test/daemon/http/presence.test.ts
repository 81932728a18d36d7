// The files that callers find the daemon by: restored when they are deleted, together with the state folder and its content.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createLocalApiClient } from '../../../src/local-api/client.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { inFolder, tryDaemonLock, waitForDaemonLock } from '../../../src/daemon/process/lock.ts';
import { canForbidChanges, withoutChanges } from '../../helpers/forbid-changes.ts';
import { createRig, createSignedInRig, type Rig } from '../../helpers/rig.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { deleteFolder } from '../../helpers/delete-folder.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

/** A client that tries only `path`. */
function askAt(path: string): Promise<number | undefined> {
  const client = createLocalApiClient({
    socketCandidates: [path],
    mayStart: false,
    startDaemon: () => Promise.reject(new Error('a rig starts its daemon itself')),
    clock: createSystemClock(),
  });
  return client.call('status', {}).then(
    ({ pid }) => pid,
    () => undefined,
  );
}

const aliasOf = ({ paths }: Rig) => paths.socketCandidates.at(-1) ?? '';

test.each<[string, (rig: Rig) => void]>([
  ['the socket', ({ paths }) => rmSync(paths.socketPath)],
  ['its folder', ({ paths }) => deleteFolder(dirname(paths.socketPath))],
  ['its folder, renamed', ({ paths }) => renameSync(dirname(paths.socketPath), `${dirname(paths.socketPath)}.old`)],
  ['the alias', (own) => rmSync(aliasOf(own))],
  ['the folder of the alias', (own) => rmSync(dirname(aliasOf(own)), { recursive: true })],
])('%s is made again as often as it is deleted', async (_name, remove) => {
  rig = await createRig();
  const own = rig;
  for (let round = 0; round < 3; round += 1) {
    remove(own);
    for (const path of own.paths.socketCandidates) {
      await waitFor(`an answer at ${path}`, async () => (await askAt(path)) === process.pid);
    }
    rmSync(`${dirname(own.paths.socketPath)}.old`, { recursive: true, force: true });
  }
  expect((await own.client.call('status', {})).problems).toEqual([]);
  await own.daemon().stop();
  expect(own.paths.socketCandidates.filter((path) => existsSync(path))).toEqual([]);
});

test("restores the socket even if the state folder can't be restored", async () => {
  rig = await createRig();
  const own = rig;
  renameSync(own.paths.stateDirectory, `${own.paths.stateDirectory}.old`);
  writeFileSync(own.paths.stateDirectory, 'no folder');
  deleteFolder(dirname(own.paths.socketPath));
  await waitFor('an answer at the socket', async () => (await askAt(own.paths.socketPath)) === process.pid);
  rmSync(own.paths.stateDirectory);
  await waitFor('the state folder', () => existsSync(own.paths.stateDirectory));
  await waitFor('no problem', async () => (await own.client.call('status', {})).problems.length === 0);
});

test('restores the secret file if only that is deleted', async () => {
  rig = await createSignedInRig({
    environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' },
  });
  const path = join(rig.paths.stateDirectory, 'secrets.json');
  const before = readFileSync(path, 'utf8');
  rmSync(path);
  await waitFor('the secret file', () => existsSync(path));
  expect(readFileSync(path, 'utf8')).toBe(before);
});

test.skipIf(!canForbidChanges())('a daemon that lost its lock stays until it has saved its sign-ins', async () => {
  let state: 'held' | 'lost' = 'held';
  let endings = 0;
  rig = await createSignedInRig({
    environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' },
    lock: { check: () => state, onLost: () => void (endings += 1), onRestored: () => undefined },
  });
  const { logLines, paths } = rig;
  const path = join(paths.stateDirectory, 'secrets.json');
  const before = readFileSync(path, 'utf8');
  state = 'lost';
  rmSync(path);
  await withoutChanges(paths.stateDirectory, async () => {
    await waitFor('a try', () => logLines.some((line) => line.startsWith('error The secret file')));
    expect(endings).toBe(0);
  });
  // Seen by whoever watches the folder.
  writeFileSync(paths.lockFile, '');
  await waitFor('the end', () => endings > 0);
  expect(readFileSync(path, 'utf8')).toBe(before);
});

test("a start continues if the lock's folder is deleted while it waits for the lock", async () => {
  const home = createTemporaryHome();
  const folder = join(home.path, 'state');
  const path = join(folder, 'daemon.lock');
  const makeFolder = () => void mkdirSync(folder, { recursive: true });
  makeFolder();
  const other = tryDaemonLock(path);
  expect(other).toBeDefined();
  const clock = { ...createSystemClock(), sleep: async () => deleteFolder(folder) };
  const lock = await inFolder(makeFolder, () => waitForDaemonLock(path, () => true, clock));
  expect(lock?.check()).toBe('held');
  for (const held of [lock, other]) held?.release();
  await home.remove();
});

test("moves the socket to its alias while its folder can't be created, and back later", async () => {
  rig = await createRig();
  const runtimeDirectory = dirname(dirname(rig.paths.socketPath));
  deleteFolder(runtimeDirectory);
  writeFileSync(runtimeDirectory, 'no folder');
  const own = rig;
  await waitFor('an answer at the alias', async () => (await askAt(aliasOf(own))) === process.pid);
  rmSync(runtimeDirectory);
  mkdirSync(runtimeDirectory, { mode: 0o700 });
  await waitFor('the socket', async () => (await askAt(own.paths.socketPath)) === process.pid);
  expect(await askAt(aliasOf(own))).toBe(process.pid);
});

test('a stopping daemon leaves the socket and address of another one alone', async () => {
  rig = await createRig();
  const { paths } = rig;
  const other = createServer((socket) => socket.destroy());
  try {
    rmSync(paths.socketPath);
    await new Promise<void>((resolve) => other.listen(paths.socketPath, resolve));
    writeFileSync(paths.webAddressFile, '{}');
    await rig.daemon().stop();
    expect([paths.socketPath, paths.webAddressFile].filter((path) => existsSync(path))).toEqual([
      paths.socketPath,
      paths.webAddressFile,
    ]);
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test('does not follow a symlink in place of the folder', async () => {
  rig = await createRig();
  const own = rig;
  const folder = dirname(own.paths.socketPath);
  const foreign = `${folder}.foreign`;
  mkdirSync(foreign, { mode: 0o700 });
  deleteFolder(folder);
  symlinkSync(foreign, folder);
  await waitFor('an answer at the alias', async () => (await askAt(aliasOf(own))) === process.pid);
  expect(readdirSync(foreign)).toEqual([]);
});

test('restores a deleted state folder from memory', async () => {
  rig = await createSignedInRig({
    environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' },
  });
  const own = rig;
  await own.runCli(['use', '--current', 'account1']);
  const files = ['current.json', 'secrets.json', 'profile-names.json', 'web.json'];
  const at = (name: string) => join(own.paths.stateDirectory, name);
  const before = files.map((name) => readFileSync(at(name), 'utf8'));
  deleteFolder(own.paths.stateDirectory);
  await waitFor('the files', () => files.every((name) => existsSync(at(name))));
  expect(files.map((name) => readFileSync(at(name), 'utf8'))).toEqual(before);
  // A write of the daemon's own may make the folder again first, which then gets the number of the deleted one.
  deleteFolder(own.paths.stateDirectory);
  mkdirSync(own.paths.stateDirectory, { mode: 0o700 });
  await waitFor('the files', () => files.every((name) => existsSync(at(name))));
  // At once as well, when there was no time to notice.
  deleteFolder(own.paths.stateDirectory);
  await own.restartDaemon();
  expect((await own.client.call('status', {})).sessions).toMatchObject([{ state: 'live' }]);
});

test('locks a deleted lock file again, and loses a replaced one', async () => {
  const home = createTemporaryHome();
  const path = join(home.path, 'daemon.lock');
  const first = tryDaemonLock(path);
  rmSync(path);
  expect([first?.check(), first?.check(), tryDaemonLock(path)]).toEqual(['renewed', 'held', undefined]);
  rmSync(path);
  const second = tryDaemonLock(path);
  expect([first?.check(), second?.check()]).toEqual(['lost', 'held']);
  first?.release();
  expect([second?.check(), tryDaemonLock(path)]).toEqual(['held', undefined]);
  second?.release();
  await home.remove();
});
