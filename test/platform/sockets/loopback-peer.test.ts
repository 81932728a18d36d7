// Whose program is at the other end of a connection: the kernel's tables, read as text and for real.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createPeerCheck, type LoopbackConnection } from '../../../src/platform/sockets/loopback-peer.ts';
import { canBeSomebodyElse, runAsSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { openSocket } from '../../daemon/raw-http.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                 \n';
const row = (local: string, remote: string, userId: number, inode = 4711) =>
  `   7: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000  ${userId}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;
/** 127.0.0.1:33000 has called 127.0.0.1:8080. */
const CONNECTION: Readonly<LoopbackConnection> = {
  clientAddress: '127.0.0.1',
  clientPort: 33_000,
  serverAddress: '127.0.0.1',
  serverPort: 8080,
};
const CLIENT = '0100007F:80E8';
const SERVER = '0100007F:1F90';
const MAPPED = '0000000000000000FFFF0000';

/** Whether the check serves CONNECTION on a Linux whose tables are `tables`; what is not there can't be read. */
async function isServed(options: {
  readonly tables: { readonly tcp?: string; readonly tcp6?: string };
  readonly userIds?: readonly number[];
  readonly kernelRelease?: string;
  readonly servesWindows?: boolean;
  readonly byteOrder?: 'LE' | 'BE';
}): Promise<boolean> {
  const check = createPeerCheck({
    userIds: options.userIds ?? [1000],
    servesWindows: options.servesWindows ?? true,
    platform: 'linux',
    kernelRelease: options.kernelRelease ?? LINUX,
    byteOrder: options.byteOrder ?? 'LE',
    async *readTable(name) {
      const text = options.tables[name];
      if (text === undefined) throw new Error('ENOENT');
      yield HEAD;
      yield text;
    },
  });
  return check(CONNECTION, () => false);
}

const LINUX = '6.12.43+deb13-amd64';
const WSL = '6.6.87.2-microsoft-standard-WSL2';
const owned = (userId: number) => row(CLIENT, SERVER, userId);
const mapped = (userId: number) => row(`${MAPPED}${CLIENT}`, `${MAPPED}${SERVER}`, userId);

describe('a table', () => {
  test('tells the user of the calling side, not of the listening one', async () => {
    const both = row(SERVER, CLIENT, 1000) + row(CLIENT, SERVER, 1001);
    expect(await isServed({ tables: { tcp: both } })).toBe(false);
    expect(await isServed({ tables: { tcp: both }, userIds: [1001] })).toBe(true);
    expect(await isServed({ tables: { tcp: row(SERVER, CLIENT, 1000) } })).toBe(false);
  });

  test('is read in the byte order of the machine', async () => {
    const tcp = row('7F000001:80E8', '7F000001:1F90', 1000);
    expect(await isServed({ tables: { tcp }, byteOrder: 'BE' })).toBe(true);
    expect(await isServed({ tables: { tcp }, byteOrder: 'LE' })).toBe(false);
    const tcp6 = row(`00000000000000000000FFFF7F000001:80E8`, `00000000000000000000FFFF7F000001:1F90`, 1000);
    expect(await isServed({ tables: { tcp: '', tcp6 }, byteOrder: 'BE' })).toBe(true);
  });

  test.each([
    ['another port of the caller', row('0100007F:80E9', SERVER, 1000)],
    ['another port of ours', row(CLIENT, '0100007F:1F91', 1000)],
    ['another address of the caller', row('0200007F:80E8', SERVER, 1000)],
    ['another address of ours', row(CLIENT, '0200007F:1F90', 1000)],
    ['only one side IPv4-mapped', row(`${MAPPED}${CLIENT}`, SERVER, 1000)],
    ['a socket that nobody holds any more, which counts as root', row(CLIENT, SERVER, 0, 0)],
    ['a line cut short', `   7: ${CLIENT} ${SERVER} 01\n`],
    ['nothing', ''],
  ])('says nothing of the connection: %s', async (_what, tcp) => {
    expect(await isServed({ tables: { tcp } })).toBe(false);
  });

  test('has ::1 for an IPv6 connection', async () => {
    const loopback = '00000000000000000000000001000000';
    const rows = row(`${loopback}:80E8`, `${loopback}:1F90`, 1000);
    const check = createPeerCheck({
      userIds: [1000],
      servesWindows: false,
      platform: 'linux',
      byteOrder: 'LE',
      async *readTable(name) {
        yield name === 'tcp6' ? rows : HEAD;
      },
    });
    const connection = { ...CONNECTION, clientAddress: '::1', serverAddress: '::1' };
    expect(await check(connection, () => false)).toBe(true);
    expect(await check({ ...connection, clientAddress: 'fe80::1' }, () => false)).toBe(false);
  });
});

describe('the check', () => {
  test.each([
    ['a program of ours', { tables: { tcp: owned(1000) } }, true],
    ['one that asked for IPv6', { tables: { tcp: HEAD, tcp6: mapped(1000) } }, true],
    ['another user', { tables: { tcp: owned(1001) } }, false],
    ['another user by IPv6', { tables: { tcp: HEAD, tcp6: mapped(1001) } }, false],
    ['root', { tables: { tcp: owned(0) } }, false],
    ['root where it is served', { tables: { tcp: owned(0) }, userIds: [1000, 0] }, true],
    ['somebody in no table', { tables: { tcp: HEAD, tcp6: HEAD } }, false],
    ['somebody in no table of a machine without IPv6', { tables: { tcp: HEAD } }, false],
    ['anybody whose table cannot be read', { tables: {} }, false],
    ['a program of ours under WSL', { tables: { tcp: owned(1000) }, kernelRelease: WSL }, true],
    ["Windows' programs, by root's relay under WSL", { tables: { tcp: owned(0) }, kernelRelease: WSL }, true],
    ["Windows' programs, in no table under WSL", { tables: { tcp: HEAD }, kernelRelease: WSL }, true],
    [
      "Windows' programs where they are not served",
      { tables: { tcp: HEAD }, kernelRelease: WSL, servesWindows: false },
      false,
    ],
    ['who has hung up under WSL', { tables: { tcp: row(CLIENT, SERVER, 0, 0) }, kernelRelease: WSL }, false],
    ['another user under WSL', { tables: { tcp: owned(1001) }, kernelRelease: WSL }, false],
  ])('of %s', async (_who, options, expected) => {
    expect(await isServed(options)).toBe(expected);
  });

  test('accepts everybody on macOS, which has no such table', async () => {
    const check = createPeerCheck({ userIds: [1000], servesWindows: false, platform: 'darwin' });
    expect(await check(CONNECTION, () => false)).toBe(true);
  });

  /** A check whose readings of the table end one by one. */
  function createSlowCheck() {
    const readings: { end: (rows: string) => void }[] = [];
    const check = createPeerCheck({
      userIds: [1000],
      servesWindows: false,
      platform: 'linux',
      kernelRelease: LINUX,
      byteOrder: 'LE',
      async *readTable(name) {
        if (name === 'tcp6') return;
        yield await new Promise<string>((resolve) => void readings.push({ end: resolve }));
      },
    });
    return { check, readings };
  }

  test('reads again if a row was missed', async () => {
    const { check, readings } = createSlowCheck();
    const verdict = check(CONNECTION, () => false);
    for (const [index, rows] of [HEAD, HEAD, owned(1000)].entries()) {
      await waitFor('the next reading', () => readings.length === index + 1);
      readings[index]?.end(rows);
    }
    expect(await verdict).toBe(true);
  });

  test('does not read again for a connection that has ended', async () => {
    const { check, readings } = createSlowCheck();
    const verdict = check(CONNECTION, () => true);
    await waitFor('the reading', () => readings.length === 1);
    readings[0]?.end(HEAD);
    expect(await verdict).toBe(false);
    expect(readings).toHaveLength(1);
  });

  test('reads once for all connections that arrived during the last read', async () => {
    const { check, readings } = createSlowCheck();
    const first = check(CONNECTION, () => false);
    await waitFor('the first reading', () => readings.length === 1);
    const others = [1, 2, 3, 4].map((port) => check({ ...CONNECTION, clientPort: port }, () => false));
    // The first reading began before the others came, and so says nothing about them.
    const rows = [1, 2, 3, 4].map((port) => row(`0100007F:000${port}`, SERVER, port === 4 ? 1001 : 1000)).join('');
    readings[0]?.end(owned(1000) + rows);
    expect(await first).toBe(true);
    await waitFor('the second reading', () => readings.length === 2);
    readings[1]?.end(rows);
    expect(await Promise.all(others)).toEqual([true, true, true, false]);
    expect(readings).toHaveLength(2);
  });
});

describe.skipIf(process.platform !== 'linux')('real connections', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** A server that tells of each caller whether it is one of `userId`'s. */
  async function listen(userId: number): Promise<{ port: number; verdicts: boolean[] }> {
    const verdicts: boolean[] = [];
    const check = createPeerCheck({ userIds: [userId], servesWindows: false });
    server = createServer((socket) => {
      const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
      const connection = {
        clientAddress: remoteAddress,
        clientPort: remotePort,
        serverAddress: localAddress,
        serverPort: localPort,
      };
      void check(connection, () => socket.destroyed).then((verdict) => {
        verdicts.push(verdict);
        socket.end();
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, verdicts };
  }

  const connectFrom = (target: { host: string; port: number; localAddress?: string }) =>
    new Promise<void>((resolve, reject) => {
      openSocket(target)
        .on('error', reject)
        .on('close', () => resolve())
        .resume();
    });

  test('of our own are recognized, also from other loopback addresses and over IPv6', async () => {
    const { port, verdicts } = await listen(process.getuid?.() ?? -1);
    await connectFrom({ host: '127.0.0.1', port });
    await connectFrom({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
    await connectFrom({ host: '::ffff:127.0.0.1', port });
    expect(verdicts).toEqual([true, true, true]);
  });

  test('of our own are not attributed to another user', async () => {
    const { port, verdicts } = await listen(SOMEBODY_ELSE);
    await connectFrom({ host: '127.0.0.1', port });
    expect(verdicts).toEqual([false]);
  });

  test.skipIf(!canBeSomebodyElse)('of another user are told from ours', async () => {
    const script = `
      const [port] = process.argv.slice(1);
      require('net').connect(port, '127.0.0.1').resume().on('close', () => console.log('closed'));`;
    const ours = await listen(0);
    expect(await runAsSomebodyElse(script, [String(ours.port)])).toBe('closed\n');
    server?.close();
    const theirs = await listen(SOMEBODY_ELSE);
    expect(await runAsSomebodyElse(script, [String(theirs.port)])).toBe('closed\n');
    expect([ours.verdicts, theirs.verdicts]).toEqual([[false], [true]]);
  });
});
