// Whose program is at the other end of a connection: the kernel's tables, read as text and for real.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createPeerCheck, findOwner, type LoopbackConnection } from '../../src/platform/loopback-peer.ts';
import { canBeSomebodyElse, runAsSomebodyElse, SOMEBODY_ELSE } from '../helpers/somebody-else.ts';
import { openSocket } from '../daemon/raw-http.ts';

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

describe('a table', () => {
  test('names the user of the calling side, not of the called one', () => {
    const table = HEAD + row(SERVER, CLIENT, 1000) + row(CLIENT, SERVER, 1001);
    expect(findOwner(table, CONNECTION, 'LE')).toBe(1001);
    expect(findOwner(HEAD + row(SERVER, CLIENT, 1000), CONNECTION, 'LE')).toBeUndefined();
  });

  test('names an IPv4 address in the clothes of IPv6', () => {
    const table = HEAD + row(`${MAPPED}${CLIENT}`, `${MAPPED}${SERVER}`, 1001);
    expect(findOwner(table, CONNECTION, 'LE')).toBe(1001);
  });

  test('is written in the byte order of the machine', () => {
    const table = row('7F000001:80E8', '7F000001:1F90', 1001);
    expect(findOwner(table, CONNECTION, 'BE')).toBe(1001);
    expect(findOwner(table, CONNECTION, 'LE')).toBeUndefined();
    expect(
      findOwner(
        row(`00000000000000000000FFFF7F000001:80E8`, `00000000000000000000FFFF7F000001:1F90`, 1),
        CONNECTION,
        'BE',
      ),
    ).toBe(1);
  });

  test.each([
    ['another port of the caller', row('0100007F:80E9', SERVER, 1000)],
    ['another port of ours', row(CLIENT, '0100007F:1F91', 1000)],
    ['another address of the caller', row('0200007F:80E8', SERVER, 1000)],
    ['another address of ours', row(CLIENT, '0200007F:1F90', 1000)],
    ['only one side in the clothes of IPv6', row(`${MAPPED}${CLIENT}`, SERVER, 1000)],
    ['a socket that nobody holds any more, which counts as root', row(CLIENT, SERVER, 0, 0)],
    ['a line cut short', `   7: ${CLIENT} ${SERVER} 01\n`],
    ['nothing', ''],
  ])('says nothing of the connection: %s', (_what, table) => {
    expect(findOwner(HEAD + table, CONNECTION, 'LE')).toBeUndefined();
  });
});

describe('the check', () => {
  const check = (files: Readonly<Record<string, string>>, userId = 1000) => {
    const read: string[] = [];
    const isOwnPeer = createPeerCheck({
      userId,
      async readProc(name) {
        read.push(name);
        const text = files[name];
        if (text === undefined) throw new Error('ENOENT');
        return text;
      },
    });
    return { isOwnPeer, read };
  };
  const owned = (userId: number) => row(CLIENT, SERVER, userId);
  const WSL = { 'sys/kernel/osrelease': '6.6.87.2-microsoft-standard-WSL2\n' };
  const LINUX = { 'sys/kernel/osrelease': '6.12.43+deb13-amd64\n' };

  test.each([
    ['a program of ours', { 'net/tcp': owned(1000), ...LINUX }, true],
    ['one that asked for IPv6', { 'net/tcp': HEAD, 'net/tcp6': mapped(1000), ...LINUX }, true],
    ['another user', { 'net/tcp': owned(1001), ...LINUX }, false],
    ['another user by IPv6', { 'net/tcp': HEAD, 'net/tcp6': mapped(1001), ...LINUX }, false],
    ['root', { 'net/tcp': owned(0), ...LINUX }, false],
    ['somebody in no table', { 'net/tcp': HEAD, 'net/tcp6': HEAD, ...LINUX }, false],
    ['somebody in no table of a machine without IPv6', { 'net/tcp': HEAD, ...LINUX }, false],
    ['anybody where there is no table', {}, true],
    ['a program of ours under WSL', { 'net/tcp': owned(1000), ...WSL }, true],
    ["Windows' programs, by root's relay under WSL", { 'net/tcp': owned(0), ...WSL }, true],
    ["Windows' programs, in no table under WSL", { 'net/tcp': HEAD, ...WSL }, true],
    ['another user under WSL', { 'net/tcp': owned(1001), ...WSL }, false],
  ])('of %s', async (_who, files: Readonly<Record<string, string>>, expected) => {
    expect(await check(files).isOwnPeer(CONNECTION)).toBe(expected);
  });

  test('lets nobody in who has hung up', async () => {
    expect(await check({ 'net/tcp': owned(1000), ...LINUX }).isOwnPeer(undefined)).toBe(false);
  });

  test('looks again for a row that slipped through', async () => {
    const tables = [HEAD, HEAD, owned(1000)];
    const isOwnPeer = createPeerCheck({
      userId: 1000,
      readProc: async (name) => (name === 'net/tcp' ? (tables.shift() ?? '') : HEAD),
    });
    expect(await isOwnPeer(CONNECTION)).toBe(true);
    expect(tables).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('real connections', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** A server that tells of each caller whether it is one of `userId`'s. */
  async function listen(userId: number): Promise<{ port: number; verdicts: boolean[] }> {
    const verdicts: boolean[] = [];
    const isOwnPeer = createPeerCheck({ userId });
    server = createServer((socket) => {
      const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
      void isOwnPeer({
        clientAddress: remoteAddress,
        clientPort: remotePort,
        serverAddress: localAddress,
        serverPort: localPort,
      }).then((verdict) => {
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

  test('of ours are recognized, from other addresses of loopback and by IPv6 as well', async () => {
    const { port, verdicts } = await listen(process.getuid?.() ?? -1);
    await connectFrom({ host: '127.0.0.1', port });
    await connectFrom({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
    await connectFrom({ host: '::ffff:127.0.0.1', port });
    expect(verdicts).toEqual([true, true, true]);
  });

  test("of ours are nobody else's", async () => {
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

function mapped(userId: number): string {
  return row(`${MAPPED}${CLIENT}`, `${MAPPED}${SERVER}`, userId);
}
