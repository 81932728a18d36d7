// The health of upstreams: a circuit that opens on an outage, one probe that closes it, and pauses that a server asked for.
import { describe, expect, it } from 'vitest';
import { createProblems } from '../../../src/core/problems.ts';
import { CircuitOpenError } from '../../../src/sso/faults.ts';
import { IdentityCenterFault, type FaultKind } from '../../../src/sso/ports.ts';
import { createCircuitBreakers, type Service } from '../../../src/sso/resilience/circuit-breakers.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { failureOf, MINUTE_MS, SESSION } from '../world.ts';

function createRig(random: () => number = () => 1) {
  const clock = createFakeClock();
  const problems = createProblems();
  const circuitBreakers = createCircuitBreakers({ clock, random, problems });
  let calls = 0;
  const call = (outcome: FaultKind | 'answer', options: { service?: Service; retryAfterMs?: number } = {}) =>
    circuitBreakers.call(SESSION, options.service ?? 'portal', async () => {
      calls += 1;
      const { retryAfterMs } = options;
      if (outcome !== 'answer') {
        throw new IdentityCenterFault(outcome, 'no route to host', retryAfterMs === undefined ? {} : { retryAfterMs });
      }
      return outcome;
    });
  const portal = () => circuitBreakers.describe(SESSION).find(({ service }) => service === 'portal');
  return {
    clock,
    problems,
    circuitBreakers,
    call,
    portal,
    calls: () => calls,
    async fail(times: number, kind: FaultKind = 'unreachable') {
      for (let turn = 0; turn < times; turn += 1) await failureOf(call(kind));
    },
  };
}

