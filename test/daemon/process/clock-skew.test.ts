// A machine with a wrong or changed clock: no expired credentials, no AWS call per caller, and a problem in the status.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tokenFilePath } from '../../../src/aws-config/files/token-file.ts';
import { createSystemClock, formatUtcSeconds, type Clock } from '../../../src/core/clock.ts';
import { createSignedInRig, SESSION, type Rig } from '../../helpers/rig.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ADMIN = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };

let passedMs: number;
let wrongByMs: number;
let rig: Rig | undefined;
beforeEach(() => {
  passedMs = 0;
});
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

const system = createSystemClock();
const atAws: Clock = { ...system, nowMs: () => system.nowMs() + passedMs };
const onThisMachine: Clock = {
  ...system,
  nowMs: () => atAws.nowMs() + wrongByMs,
  monotonicMs: () => performance.now() + passedMs,
};

/** Signed in on a machine whose clock is wrong, with keys of 15 minutes. */
async function signedIn(byMs: number): Promise<Rig> {
  wrongByMs = byMs;
  rig = await createSignedInRig({
    clock: onThisMachine,
    emulator: { clock: atAws, roleCredentialsLifetimeSeconds: 900 },
  });
  return rig;
}

const ask = (its: Rig) => its.client.call('credentials', { query: ADMIN });
const calls = (its: Rig) => its.emulator.countCalls('GetRoleCredentials');
const skewOf = async (its: Rig) =>
  (await its.client.call('status', {})).problems.filter(({ code }) => code === 'clock-skew');

describe.each([
  ['2 h behind', -2 * HOUR_MS],
  ['2 h ahead of', 2 * HOUR_MS],
])('with a clock that is %s AWS’s', (amount, byMs) => {
  test('fetches credentials once for many callers, and again before they expire by AWS’s clock', async () => {
    const its = await signedIn(byMs);
    its.emulator.resetCalls();
    const first = await ask(its);
    for (let turn = 0; turn < 20; turn += 1) expect(await ask(its)).toEqual(first);
    expect(calls(its)).toBe(1);

    passedMs += 16 * MINUTE_MS;
    const second = await ask(its);
    expect(second.Expiration > formatUtcSeconds(atAws.nowMs())).toBe(true);
    expect(second.AccessKeyId).not.toBe(first.AccessKeyId);
    expect(calls(its)).toBe(2);
  });

  test('the token file expires by this machine’s clock, which the AWS CLI uses', async () => {
    const its = await signedIn(byMs);
    const path = tokenFilePath(its.home.path, SESSION);
    const { expiresAt } = JSON.parse(readFileSync(path, 'utf8')) as { expiresAt: string };
    const leftMs = Date.parse(expiresAt) - onThisMachine.nowMs();
    expect(leftMs).toBeGreaterThan(59 * MINUTE_MS);
    expect(leftMs).toBeLessThanOrEqual(HOUR_MS + 2000);
  });

  test('shows times that are right all the same', async () => {
    const its = await signedIn(byMs);
    await ask(its);
    const { stdout } = await its.runCli(['status'], { clock: onThisMachine });
    expect(stdout).toContain('listed less than a minute ago');
    expect(stdout).toMatch(/keys of 1 role until (\d{4}-\d\d-\d\d )?\d\d:\d\d \(in 1[45] min\)/u);
  });

  test('says in the status by how much, so that times of AWS can be shown by the local clock', async () => {
    const its = await signedIn(byMs);
    expect(await its.client.call('status', {})).toMatchObject({ clockAheadSeconds: byMs / 1000 });
    wrongByMs = 0;
    expect(await its.client.call('status', {})).not.toHaveProperty('clockAheadSeconds');
  });

  test('shows the problem and the command in the status', async () => {
    expect(await skewOf(await signedIn(byMs))).toEqual([
      {
        code: 'clock-skew',
        message: expect.stringContaining(`The clock of this machine is ${amount} AWS's.`),
        hint: 'sudo timedatectl set-ntp true',
      },
    ]);
  });
});

test('serves no expired credentials after the clock was set back', async () => {
  const its = await signedIn(0);
  const first = await ask(its);
  wrongByMs = -2 * HOUR_MS;
  passedMs += 16 * MINUTE_MS;
  const second = await ask(its);
  expect(second.AccessKeyId).not.toBe(first.AccessKeyId);
  expect(await skewOf(its)).toHaveLength(1);
  // The clock is right again, and the next answer of AWS's tells.
  wrongByMs = 0;
  passedMs += 16 * MINUTE_MS;
  await ask(its);
  expect(await skewOf(its)).toEqual([]);
});

test('random clock changes cause no expired credentials and no sign-in', async () => {
  const its = await signedIn(0);
  its.emulator.resetCalls();
  // Numerical Recipes' generator: the same story each time.
  let seed = 20_261_130;
  const random = (below: number) => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % below;
  for (let round = 0; round < 100; round += 1) {
    if (random(3) === 0) wrongByMs = (random(5) - 2) * HOUR_MS;
    passedMs += random(4 * MINUTE_MS);
    const { Expiration } = await ask(its);
    expect({ round, isValid: Expiration > formatUtcSeconds(atAws.nowMs()) }).toEqual({ round, isValid: true });
  }
  expect((await its.client.call('status', {})).sessions[0]?.state).toBe('live');
  // Two calls for each lifetime of the keys, and one for each time that the clock was set forward.
  expect(calls(its)).toBeLessThan(60);
  expect(its.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
});
