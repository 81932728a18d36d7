// The tick: every task at its own pace, sooner when it says so, never more often than each second.
import { expect, test } from 'vitest';
import { runTicker } from '../../../src/daemon/process/ticker.ts';
import { createFakeClock, FAKE_NOW_MS } from '../../helpers/fake-clock.ts';

/** When a task ran in the first minute, in seconds. */
async function runsOf(run: () => Promise<number | undefined | void>, lines: string[] = []): Promise<number[]> {
  const clock = createFakeClock();
  const stop = new AbortController();
  const runs: number[] = [];
  const ticking = runTicker({
    clock,
    signal: stop.signal,
    log: (level, message) => void lines.push(`${level} ${message}`),
    tasks: [
      {
        name: 'task',
        run() {
          runs.push((clock.nowMs() - FAKE_NOW_MS) / 1000);
          return run();
        },
      },
    ],
  });
  await clock.advance(60_000);
  stop.abort(new Error('the minute is over'));
  await ticking;
  expect(clock.pendingSleeps()).toBe(0);
  return runs;
}

test('a task runs a second after the start and every fifteen then', async () => {
  expect(await runsOf(async () => {})).toEqual([1, 16, 31, 46]);
});

test('a task that wants to be sooner is, later is not, and never within the second', async () => {
  const wishes = [6000, 60_000, 0, -5, 1500, undefined];
  expect(await runsOf(async () => wishes.shift())).toEqual([1, 7, 22, 23, 24, 25.5, 40.5, 55.5]);
});

test('a task that fails is told and runs again', async () => {
  const lines: string[] = [];
  expect(await runsOf(() => Promise.reject(new Error('no disk')), lines)).toHaveLength(4);
  expect(lines).toContain('warn task: no disk');
});

test('many tasks on one signal are no leak to Node', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => void warnings.push(name);
  process.on('warning', onWarning);
  const clock = createFakeClock();
  const stop = new AbortController();
  const ticking = runTicker({
    clock,
    signal: stop.signal,
    log: () => undefined,
    tasks: Array.from({ length: 30 }, (_, index) => ({ name: `task ${index}`, run: async () => undefined })),
  });
  await clock.advance(60_000);
  stop.abort(new Error('the minute is over'));
  await ticking;
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});
