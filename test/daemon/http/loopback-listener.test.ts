// A port of both loopback addresses: nobody else can answer at `localhost` on it.
import { execFileSync } from 'node:child_process';
import { connect, createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { listenOnLoopback } from '../../../src/daemon/http/loopback-listener.ts';
import { hasIpv6 } from '../../helpers/lasting-port.ts';
import { canBeSomebodyElse, runAsSomebodyElse } from '../../helpers/somebody-else.ts';
import { systemPartByCheck } from '../../helpers/system.ts';

let closing: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of closing) one.close();
  closing = [];
});

/** Says who it is to each connection. */
function createGreeter(greeting = 'ours'): Server {
  const server = createServer((socket) => socket.end(greeting));
  closing.push(server);
  return server;
}

async function open(server: Server, port = 0): Promise<number> {
  const listener = await listenOnLoopback(server, port);
  closing.push({ close: () => listener.stop() });
  return listener.port;
}

const occupy = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => createGreeter('theirs').once('error', reject).listen(port, host, resolve));

const greetingAt = (host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, host).on('error', reject);
    socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text));
  });

describe.skipIf(!hasIpv6)('with IPv6', () => {
  test('answers on both addresses', async () => {
    const port = await open(createGreeter());
    expect([await greetingAt('127.0.0.1', port), await greetingAt('::1', port)]).toEqual(['ours', 'ours']);
  });

  test.skipIf(!canBeSomebodyElse)('leaves no address of the port to another user', async () => {
    const port = await open(createGreeter());
    const script = `
      const [port] = process.argv.slice(1);
      const tryAt = (host) => new Promise((resolve) => {
        const server = require('net').createServer();
        server.once('error', (error) => resolve(error.code)).listen(port, host, () => resolve('bound'));
      });
      (async () => {
        const tried = [];
        for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1']) tried.push(await tryAt(host));
        console.log(tried.join(' '));
        process.exit();
      })();`;
    expect((await runAsSomebodyElse(script, [String(port)])).trim()).toBe(
      Array.from({ length: 5 }, () => 'EADDRINUSE').join(' '),
    );
  });

  test('takes another port if one of the two is taken', async () => {
    const server = createGreeter();
    const tried: number[] = [];
    const listen = server.listen.bind(server) as (options: ListenOptions, then: () => void) => Server;
    // Somebody is quicker at the first port.
    server.listen = ((options: ListenOptions, then: () => void) => {
      const { port = 0 } = options;
      tried.push(port);
      if (tried.length > 1) return listen(options, then);
      void occupy('127.0.0.1', port).then(() => listen(options, then));
      return server;
    }) as Server['listen'];
    const port = await open(server);
    expect(tried).toEqual([expect.any(Number), port]);
    expect(tried[0]).not.toBe(port);
    expect([await greetingAt('127.0.0.1', port), await greetingAt('::1', port)]).toEqual(['ours', 'ours']);
  });

  test.each(['127.0.0.1', '::1'])(
    'refuses a wanted port that is taken on %s, and keeps nothing of it',
    async (host) => {
      const other = createGreeter('theirs');
      await new Promise<void>((resolve) => other.listen(0, host, resolve));
      const { port } = other.address() as AddressInfo;
      await expect(listenOnLoopback(createGreeter(), port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await occupy(host === '::1' ? '127.0.0.1' : '::1', port);
    },
  );
});

const MODULE = fileURLToPath(new URL('../../../src/daemon/http/loopback-listener.ts', import.meta.url));
const BUILT = MODULE.replace('/src/', '/dist/').replace(/ts$/u, 'js');
const UNSHARE = '/usr/bin/unshare';
const WITHOUT_IPV6 = 'busybox ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"';

/** What the script prints, in a network of its own that has no ::1. */
const runWithoutIpv6 = (script: string): string =>
  execFileSync(UNSHARE, ['-n', '/bin/sh', '-c', WITHOUT_IPV6, 'sh', process.execPath, '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

const PRELUDE = `
  const { writeFileSync } = require('fs');
  const { connect, createServer } = require('net');
  const greeter = (text) => createServer((socket) => socket.end(text));
  const at = (host, port) => new Promise((resolve) => {
    connect(port, host).on('error', ({ code }) => resolve(code)).on('data', (text) => resolve(String(text)));
  });
  const turnOnIpv6 = () => {
    for (const name of ['all', 'lo']) writeFileSync('/proc/sys/net/ipv6/conf/' + name + '/disable_ipv6', '0');
  };
  const say = (...words) => { console.log(...words); process.exit(); };`;

describe.skipIf(!systemPartByCheck('own network', 'root, unshare -n and busybox', () => void runWithoutIpv6('')))(
  'without IPv6',
  () => {
    test('listens on 127.0.0.1 alone, and on ::1 too once the machine has IPv6', () => {
      const script = `${PRELUDE}
      import(${JSON.stringify(BUILT)}).then(async ({ listenOnLoopback }) => {
        const { port, restore } = await listenOnLoopback(greeter('ours'), 0);
        await restore();
        const before = [await at('127.0.0.1', port), await at('::1', port)];
        turnOnIpv6();
        await restore();
        await restore();
        say(...before, await at('127.0.0.1', port), await at('::1', port));
      });`;
      expect(runWithoutIpv6(script)).toBe('ours EADDRNOTAVAIL ours ours\n');
    });

    test('notices another program that was faster on ::1', () => {
      const script = `${PRELUDE}
      import(${JSON.stringify(BUILT)}).then(async ({ listenOnLoopback }) => {
        const { port, restore } = await listenOnLoopback(greeter('ours'), 0);
        turnOnIpv6();
        await new Promise((resolve) => greeter('theirs').listen(port, '::1', resolve));
        say(await restore().catch(({ code }) => code));
      });`;
      expect(runWithoutIpv6(script)).toBe('EADDRINUSE\n');
    });
  },
);
