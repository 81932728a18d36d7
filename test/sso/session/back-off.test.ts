// Retries after transient faults: how often, with which pauses, and what is not retried.
import { describe, expect, it, test } from 'vitest';
import { afterPause } from '../../../src/sso/resilience/pauses.ts';
import { withBackOff, type BackOffPolicy } from '../../../src/sso/session/portal-call.ts';
import { IdentityCenterFault, type FaultKind } from '../../../src/sso/ports.ts';
import { createFakeClock, FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { failureOf } from '../world.ts';

const POLICY: BackOffPolicy = { attempts: 6, firstPauseMs: 500, maxPauseMs: 3000 };

/** When each try began, counted from the first, and how it ended. */
async function run(options: {
  fault: () => Error;
  faults?: number;
  random?: number;
  policy?: Partial<BackOffPolicy>;
}): Promise<{ triesMs: number[]; outcome: unknown }> {
  const clock = createFakeClock();
  const triesMs: number[] = [];
  const deps = { clock, random: () => options.random ?? 1 };
  const work = async () => {
    triesMs.push(clock.nowMs() - FAKE_NOW_MS);
    if (triesMs.length <= (options.faults ?? Infinity)) throw options.fault();
    return 'answer';
  };
  const outcome = withBackOff(deps, { ...POLICY, ...options.policy }, work).catch((thrown: unknown) => thrown);
  await clock.advance(3_600_000);
  return { triesMs, outcome: await outcome };
}

describe('back-off', () => {
  it('doubles its pauses up to the maximum, and throws the last fault unchanged', async () => {
    const fault = new IdentityCenterFault('unreachable', 'no network');
    const { triesMs, outcome } = await run({ fault: () => fault });
    expect(triesMs).toEqual([0, 500, 1500, 3500, 6500, 9500]);
    expect(outcome).toBe(fault);
  });

  it('shortens its pauses randomly, to half at most, so that many clients spread out', async () => {
    const { triesMs } = await run({ fault: () => new IdentityCenterFault('unreachable', ''), random: 0 });
    expect(triesMs).toEqual([0, 250, 750, 1750, 3250, 4750]);
  });

  it('returns the answer of the attempt that works', async () => {
    const { triesMs, outcome } = await run({ fault: () => new IdentityCenterFault('throttled', ''), faults: 2 });
    expect(triesMs).toEqual([0, 500, 1500]);
    expect(outcome).toBe('answer');
  });

  it('waits as long as the server asks, and at least its own pause', async () => {
    const slow = await run({
      fault: () => new IdentityCenterFault('throttled', '', { retryAfterMs: 10_000 }),
      faults: 1,
    });
    const quick = await run({ fault: () => new IdentityCenterFault('throttled', '', { retryAfterMs: 1 }), faults: 1 });
    expect([slow.triesMs, quick.triesMs]).toEqual([
      [0, 10_000],
      [0, 500],
    ]);
  });

  it('does not wait for a server that asks for a longer pause than allowed', async () => {
    const patient = { policy: { maxWaitMs: 5000 } };
    const within = await run({
      ...patient,
      fault: () => new IdentityCenterFault('throttled', '', { retryAfterMs: 5000 }),
      faults: 1,
    });
    const beyond = await run({
      ...patient,
      fault: () => new IdentityCenterFault('throttled', '', { retryAfterMs: 5001 }),
      faults: 1,
    });
    expect([within.triesMs, beyond.triesMs]).toEqual([[0, 5000], [0]]);
    expect(beyond.outcome).toBeInstanceOf(IdentityCenterFault);
  });

  it('ends an outage soon if the policy says so, and still waits for a server that throttles', async () => {
    const policy = { maxOutageMs: 2000 };
    const outage = await run({ policy, fault: () => new IdentityCenterFault('unreachable', ''), random: 0 });
    const throttled = await run({ policy, fault: () => new IdentityCenterFault('throttled', ''), random: 0 });
    expect([outage.triesMs, throttled.triesMs]).toEqual([
      [0, 250, 750, 1750],
      [0, 250, 750, 1750, 3250, 4750],
    ]);
  });

  it.each<FaultKind>([
    'unauthorized',
    'forbidden',
    'not-found',
    'invalid-grant',
    'invalid-client',
    'unusable-response',
  ])('does not retry after %s', async (kind) => {
    const { triesMs } = await run({ fault: () => new IdentityCenterFault(kind, '') });
    expect(triesMs).toEqual([0]);
  });

  it('does not retry after an error that is not a fault of Identity Center', async () => {
    const bug = new TypeError('x is not a function');
    const work = () => Promise.reject(bug);
    expect(await failureOf(withBackOff({ clock: createFakeClock(), random: () => 1 }, POLICY, work))).toBe(bug);
  });
});

test('a pause delays what is due, unless the clock was set back to before its start', () => {
  const pause = { fromMs: 1000, untilMs: 2000 };
  expect([afterPause(500, pause, 1500), afterPause(2500, pause, 1500)]).toEqual([2000, 2500]);
  expect([afterPause(500, pause, 2000), afterPause(500, pause, 999), afterPause(500, undefined, 0)]).toEqual([
    500, 500, 500,
  ]);
});
