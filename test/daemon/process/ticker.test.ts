// The ticker: each task runs on its own schedule, earlier if it asks for that, but at most once a second.
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

test('runs a task a second after the start, then every 15 seconds', async () => {
  expect(await runsOf(async () => {})).toEqual([1, 16, 31, 46]);
});

test('runs a task earlier if it asks for that, but not later and at most once a second', async () => {
  const wishes = [6000, 60_000, 0, -5, 1500, undefined];
  expect(await runsOf(async () => wishes.shift())).toEqual([1, 7, 22, 23, 24, 25.5, 40.5, 55.5]);
});

test('logs a failed task and runs it again', async () => {
  const lines: string[] = [];
  expect(await runsOf(() => Promise.reject(new Error('no disk')), lines)).toHaveLength(4);
  expect(lines).toContain('warn task: no disk');
});

test('many tasks on one signal cause no leak warning', async () => {
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