describe('a circuit', () => {
  it('opens at the fifth fault in a row; an answer in between resets the count', async () => {
    const { call, calls, fail, portal } = createRig();
    await fail(4);
    await call('answer');
    await fail(4);
    expect(portal()).toEqual({ service: 'portal', circuit: 'closed' });
    await fail(1);
    expect(portal()).toMatchObject({ circuit: 'open' });
    const held = await failureOf(call('answer'));
    expect(held).toBeInstanceOf(CircuitOpenError);
    expect(held).toMatchObject({ kind: 'unreachable', message: 'no route to host', retryAfterMs: 5000 });
    expect(calls()).toBe(10);
  });

  it('lets one probe through after its pause, which doubles while probes fail, up to half a minute', async () => {
    const { clock, fail, portal, call, calls } = createRig();
    await fail(5);
    const pauses: number[] = [];
    for (let probe = 0; probe < 5; probe += 1) {
      const pauseMs = (portal()?.nextTryAtMs ?? 0) - clock.nowMs();
      pauses.push(pauseMs);
      clock.jump(pauseMs - 1);
      await fail(3);
      clock.jump(1);
      expect(portal()).toEqual({ service: 'portal', circuit: 'half-open' });
      await fail(3);
    }
    expect(pauses).toEqual([5000, 10_000, 20_000, 30_000, 30_000]);
    expect(calls()).toBe(5 + 5);
    clock.jump(30_000);
    expect(await call('answer')).toBe('answer');
    expect(portal()).toEqual({ service: 'portal', circuit: 'closed' });
  });

  it('shortens its pauses randomly, to half at most', async () => {
    const { clock, fail, portal } = createRig(() => 0);
    await fail(5);
    expect((portal()?.nextTryAtMs ?? 0) - clock.nowMs()).toBe(2500);
  });

  it('lets no other call through during its probe', async () => {
    const { clock, fail, circuitBreakers, call } = createRig();
    await fail(5);
    clock.jump(5000);
    let answer = (_: string) => {};
    const probe = circuitBreakers.call(
      SESSION,
      'portal',
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
    );
    expect(await failureOf(call('answer'))).toMatchObject({ kind: 'unreachable', retryAfterMs: 1000 });
    answer('back');
    expect(await probe).toBe('back');
    expect(await call('answer')).toBe('answer');
  });

  it.each<FaultKind>(['forbidden', 'unauthorized', 'not-found', 'invalid-grant'])(
    'is closed by a probe that meets %s, which is an answer',
    async (kind) => {
      const { clock, fail, portal } = createRig();
      await fail(5);
      clock.jump(5000);
      await fail(1, kind);
      expect(portal()).toMatchObject({ circuit: 'closed' });
    },
  );

  it('stays open if its probe gets the page of a captive portal, which alone does not open it', async () => {
    const { clock, fail, portal } = createRig();
    await fail(20, 'unusable-response');
    expect(portal()).toMatchObject({ circuit: 'closed' });
    await fail(5);
    clock.jump(5000);
    await fail(1, 'unusable-response');
    expect(portal()).toMatchObject({ circuit: 'open', nextTryAtMs: clock.nowMs() + 10_000 });
  });

  it('ignores late faults and answers of calls from before it opened', async () => {
    const { clock, circuitBreakers, fail, portal } = createRig();
    const settles: { resolve: (answer: string) => void; reject: (fault: Error) => void }[] = [];
    const early = Array.from({ length: 2 }, () =>
      circuitBreakers.call(
        SESSION,
        'portal',
        () => new Promise((resolve, reject) => settles.push({ resolve, reject })),
      ),
    );
    await fail(5);
    const before = portal();
    settles[0]?.reject(new IdentityCenterFault('unreachable', 'late'));
    await failureOf(early[0] ?? Promise.resolve());
    expect(portal()).toEqual(before);
    settles[1]?.resolve('late');
    expect(await early[1]).toBe('late');
    expect(portal()).toEqual(before);
    clock.jump(5000);
    expect(portal()).toMatchObject({ circuit: 'half-open' });
  });

  it('is one problem of its session while it is open', async () => {
    const { clock, problems, fail, call } = createRig();
    await fail(4);
    expect(problems.list()).toEqual([]);
    await fail(1);
    expect(problems.list()).toMatchObject([{ code: 'identity-center-unreachable', session: 'my-sso-session' }]);
    clock.jump(5000);
    await call('answer');
    expect(problems.list()).toEqual([]);
  });

  it('belongs to one service of one section and does not affect others', async () => {
    const { fail, call, circuitBreakers } = createRig();
    await fail(5);
    expect(await call('answer', { service: 'oidc' })).toBe('answer');
    const edited = { ...SESSION, startUrl: 'https://other.awsapps.com/start' };
    expect(await circuitBreakers.call(edited, 'portal', async () => 'answer')).toBe('answer');
  });

  it('is forgotten with its session, and after ten minutes without calls', async () => {
    for (const end of ['forget', 'sweep'] as const) {
      const { clock, problems, fail, portal, circuitBreakers } = createRig();
      await fail(5);
      circuitBreakers.sweep();
      circuitBreakers.forget('another');
      expect(portal()).toMatchObject({ circuit: 'open' });
      clock.jump(end === 'sweep' ? 10 * MINUTE_MS : 0);
      if (end === 'sweep') circuitBreakers.sweep();
      else circuitBreakers.forget(SESSION.sessionName);
      expect(portal()).toEqual({ service: 'portal', circuit: 'closed' });
      expect(problems.list()).toEqual([]);
    }
  });

  it('is probed at once by reconsider, even if another probe hangs', async () => {
    const { clock, fail, call, circuitBreakers } = createRig();
    await fail(5);
    clock.jump(5000);
    void circuitBreakers.call(SESSION, 'portal', () => new Promise(() => {}));
    expect(await failureOf(call('answer'))).toBeInstanceOf(CircuitOpenError);
    circuitBreakers.reconsider({ ...SESSION, sessionName: 'another' });
    expect(await failureOf(call('answer'))).toBeInstanceOf(CircuitOpenError);
    circuitBreakers.reconsider(SESSION);
    expect(await call('answer')).toBe('answer');
  });

  it('is half-open at once when the clock is set back', async () => {
    const { clock, fail, portal } = createRig();
    await fail(5);
    clock.jump(-1);
    expect(portal()).toEqual({ service: 'portal', circuit: 'half-open' });
  });
});

