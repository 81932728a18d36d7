// The end of a far host's access while the daemon does not answer, and while the host gets ready.
import { expect, test } from 'vitest';
import { untilInstalled, watchAccess } from '../../../src/cli/commands/ssh/watch-access.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const NEVER = new Promise<never>(() => undefined);

test('asks the daemon again until it has revoked the grants, as the host may answer again', async () => {
  const clock = createFakeClock();
  const outcomes = [false, false, true];
  let attempts = 0;
  const { accessEnded, stop } = watchAccess(
    {
      connection: {
        ended: NEVER,
        channel: { keepAlive: async () => undefined, end: () => undefined },
        stopForwarding: async () => undefined,
      },
      expiresAt: new Date(clock.nowMs() + 3_600_000).toISOString(),
      revoke: async () => outcomes[attempts++] ?? true,
      removeFiles: () => undefined,
    },
    { clock },
  );
  expect(await accessEnded).toBe('silence');
  expect(attempts).toBe(1);
  await clock.advance(10_000);
  expect(attempts).toBe(3);
  stop();
});

test('does not wait for a host that loses its access before it is ready', async () => {
  const waiting = untilInstalled(NEVER, {
    host: 'far\u001b[31m',
    accessEnded: Promise.resolve('silence'),
    signal: new AbortController().signal,
  });
  await expect(waiting).rejects.toMatchObject({
    code: 'host-unusable',
    message: expect.stringMatching(/^far[^\u001b]* did not get the role: it no longer answers\.$/) as string,
  });
});

test('does not wait for a host that never gets ready once the person interrupts', async () => {
  const interrupt = new AbortController();
  const waiting = untilInstalled(NEVER, { host: 'far', accessEnded: NEVER, signal: interrupt.signal });
  interrupt.abort(new Error('interrupted'));
  await expect(waiting).rejects.toThrow('interrupted');
});
