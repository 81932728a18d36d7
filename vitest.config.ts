// How the suite runs: real processes and sockets, so a generous limit and no shared state between files.
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * What has to be done within the time that other programs give us, and what takes the whole machine with fifty programs
 * at once or more: nothing else of the suite runs beside it.
 */
const ALONE = ['restart-under-load', 'autostart', 'many-callers'].map((name) => `test/system/${name}.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      thresholds: { lines: 90 },
      reporter: ['text-summary', 'text'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE],
          // Two at least: most of these tests wait for a process or a clock, and one worker alone would leave a machine of two cores idle.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
