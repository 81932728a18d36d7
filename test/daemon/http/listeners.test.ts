// Listening on a path: replaces dead sockets, and keeps and names anything else that is in the way.
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quoteForShell } from '../../../src/core/text/quote-for-shell.ts';
import { aliasSocket, listenOnSocket, removeAlias } from '../../../src/daemon/http/listeners.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const USER_ID = process.getuid?.() ?? -1;

let home: TemporaryHome;
let servers: { close(): unknown }[] = [];
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(async () => {
  for (const server of servers) server.close();
  servers = [];
  await home.remove();
});

const at = (...names: string[]) => join(home.path, ...names);

function createOwnServer(): Server {
  const server = createHttpServer();
  servers.push(server);
  return server;
}

/** A socket of another program that is listening. */
async function listenAsAnother(path: string): Promise<() => Promise<void>> {
  const other = createServer((socket) => socket.destroy());
  servers.push(other);
  await new Promise<void>((resolve) => other.listen(path, resolve));
  return () => new Promise((resolve) => other.close(() => resolve()));
}

/** The socket file of a killed daemon, on which nobody listens. */
async function leaveDeadSocket(path: string): Promise<void> {
  const close = await listenAsAnother(at('short-lived.sock'));
  linkSync(at('short-lived.sock'), path);
  await close();
  expect(lstatSync(path).isSocket()).toBe(true);
}

test('creates a 0600 socket in a 0700 folder, and keeps the umask of the process', async () => {
  const usual = process.umask(0o022);
  await listenOnSocket(createOwnServer(), at('run', 'rolecall', 'd.sock'), USER_ID);
  expect(
    [lstatSync(at('run', 'rolecall')), lstatSync(at('run', 'rolecall', 'd.sock'))].map(({ mode }) => mode & 0o777),
  ).toEqual([0o700, 0o600]);
  expect(process.umask(usual)).toBe(0o022);
});

test('replaces a dead socket and an old alias', async () => {
  mkdirSync(at('run', 'own'), { mode: 0o700 });
  await leaveDeadSocket(at('run', 'own', 'dead.sock'));
  symlinkSync('/nowhere', at('run', 'own', 'alias.sock'));
  for (const name of ['dead.sock', 'alias.sock']) {
    await listenOnSocket(createOwnServer(), at('run', 'own', name), USER_ID);
    expect(lstatSync(at('run', 'own', name)).isSocket()).toBe(true);
  }
});

test('refuses a socket in use, a file and a path that is too long, and changes none of them', async () => {
  mkdirSync(at('run', 'own'), { mode: 0o700 });
  const living = at('run', 'own', 'living.sock');
  await listenAsAnother(living);
  const file = at('run', 'own', "it's a file");
  writeFileSync(file, 'precious');
  const long = at('a'.repeat(100), 'd.sock');
  const rows = [
    [living, 'another program listens there', 'rolecall daemon stop'],
    [file, 'a file that is not a socket is in the way', `mv ${quoteForShell(file)} ${quoteForShell(`${file}.old`)}`],
    [long, 'its path is too long for a socket', 'export ROLECALL_SOCKET=$HOME/.rolecall/daemon.sock'],
  ] as const;
  for (const [path, reason, hint] of rows) {
    await expect(listenOnSocket(createOwnServer(), path, USER_ID)).rejects.toMatchObject({
      code: 'file-not-writable',
      message: `The socket ${path} can't be used: ${reason}.`,
      hint,
    });
  }
  expect(lstatSync(living).isSocket()).toBe(true);
  expect(existsSync(file)).toBe(true);
});

test.skipIf(!canBeSomebodyElse)('creates no socket in a folder that another user could replace', async () => {
  mkdirSync(at('theirs'));
  chownSync(at('theirs'), SOMEBODY_ELSE, SOMEBODY_ELSE);
  const path = at('theirs', 'rolecall', 'd.sock');
  await expect(listenOnSocket(createOwnServer(), path, USER_ID)).rejects.toMatchObject({
    code: 'file-not-writable',
    message: `${join(path, '..')} is not safe to use, because other users could replace it: ${at('theirs')} belongs to another user (uid ${SOMEBODY_ELSE}).`,
    hint: 'unset XDG_STATE_HOME XDG_RUNTIME_DIR ROLECALL_SOCKET',
  });
  expect(existsSync(path)).toBe(false);
});

test('creates the alias over dead ones only, and removes it if it is still its own', async () => {
  const socketPath = at('run', 'd.sock');
  const aliasPath = at('state', 'run', 'd.sock');
  await aliasSocket(aliasPath, socketPath, USER_ID);
  expect(readlinkSync(aliasPath)).toBe(socketPath);
  // Once more, over its own.
  await aliasSocket(aliasPath, socketPath, USER_ID);
  // Another daemon's alias is not ours to remove.
  removeAlias(aliasPath, '/other.sock');
  expect(readlinkSync(aliasPath)).toBe(socketPath);
  removeAlias(aliasPath, socketPath);
  removeAlias(aliasPath, socketPath);
  expect(existsSync(aliasPath)).toBe(false);

  await leaveDeadSocket(aliasPath);
  await aliasSocket(aliasPath, socketPath, USER_ID);
  removeAlias(aliasPath, socketPath);
  await listenAsAnother(aliasPath);
  await expect(aliasSocket(aliasPath, socketPath, USER_ID)).rejects.toMatchObject({
    message: `The socket ${aliasPath} can't be used: another program listens there.`,
  });
  removeAlias(aliasPath, socketPath);
  expect(lstatSync(aliasPath).isSocket()).toBe(true);
});

test('creates no alias if both paths are the same', async () => {
  await aliasSocket(at('d.sock'), at('d.sock'), USER_ID);
  expect(existsSync(at('d.sock'))).toBe(false);
  removeAlias(at('d.sock'), at('d.sock'));
});
