// The client of the local API against daemons that are absent, stale, foreign, slow, dying or talking nonsense.
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createNetServer, type Server, type Socket } from 'node:net';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/core/clock.ts';
import { toRolecallError } from '../../src/core/errors.ts';
import { createLocalApiClient, type LocalApiClient } from '../../src/local-api/client.ts';
import { readEvents } from '../../src/local-api/events.ts';
import type { StartedDaemon } from '../../src/platform/service/start-daemon.ts';
import { identifyProcess } from '../../src/platform/process/process-identity.ts';
import { listenAsSomebodyElse } from '../helpers/foreign-listener.ts';
import { canSeeProcesses } from '../helpers/processes.ts';
import { writePrivate } from '../helpers/rig.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../helpers/somebody-else.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

let home: TemporaryHome;
const servers = new Set<Server>();
const connections = new Set<Socket>();

beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(async () => {
  for (const connection of connections) connection.destroy();
  for (const server of servers) server.close();
  servers.clear();
  await home.remove();
});

const socketAt = (name: string) => join(home.path, name);

async function listen(server: Server, name: string): Promise<string> {
  const path = socketAt(name);
  server.on('connection', (connection) => connections.add(connection));
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const answering = (name: string, listener: RequestListener) => listen(createServer(listener), name);
/** A program behind the socket that does what it likes with the connection. */
const speaking = (name: string, speak: (socket: Socket) => void) => listen(createNetServer(speak), name);
const saying = (name: string, status: number, body: string) =>
  answering(name, (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body));

interface ClientOptions {
  readonly mayStart?: boolean;
  readonly startDaemon?: () => StartedDaemon | Promise<StartedDaemon>;
}

function createClient(socketCandidates: readonly string[], options: ClientOptions = {}): LocalApiClient {
  return createLocalApiClient({
    socketCandidates,
    mayStart: options.mayStart ?? options.startDaemon !== undefined,
    startDaemon: options.startDaemon ?? (() => Promise.reject(new Error('nothing was to be started'))),
    clock: createSystemClock(),
  });
}

/** A started daemon that is in whatever state the test says. */
function started(state: { failure?: ReturnType<StartedDaemon['failure']>; hasEnded?: boolean } = {}): StartedDaemon {
  return { failure: () => state.failure, hasEnded: () => state.hasEnded ?? false, release: () => undefined };
}

const failStart = () => Promise.reject(new Error('nothing was to be started'));

const STOPPED = JSON.stringify({ pid: 7 });

describe('the search for the daemon', () => {
  test('uses the first candidate at which a process listens', async () => {
    const first = await saying('first.sock', 200, '{"pid":1}');
    const second = await saying('second.sock', 200, '{"pid":2}');
    expect(await createClient([first, second]).call('stop', {})).toEqual({ pid: 1 });
    expect(await createClient([socketAt('none.sock'), second]).call('stop', {})).toEqual({ pid: 2 });
  });

  test('skips a stale socket, a file, a folder, a file as a folder and a path that is too long', async () => {
    const dying = createServer();
    const original = await listen(dying, 'dying.sock');
    const stale = socketAt('stale.sock');
    linkSync(original, stale);
    await new Promise((resolve) => dying.close(resolve));
    const file = socketAt('file.sock');
    writeFileSync(file, 'x');
    const folder = socketAt('folder.sock');
    mkdirSync(folder);
    const long = join(home.path, 'x'.repeat(200));
    const living = await saying('living.sock', 200, STOPPED);
    for (const dead of [stale, file, folder, join(file, 'daemon.sock'), long]) {
      expect(await createClient([dead, living]).call('stop', {})).toEqual({ pid: 7 });
      await expect(createClient([dead]).call('stop', {})).rejects.toMatchObject({ code: 'daemon-not-running' });
    }
  });

  test.skipIf(!canBeSomebodyElse)("past another user's, which is the error when nobody else answers", async () => {
    const theirs = await listenAsSomebodyElse({ pid: 666 });
    const living = await saying('living.sock', 200, STOPPED);
    try {
      expect(await createClient([theirs.socketPath, living]).call('stop', {})).toEqual({ pid: 7 });
      const refusal = {
        code: 'foreign-socket',
        exitCode: 3,
        message: `The socket ${theirs.socketPath} belongs to another user.`,
        hint: 'unset XDG_RUNTIME_DIR ROLECALL_SOCKET',
      };
      const candidates = [theirs.socketPath, socketAt('none.sock')];
      await expect(createClient(candidates).call('stop', {})).rejects.toMatchObject(refusal);
      // Nor is a daemon started: its socket would be the one that is refused.
      await expect(createClient(candidates, { startDaemon: failStart }).call('stop', {})).rejects.toMatchObject(
        refusal,
      );
      const events = readEvents({
        socketCandidates: candidates,
        clock: createSystemClock(),
        signal: new AbortController().signal,
      });
      await expect(events.next()).rejects.toMatchObject(refusal);
      expect(theirs.received).toEqual([]);
    } finally {
      await theirs.close();
    }
  });

  test('skips a folder of another user that we may not enter', async () => {
    // Below a folder that every user may pass, which the one for temporary files need not be.
    const shared = mkdtempSync('/tmp/rolecall-');
    const locked = join(shared, 'locked');
    mkdirSync(locked);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) {
      chownSync(shared, SOMEBODY_ELSE, SOMEBODY_ELSE);
      // Of a third user: root's HOME in this process would be a reason to speak of sudo.
      chownSync(locked, SOMEBODY_ELSE - 1, SOMEBODY_ELSE - 1);
    }
    chmodSync(locked, 0o000);
    // Nothing is forbidden to root.
    if (isRoot) process.seteuid?.(SOMEBODY_ELSE);
    try {
      const living = await saying(relative(home.path, join(shared, 'living.sock')), 200, STOPPED);
      const foreign = join(locked, 'daemon.sock');
      expect(await createClient([foreign, living]).call('stop', {})).toEqual({ pid: 7 });
      await expect(createClient([foreign, join(shared, 'none.sock')]).call('stop', {})).rejects.toMatchObject({
        code: 'foreign-socket',
        message: `The socket ${foreign} belongs to another user.`,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(locked, 0o700);
      rmSync(shared, { recursive: true });
    }
  });
});

describe('with no daemon', () => {
  test('fails with exit code 3 if none may be started', async () => {
    const expected = {
      code: 'daemon-not-running',
      exitCode: 3,
      message: 'The rolecall daemon is not running.',
      hint: 'rolecall daemon start',
    };
    const none = [socketAt('none.sock')];
    await expect(createClient(none, { mayStart: false }).call('status', {})).rejects.toMatchObject(expected);
    const willing = createClient(none, { startDaemon: () => started() });
    await expect(willing.call('status', {}, { autostart: false })).rejects.toMatchObject(expected);
  });

  test('starts one, and asks it as soon as it listens', async () => {
    let starts = 0;
    const client = createClient([socketAt('new.sock')], {
      startDaemon() {
        starts += 1;
        setTimeout(() => void saying('new.sock', 200, STOPPED), 80);
        return started();
      },
    });
    expect(await client.call('stop', {})).toEqual({ pid: 7 });
    expect(starts).toBe(1);
  });

  test("reports the daemon's reason if it fails to start", async () => {
    const failure = { code: 'settings-invalid', message: 'Line 1 of config.toml is wrong.', hint: 'rolecall status' };
    const client = createClient([socketAt('none.sock')], { startDaemon: () => started({ failure, hasEnded: true }) });
    await expect(client.call('status', {})).rejects.toMatchObject({
      ...failure,
      errorClass: 'UsageError',
      exitCode: 2,
    });
  });

  test('starts another one if the first lost the lock to a daemon that was just stopping', async () => {
    let starts = 0;
    const client = createClient([socketAt('late.sock')], {
      async startDaemon() {
        starts += 1;
        if (starts === 1) return started({ hasEnded: true });
        await saying('late.sock', 200, STOPPED);
        return started();
      },
    });
    expect(await client.call('stop', {})).toEqual({ pid: 7 });
    expect(starts).toBe(2);
  });

  test('gives up on one that never listens, within the deadline of the call', async () => {
    const client = createClient([socketAt('none.sock')], { startDaemon: () => started() });
    await expect(client.call('status', {}, { timeoutMs: 150 })).rejects.toMatchObject({
      code: 'daemon-not-answering',
      message: 'The daemon was started but did not answer in time.',
      hint: 'rolecall daemon run',
    });
  });

  test.runIf(canSeeProcesses)(
    'one that runs without a socket is named after seconds, unless it may be starting',
    async () => {
      const lockFile = join(home.path, 'daemon.lock');
      writePrivate(lockFile, JSON.stringify(identifyProcess(process.pid)));
      const socketPath = socketAt('none.sock');
      const startedAtMs = Date.now();
      const ask = (lockedAtMs: number) => {
        utimesSync(lockFile, lockedAtMs / 1000, lockedAtMs / 1000);
        let nowMs = startedAtMs;
        const clock = { nowMs: () => nowMs, sleep: async (durationMs: number) => void (nowMs += durationMs) };
        const options = {
          socketCandidates: [socketPath],
          mayStart: true,
          startDaemon: () => started(),
          lockFile,
          clock,
        };
        return createLocalApiClient(options)
          .call('status', {})
          .then(undefined, (thrown: unknown) => ({
            ...toRolecallError(thrown).toBody(),
            seconds: Math.round((nowMs - startedAtMs) / 1000),
          }));
      };
      const unreachable = {
        code: 'daemon-not-answering',
        message: `The daemon (pid ${process.pid}) is running, but does not listen at ${socketPath}.`,
        hint: 'rolecall daemon restart',
      };
      expect(await ask(startedAtMs - 3_600_000)).toEqual({ ...unreachable, seconds: 5 });
      expect(await ask(startedAtMs)).toEqual({ ...unreachable, seconds: 40 });
    },
  );

  test('stops waiting on Ctrl-C', async () => {
    const interrupt = new AbortController();
    const client = createClient([socketAt('none.sock')], { startDaemon: () => started() });
    const call = client.call('status', {}, { signal: interrupt.signal });
    setTimeout(() => interrupt.abort(new Error('interrupted')), 50);
    await expect(call).rejects.toThrow('interrupted');
  });
});

describe('a daemon that does not answer well', () => {
  const brokenOff = {
    code: 'daemon-not-answering',
    exitCode: 3,
    message: 'The daemon ended before it answered.',
    hint: 'rolecall daemon restart',
  };

  test('fails with exit code 3 if it dies before or during its answer', async () => {
    const deaths: readonly ((socket: Socket) => void)[] = [
      (socket) => socket.once('data', () => socket.destroy()),
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n')),
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"pid"')),
    ];
    for (const [index, death] of deaths.entries()) {
      const path = await speaking(`dying-${index}.sock`, death);
      await expect(createClient([path]).call('stop', {})).rejects.toMatchObject(brokenOff);
    }
  });

  test('asks the successor once if it stops during the request', async () => {
    let requests = 0;
    const path = await answering('stopping.sock', (request, response) => {
      requests += 1;
      if (requests === 1) request.socket.destroy();
      else response.end(STOPPED);
    });
    expect(await createClient([path], { startDaemon: () => started() }).call('stop', {})).toEqual({ pid: 7 });
    const dying = await speaking('always.sock', (socket) => {
      socket.once('data', () => {
        requests += 1;
        socket.destroy();
      });
    });
    await expect(createClient([dying], { startDaemon: () => started() }).call('status', {})).rejects.toMatchObject(
      brokenOff,
    );
    expect(requests).toBe(4);
  });

  test('applies the deadline to the whole answer, whether it is missing or endless', async () => {
    const silent = await speaking('silent.sock', () => undefined);
    const slow = await answering('slow.sock', (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    for (const path of [silent, slow]) {
      await expect(createClient([path]).call('status', {}, { timeoutMs: 120 })).rejects.toMatchObject({
        code: 'daemon-not-answering',
        message: 'The daemon did not answer within 1 s.',
        hint: 'rolecall daemon restart',
      });
    }
  });

  test('tells the caller if it hangs, and waits on or fails at once', async () => {
    const lockFile = join(home.path, 'daemon.lock');
    writePrivate(lockFile, JSON.stringify(identifyProcess(process.pid)));
    const held: Socket[] = [];
    const silent = await speaking('silent.sock', (socket) => void held.push(socket));
    const notes: string[] = [];
    const client = createLocalApiClient({
      socketCandidates: [silent],
      lockFile,
      mayStart: false,
      startDaemon: failStart,
      onSilence: (message) => {
        notes.push(message);
        // The first connection is the question, the second one asked for a sign of life.
        held[0]?.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"pid":1}');
      },
      silence: { afterMs: 20, probeMs: 50 },
      clock: createSystemClock(),
    });
    expect(await client.call('stop', {})).toEqual({ pid: 1 });
    const who = canSeeProcesses ? ` (pid ${process.pid})` : '';
    const message = expect.stringMatching(`^The daemon${who.replace(/[()]/gu, '\\$&')} does not answer(: it .*)?\\.$`);
    expect(notes).toEqual([message]);
    await expect(client.call('stop', {}, { failsOnSilence: true })).rejects.toMatchObject({
      code: 'daemon-not-answering',
      message,
      hint: 'rolecall daemon restart',
    });
    expect(notes).toHaveLength(1);
  });

  test('does not report that it hangs if only one answer is slow', async () => {
    const answers: (() => void)[] = [];
    const path = await answering('busy.sock', (request, response) => {
      if (request.url !== '/') return void answers.push(() => response.end('{"pid":1}'));
      response.writeHead(404).end('{}');
      answers.shift()?.();
    });
    const notes: string[] = [];
    const client = createLocalApiClient({
      socketCandidates: [path],
      mayStart: false,
      startDaemon: failStart,
      onSilence: (message) => void notes.push(message),
      silence: { afterMs: 20, probeMs: 10_000 },
      clock: createSystemClock(),
    });
    expect(await client.call('stop', {}, { failsOnSilence: true })).toEqual({ pid: 1 });
    expect(notes).toEqual([]);
  });

  test('recognizes another program at its socket', async () => {
    const path = await speaking('other.sock', (socket) => socket.end('SSH-2.0-OpenSSH_10\r\n'));
    await expect(createClient([path]).call('status', {})).rejects.toMatchObject({
      code: 'unusable-response',
      exitCode: 1,
      message: "Another program is listening at the daemon's socket.",
    });
  });

  test('handles an answer that is not JSON, an error without a code, and a code of a later version', async () => {
    const html = await saying('html.sock', 200, '<html>');
    await expect(createClient([html]).call('status', {})).rejects.toMatchObject({
      code: 'unusable-response',
      exitCode: 1,
      message: "The daemon's answer is not JSON.",
      hint: 'rolecall daemon restart',
    });
    for (const [index, body] of ['{}', 'null', '7', '[{}]', '{"code":1,"message":2}'].entries()) {
      const bare = await saying(`bare-${index}.sock`, 404, body);
      await expect(createClient([bare]).call('status', {}), body).rejects.toMatchObject({
        code: 'route-not-found',
        exitCode: 6,
        hint: 'rolecall daemon restart',
      });
    }
    const later = await saying('later.sock', 418, '{"code":"teapot","message":"I am a teapot.","hint":"rolecall ls"}');
    await expect(createClient([later]).call('status', {})).rejects.toMatchObject({
      code: 'internal',
      exitCode: 1,
      message: 'I am a teapot.',
      hint: 'rolecall ls',
    });
    const terse = await saying('terse.sock', 503, '{"code":"secret-store-locked","message":"Locked.","hint":7}');
    await expect(createClient([terse]).call('status', {})).rejects.toMatchObject({
      code: 'secret-store-locked',
      exitCode: 7,
      hint: 'rolecall status',
    });
  });
});

test('sends the input to the daemon unchanged, whatever it contains', async () => {
  const seen: object[] = [];
  const path = await answering('echo.sock', (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { host, accept } = request.headers;
      seen.push({ method: request.method, url: request.url, host, accept, body });
      response.writeHead(request.method === 'DELETE' ? 204 : 200).end(request.method === 'DELETE' ? '' : 'null');
    });
  });
  const client = createClient([path]);
  await client.call('credentials', { query: { session: 'a&role=b', account: '../..', role: 'ü\n' } });
  await client.call('accounts', { query: {} });
  expect(await client.call('cancelSignIn', { session: 'a/b c?' })).toBeUndefined();
  await client.call('startSignIn', { session: 's', body: { force: true } });
  const headers = { host: 'localhost', accept: 'application/json' };
  expect(seen).toEqual([
    { method: 'GET', url: '/v1/credentials?session=a%26role%3Db&account=..%2F..&role=%C3%BC%0A', ...headers, body: '' },
    { method: 'GET', url: '/v1/accounts', ...headers, body: '' },
    { method: 'DELETE', url: '/v1/sessions/a%2Fb%20c%3F/sign-in', ...headers, body: '' },
    { method: 'POST', url: '/v1/sessions/s/sign-in', ...headers, body: '{"force":true}' },
  ]);
});
