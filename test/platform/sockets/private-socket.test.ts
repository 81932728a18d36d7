// Which sockets are ours to speak to, by what is on the disk.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { inspectSocket } from '../../../src/platform/sockets/private-socket.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
const servers: Server[] = [];
const me = process.geteuid?.() ?? -1;
let count = 0;
let runtime: string;
let folder: string;
let socket: string;

beforeAll(() => {
  home = createTemporaryHome();
});
beforeEach(async () => {
  count += 1;
  runtime = join(home.path, `r${count}`);
  folder = join(runtime, 'rolecall');
  socket = join(folder, 's');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await listen(socket);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await home.remove();
});

async function listen(path: string): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

const foreign = (end: string, hint = 'unset XDG_RUNTIME_DIR ROLECALL_SOCKET') => ({
  state: 'foreign',
  message: `The socket ${socket} ${end}.`,
  hint,
});

test('accepts our own socket in our own folder', () => {
  expect(inspectSocket(socket, me)).toEqual({ state: 'ours', path: socket });
});

test('follows one symlink in our own folder', async () => {
  const alias = join(home.path, `alias${count}`);
  symlinkSync(socket, alias);
  expect(inspectSocket(alias, me)).toEqual({ state: 'ours', path: socket });
  const second = join(home.path, `second${count}`);
  symlinkSync(alias, second);
  expect(inspectSocket(second, me)).toEqual({ state: 'absent' });
});

test('treats nothing, a file, a folder, a file as a folder and a dangling symlink as absent', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const dangling = join(folder, 'dangling');
  symlinkSync(join(folder, 'none'), dangling);
  for (const path of [join(folder, 'none'), file, folder, join(file, 's'), dangling, join(folder, 'x'.repeat(300))]) {
    expect({ path, found: inspectSocket(path, me) }).toEqual({ path, found: { state: 'absent' } });
  }
});

test('refuses a folder that others may write to, also behind a symlink', () => {
  const alias = join(home.path, `alias${count}`);
  symlinkSync(socket, alias);
  for (const mode of [0o770, 0o702, 0o1777]) {
    chmodSync(folder, mode);
    const refusal = foreign('is in a folder that other users can write to', `chmod 700 ${folder}`);
    expect(inspectSocket(socket, me)).toEqual(refusal);
    expect(inspectSocket(alias, me)).toEqual(refusal);
  }
});

test('refuses a folder that is a symbolic link', () => {
  const link = join(home.path, `link${count}`);
  symlinkSync(folder, link);
  expect(inspectSocket(join(link, 's'), me)).toMatchObject({
    state: 'foreign',
    message: `The socket ${join(link, 's')} is in a folder that is a symbolic link.`,
  });
});

describe('after sudo', () => {
  test('with a kept HOME explains whose socket it is, and how to run as that user', () => {
    expect(inspectSocket(socket, me + 1, home.path)).toEqual({
      state: 'foreign',
      message: `The socket ${socket} belongs to ${me === 0 ? 'root' : `user ${me}`}; this command runs as user ${me + 1} but with HOME of that user.`,
      hint: `sudo -u '#${me}' rolecall status`,
    });
    // Of their own home it is another's XDG_RUNTIME_DIR.
    expect(inspectSocket(socket, me + 1, '/nowhere')).toEqual(foreign('belongs to another user'));
  });

  test.skipIf(!canBeSomebodyElse)('as root with a kept HOME', () => {
    for (const path of [home.path, socket]) chownSync(path, SOMEBODY_ELSE, SOMEBODY_ELSE);
    expect(inspectSocket(socket, 0, home.path)).toEqual({
      state: 'foreign',
      message: `The socket ${socket} belongs to user ${SOMEBODY_ELSE}; this command runs as root but with HOME of that user.`,
      hint: `sudo -u '#${SOMEBODY_ELSE}' rolecall status`,
    });
    chownSync(home.path, me, me);
  });

  test.skipIf(!canBeSomebodyElse)('that left a socket of root in a folder of this user', async () => {
    // Directly below /tmp: the folder of temporary files may be closed to others.
    runtime = mkdtempSync('/tmp/rolecall-sudo-');
    onTestFinished(() => rmSync(runtime, { recursive: true }));
    folder = join(runtime, 'rolecall');
    socket = join(folder, 's');
    mkdirSync(folder, { mode: 0o700 });
    await listen(socket);
    chownSync(runtime, SOMEBODY_ELSE, SOMEBODY_ELSE);
    const left = {
      state: 'foreign',
      message: `The socket ${socket} belongs to root although its folder is yours: the daemon was started with sudo.`,
      hint: `sudo fuser -k ${socket}; sudo chown -R ${SOMEBODY_ELSE} ${folder}`,
    };
    chmodSync(folder, 0o755);
    expect(inspectSocket(socket, SOMEBODY_ELSE, runtime)).toEqual(left);
    // As the daemon makes it, what is in the folder is hidden from everybody else.
    chmodSync(folder, 0o700);
    process.seteuid?.(SOMEBODY_ELSE);
    try {
      expect(inspectSocket(socket, SOMEBODY_ELSE, runtime)).toEqual(left);
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('of another user', () => {
  test.skipIf(!canBeSomebodyElse)('the socket, its folder, or the folder above is refused', () => {
    for (const [path, end] of [
      [socket, 'belongs to another user'],
      [folder, 'is in a folder of another user'],
      [runtime, 'is in a folder of another user'],
    ] as const) {
      chownSync(path, SOMEBODY_ELSE, SOMEBODY_ELSE);
      expect(inspectSocket(socket, me)).toEqual(foreign(end));
      chownSync(path, me, me);
    }
    expect(inspectSocket(socket, me)).toEqual({ state: 'ours', path: socket });
  });

  test('everything is foreign to another user', () => {
    expect(inspectSocket(socket, me + 1)).toEqual(foreign('belongs to another user'));
  });
});
