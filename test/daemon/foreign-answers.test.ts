// A proxy that answers in AWS's place: it costs no key, no profile and no session, and the message says what it answered.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
import { startFilteringProxy, type FilteringProxy } from '../helpers/filtering-proxy.ts';
import { CONFIG, createRig, SESSION, type CliRun, type Rig } from '../helpers/rig.ts';

/** Each status and each body is met after five, every status with every body after fifteen. */
const ROUNDS = Number(process.env['ROLECALL_PROXY_ROUNDS'] ?? 5);
const STATUSES = [401, 403, 404, 407, 502] as const;
const BODIES = [
  { what: 'an empty body', body: '', contentType: undefined },
  { what: 'an HTML page', body: '<html><title>Blocked</title></html>', contentType: 'text/html' },
  {
    what: 'JSON without an AWS error type',
    body: '{"code":"Unauthorized","error":"access_denied","message":"blocked by policy"}',
    contentType: 'application/json',
  },
] as const;
const PATHS = [
  '/client/register',
  '/device_authorization',
  '/token',
  '/assignment/accounts',
  '/assignment/roles',
  '/federation/credentials',
];
const KEYS = ['credential-process', '--session', SESSION, '--account'];
const ROLE = ['111111111111', '--role', 'Admin-AF-Permission-Set'];
const MINUTE_MS = 60_000;

let clock: FakeClock;
let proxy: FilteringProxy;
let rig: Rig;
beforeEach(async () => {
  clock = createFakeClock();
  proxy = await startFilteringProxy();
  rig = await createRig({
    clock,
    config: `${CONFIG}
[sso-session never-signed-in]
sso_start_url = https://d-0987654321.awsapps.com/start
sso_region = us-east-1
`,
    emulator: { clock, sessionLifetimeSeconds: 90 * 24 * 3600 },
    environment: { AWS_ENDPOINT_URL_SSO_OIDC: proxy.url, AWS_ENDPOINT_URL_SSO: proxy.url },
  });
  proxy.target = rig.emulator.url;
});
afterEach(async () => {
  await onClock(rig.remove());
  await proxy.close();
});

/** Real sockets on a clock that is turned while they are waited for. */
async function onClock<T>(work: Promise<T>): Promise<T> {
  const settled = { yet: false };
  const finished = work.finally(() => {
    settled.yet = true;
  });
  finished.catch(() => undefined);
  while (!settled.yet) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(500);
  }
  return finished;
}

const runCli = (...argv: string[]): Promise<CliRun> => onClock(rig.runCli(argv, { clock }));
const fetchKeys = async () => (await runCli(...KEYS, ...ROLE)).stdout;
const at = <T>(items: readonly T[], index: number) => items[index % items.length] as T;
const readConfig = () => readFileSync(rig.configPath, 'utf8');

test(`${ROUNDS} refusals of a proxy cost nothing and are named`, { timeout: 20_000 + ROUNDS * 1000 }, async () => {
  expect(await runCli('login', SESSION)).toMatchObject({ exitCode: 0 });
  const config = readConfig();
  const list = JSON.parse((await runCli('ls', '--json')).stdout) as { accounts: unknown };
  for (let round = 0; round < ROUNDS; round += 1) {
    const refusal = { status: at(STATUSES, round), ...at(BODIES, round) };
    const says = `HTTP ${refusal.status} with ${refusal.what}`;
    const keys = await fetchKeys();
    // Access token and keys are due for renewal, and good for a while.
    clock.jump((40 + (round % 7)) * MINUTE_MS);

    // A role that nobody has asked for before.
    const cold = [...KEYS, '333333333333', '--role', `ReadOnly-${round}`];
    proxy.refuse(refusal);
    for (let turn = 0; turn < 2; turn += 1) expect(await fetchKeys()).toBe(keys);
    for (const argv of [cold, ['ls', '--refresh'], ['login', '--force', SESSION], ['login', 'never-signed-in']]) {
      const run = await runCli(...argv, ...(argv[0] === 'login' ? ['--yes'] : []));
      expect({ round, exitCode: run.exitCode, stdout: run.stdout, stderr: run.stderr }).toEqual({
        round,
        exitCode: refusal.status === 502 ? 7 : 1,
        stdout: '',
        stderr: expect.stringContaining(says),
      });
    }
    expect(await fetchKeys()).toBe(keys);
    expect((await runCli('status', '--json')).stdout).toContain(says);

    // The accounts are answered, their permission sets are not.
    proxy.refuse({ ...refusal, path: /^\/assignment\/roles$/ });
    await clock.advance(MINUTE_MS);
    const partial = await runCli('ls', '--refresh', '--json');
    expect(JSON.parse(partial.stdout)).toMatchObject({ ...list, asOf: expect.any(String), complete: false });
    // The code is given, and the answer to the person's approval is not.
    proxy.refuse({ ...refusal, path: /^\/token$/ });
    if (refusal.status < 500) {
      const run = await runCli('login', '--force', '--yes', SESSION);
      expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(says) });
    }

    proxy.refuse(undefined);
    await clock.advance(2 * MINUTE_MS);
    expect(await runCli('ls', '--refresh')).toMatchObject({ exitCode: 0 });
    const { sessions } = await onClock(rig.client.call('status', {}));
    expect(sessions.map(({ session, state }) => [session, state])).toEqual([
      [SESSION, 'live'],
      ['never-signed-in', 'signed-out'],
    ]);
    expect(readConfig()).toBe(config);
  }
  expect([...proxy.refused].toSorted()).toEqual(PATHS.toSorted());
  expect(await runCli(...KEYS, '333333333333', '--role', 'ReadOnly')).toMatchObject({ exitCode: 0 });
});
