// A page on a fixed port: its origin is new at each start, so that nobody can prepare it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findLastingPort, hasIpv6 } from '../helpers/lasting-port.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { exchange, formatRequest } from './raw-http.ts';

let rig: Rig;
let port = 0;
beforeAll(async () => {
  port = await findLastingPort();
  rig = await createRig({ settings: `web_port = ${port}\n` });
});
afterAll(() => rig.remove());

const readAddress = () =>
  JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { url: string; port: number; token: string };

async function statusOf(
  target: string,
  host: string,
  options: { method?: string; headers?: readonly (readonly [string, string])[]; address?: string } = {},
): Promise<number | undefined> {
  const { method = 'GET', headers = [], address = '127.0.0.1' } = options;
  const authorization = ['Authorization', `Bearer ${readAddress().token}`] as const;
  const request = formatRequest({ method, target, headers: [['Host', host], authorization, ...headers] });
  return (await exchange({ host: address, port }, request)).status;
}

const TARGETS = ['/', '/page.js', '/v1/status', '/v1/nothing'];

describe('with a fixed port', () => {
  test('the page has a random name of this machine wherever its address is shown', async () => {
    const { url } = readAddress();
    expect(url).toMatch(new RegExp(`^http://rolecall-[0-9a-f]{32}\\.localhost:${port}$`));
    expect(rig.daemon().webUrl).toBe(url);
    expect((await rig.client.call('webCode', {})).url).toMatch(new RegExp(`^${url}/#`));
    expect((await rig.runCli(['web', '--print'])).stdout).toMatch(new RegExp(`^${url}/#`));
    const { host } = new URL(url);
    expect(await statusOf('/', host)).toBe(200);
    expect(await statusOf('/v1/status', host, { headers: [['Origin', url]] })).toBe(200);
  });

  test('refuses requests for any other name, including those for the page and its scripts', async () => {
    const { hostname } = new URL(readAddress().url);
    const others = [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `[::1]:${port}`,
      `x.${hostname}:${port}`,
      `rolecall-${'0'.repeat(32)}.localhost:${port}`,
      `${hostname}.:${port}`,
      hostname,
    ];
    for (const host of others) {
      for (const target of TARGETS) {
        expect({ host, target, status: await statusOf(target, host) }).toEqual({ host, target, status: 403 });
      }
    }
    expect(await statusOf('/v1/web-token', `127.0.0.1:${port}`, { method: 'POST' })).toBe(403);
  });

  test('refuses the script of a service worker', async () => {
    const { host } = new URL(readAddress().url);
    for (const target of TARGETS) {
      const status = await statusOf(target, host, { headers: [['Service-Worker', 'script']] });
      expect({ target, status }).toEqual({ target, status: 403 });
    }
  });

  test.skipIf(!hasIpv6)('also binds the port on ::1, which a browser may try first', async () => {
    const { host } = new URL(readAddress().url);
    expect(await statusOf('/v1/status', host, { address: '::1' })).toBe(200);
    expect(await statusOf('/', `127.0.0.1:${port}`, { address: '::1' })).toBe(403);
  });

  test('the next start has another name, and refuses the old one', async () => {
    const before = readAddress();
    await rig.restartDaemon();
    const after = readAddress();
    expect([after.port, after.url === before.url]).toEqual([port, false]);
    expect(await statusOf('/', new URL(before.url).host)).toBe(403);
    const { host } = new URL(after.url);
    expect(await statusOf('/v1/status', host, { headers: [['Origin', before.url]] })).toBe(403);
    expect(await statusOf('/v1/status', host)).toBe(200);
  });

  test.skipIf(!hasIpv6)('does not use a port that another program has on ::1', async () => {
    await rig.daemon().stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, '::1', resolve));
    try {
      await rig.restartDaemon();
      expect((await rig.client.call('status', {})).problems).toEqual([
        expect.objectContaining({ code: 'web-port-not-usable' }),
      ]);
      const address = readAddress();
      expect(address.port).not.toBe(port);
      expect(address.url).toBe(`http://localhost:${address.port}`);
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });
});