describe('a 429', () => {
  it('pauses all calls at once, longer each time, and does not open the circuit', async () => {
    const { clock, fail, call, portal, circuitBreakers } = createRig();
    const pauses: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      await fail(1, 'throttled');
      expect(circuitBreakers.isThrottled(SESSION, 'portal')).toBe(true);
      const { circuit, nextTryAtMs = 0 } = portal() ?? {};
      expect(circuit).toBe('closed');
      pauses.push(nextTryAtMs - clock.nowMs());
      expect(await failureOf(call('answer'))).toMatchObject({ kind: 'throttled' });
      clock.jump(nextTryAtMs - clock.nowMs());
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    await call('answer');
    expect(circuitBreakers.isThrottled(SESSION, 'portal')).toBe(false);
  });

  it.each<FaultKind>(['throttled', 'unreachable'])(
    'or other answer (%s) that names a time is kept, also by an echo and a success from before',
    async (kind) => {
      const { clock, circuitBreakers, call, portal } = createRig();
      let answer = (_: string) => {};
      const early = circuitBreakers.call(
        SESSION,
        'portal',
        () =>
          new Promise<string>((resolve) => {
            answer = resolve;
          }),
      );
      const longer = circuitBreakers.call(SESSION, 'portal', async () => {
        await clock.sleep(1000);
        throw new IdentityCenterFault(kind, '', { retryAfterMs: 90_000 });
      });
      await failureOf(call(kind, { retryAfterMs: 60_000 }));
      const untilMs = clock.nowMs() + 60_000;
      answer('early');
      await early;
      expect(portal()).toMatchObject({ circuit: 'closed', nextTryAtMs: untilMs });
      const echo = failureOf(longer);
      await clock.advance(1000);
      await echo;
      expect(portal()).toMatchObject({ nextTryAtMs: clock.nowMs() + 90_000 });
      clock.jump(90_000);
      expect(await call('answer')).toBe('answer');
    },
  );

  describe.each<FaultKind>(['throttled', 'unreachable'])('that asks for a day (%s)', (kind) => {
    const asked = { retryAfterMs: 24 * 60 * MINUTE_MS };

    it('is probed by one call every five minutes, whose answer ends the pause for all', async () => {
      const { clock, call, calls } = createRig();
      await failureOf(call(kind, asked));
      for (let probe = 2; probe < 5; probe += 1) {
        clock.jump(5 * MINUTE_MS - 1);
        await failureOf(call('answer'));
        clock.jump(1);
        const outcomes = await Promise.allSettled([call(kind, asked), call('answer'), call('answer')]);
        expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
        expect(calls()).toBe(probe);
      }
      clock.jump(5 * MINUTE_MS);
      expect(await call('answer')).toBe('answer');
      expect(await Promise.all([call('answer'), call('answer')])).toEqual(['answer', 'answer']);
    });

    it('allows a person one attempt at once, and continues if that fails', async () => {
      const { call, calls, circuitBreakers, portal } = createRig();
      await failureOf(call(kind, asked));
      circuitBreakers.reconsider(SESSION);
      await Promise.allSettled([call(kind, asked), call('answer')]);
      expect(calls()).toBe(2);
      expect(portal()?.nextTryAtMs).toBeDefined();
      expect(await failureOf(call('answer'))).toBeInstanceOf(CircuitOpenError);
      circuitBreakers.reconsider(SESSION);
      expect(await call('answer')).toBe('answer');
      expect(portal()).toEqual({ service: 'portal', circuit: 'closed' });
    });

    it('is a problem with its end time, until it is over', async () => {
      const { clock, call, problems, circuitBreakers } = createRig();
      await failureOf(call(kind, { retryAfterMs: 20_000 }));
      expect(problems.list()).toEqual([]);
      clock.jump(MINUTE_MS);
      await failureOf(call(kind, asked));
      expect(problems.list()).toEqual([
        {
          code: `identity-center-${kind}`,
          message:
            'Identity Center of my-sso-session asked for a pause: no route to host rolecall makes no requests before 2026-11-24T06:06:00Z.',
          hint: 'rolecall ls --refresh',
          session: 'my-sso-session',
        },
      ]);
      clock.jump(5 * MINUTE_MS);
      circuitBreakers.sweep();
      expect(problems.list()).toEqual([]);
    });

    it('stays a problem while a person tries at once, until there is an answer', async () => {
      const { call, problems, circuitBreakers } = createRig();
      await failureOf(call(kind, asked));
      const [problem] = problems.list();
      circuitBreakers.reconsider(SESSION);
      circuitBreakers.sweep();
      expect(problems.list()).toEqual([problem]);
      await call('answer');
      expect(problems.list()).toEqual([]);
    });
  });
});
