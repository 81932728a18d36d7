// The queue of waiting callers, and a sign-in that happens while a caller is being refused.
import { expect, test } from 'vitest';
import { SignInRequiredError } from '../../../src/core/errors.ts';
import type { Role, SsoSession } from '../../../src/core/model.ts';
import { createLoginPolicy } from '../../../src/daemon/sign-in/login-policy.ts';
import { createNotifier } from '../../../src/daemon/notifications/notifier.ts';
import { createWaitingCallers } from '../../../src/daemon/sign-in/waiting-callers.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createRecordingDesktop } from '../../helpers/recording-desktop.ts';

/** The signal of a caller who stays. */
const stays = () => new AbortController().signal;

test('a thousand callers of one session wait, the next one does not, and another session has its own queue', async () => {
  const clock = createFakeClock();
  const callers = createWaitingCallers(clock);
  const held = Array.from({ length: 1000 }, () => callers.join('work', 50_000, stays()));
  expect(await callers.join('work', 50_000, stays())).toBe('given-up');
  const other = callers.join('play', 50_000, stays());
  expect([callers.count('work'), callers.count('play')]).toEqual([1000, 1]);
  callers.answer('work', 'ask-again');
  expect(new Set(await Promise.all(held))).toEqual(new Set(['ask-again']));
  expect([callers.count('work'), callers.count('play'), clock.pendingSleeps()]).toEqual([0, 1, 1]);
  callers.close();
  expect(await other).toBe('given-up');
  expect(await callers.join('play', 50_000, stays())).toBe('given-up');
  expect(clock.pendingSleeps()).toBe(0);
});

test('a caller that hangs up or times out leaves the queue', async () => {
  const clock = createFakeClock();
  const callers = createWaitingCallers(clock);
  const hangUp = new AbortController();
  const gone = callers.join('work', 50_000, hangUp.signal);
  const late = callers.join('work', 20_000, stays());
  hangUp.abort();
  expect(await gone).toBe('given-up');
  expect(await callers.join('work', 50_000, hangUp.signal)).toBe('given-up');
  await clock.advance(20_000);
  expect(await late).toBe('given-up');
  expect([callers.count('work'), clock.pendingSleeps()]).toEqual([0, 0]);
});

test('a caller notices a sign-in that happens while it is being refused', async () => {
  const clock = createFakeClock();
  const desktop = createRecordingDesktop();
  const notifier = createNotifier({ backend: desktop.notifications, clock, log: () => undefined });
  const policy = createLoginPolicy({
    settings: { onExpired: 'notify', waitSeconds: 50 },
    broker: { signInState: () => undefined, cachedCatalog: async () => undefined },
    notifier,
    desktop,
    desktopSignIn: { start: async () => false, end: () => undefined },
    personActs: () => undefined,
    clock,
    log: () => undefined,
  });
  const session: SsoSession = {
    sessionName: 'work',
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    registrationScopes: [],
  };
  const role: Role = { sessionName: 'work', accountId: '111111111111', permissionSet: 'ReadOnly' };
  const ended = new SignInRequiredError('sign-in-expired', 'Your sign-in to work has ended.');
  const arrivedAtMs = clock.nowMs();
  await clock.advance(1000);
  policy.signedIn('work');
  let asked = 0;
  const answer = await policy.serveEnded({
    session,
    role,
    ended,
    arrivedAtMs,
    ask: async () => {
      asked += 1;
      if (asked > 1) return 'keys';
      policy.signedIn('work');
      throw ended;
    },
    caller: { waitBudgetMs: undefined, gone: stays },
  });
  expect([answer, asked, desktop.shown]).toEqual(['keys', 2, []]);
});
