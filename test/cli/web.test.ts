// `rolecall web`: the page in the browser, its address, or the API's token.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRig, type Rig } from '../helpers/rig.ts';

let rig: Rig;
let address: { url: string; token: string };
beforeAll(async () => {
  rig = await createRig();
  address = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as typeof address;
});
afterAll(() => rig.remove());

/** What the page does with the address that it was opened by. */
async function redeem(opened: string): Promise<unknown> {
  const { origin, pathname, hash } = new URL(opened);
  expect([origin, pathname]).toEqual([address.url, '/']);
  const answer = await fetch(`${origin}/v1/web-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: hash.slice(1) }),
  });
  return answer.json();
}

test('opens the page with a one-time address', async () => {
  const opened: string[] = [];
  const run = await rig.runCli(['web'], { opened });
  expect(run).toEqual({ exitCode: 0, stdout: '', stderr: 'Opened the page in your browser.\n' });
  expect(opened).toHaveLength(1);
  expect(await redeem(opened[0] ?? '')).toEqual({ token: address.token });
  expect(await redeem(opened[0] ?? '')).toMatchObject({ code: 'token-required' });
});

test.each([
  ['where there is no desktop', ['web'], undefined],
  ['when only that is asked for', ['web', '--print'], []],
])('prints the address %s', async (_when, argv, opened) => {
  const run = await rig.runCli(argv, opened === undefined ? {} : { opened });
  expect(run).toMatchObject({
    exitCode: 0,
    stderr: 'Open it in a browser on this machine within a minute. It works once.\n',
  });
  expect(opened ?? []).toEqual([]);
  expect(await redeem(run.stdout.trimEnd())).toEqual({ token: address.token });
});

test('prints the token of the API', async () => {
  const run = await rig.runCli(['web', '--token']);
  expect(run).toEqual({ exitCode: 0, stdout: `${address.token}\n`, stderr: '' });
  const status = await fetch(`${address.url}/v1/status`, {
    headers: { authorization: `Bearer ${run.stdout.trim()}` },
  });
  expect(status.status).toBe(200);
});

test('reports a daemon without a web address', async () => {
  rmSync(rig.paths.webAddressFile);
  // A missing file is written again within a second; a folder in its place is not.
  mkdirSync(rig.paths.webAddressFile);
  expect(await rig.runCli(['web', '--token'])).toEqual({
    exitCode: 7,
    stdout: '',
    stderr: 'rolecall: The daemon could not open its web address. [web-unavailable]\nRun: rolecall doctor\n',
  });
});
