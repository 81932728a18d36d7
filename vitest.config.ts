// How the suite runs: real processes and sockets, so a generous limit and no shared state between files.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { findTestLayers, LONGEST } from './test/helpers/test-layers.ts';

const layers = findTestLayers(fileURLToPath(new URL('.', import.meta.url)));

/** More than there are CPUs: most files wait for a process or a clock. */
const WORKERS = Math.min(8, 3 * availableParallelism());

/** As vitest does it, but what takes longest begins first: at the end it would go on alone, with a CPU idle. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((path) => moduleId.endsWith(path));
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own, of no array
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/helpers/count-answers.ts'],
    sequence: { sequencer: LongestFirst },
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
          name: 'unit',
          include: [...layers.unit],
          setupFiles: ['test/helpers/no-processes.ts', 'test/helpers/process-as-found.ts'],
          // Modules keep no state, so that one load of them does for every file: half the time.
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: [...layers.shared],
          setupFiles: ['test/helpers/process-as-found.ts', 'test/helpers/validated-answers.ts'],
          isolate: false,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: [...layers.isolated],
          setupFiles: ['test/helpers/validated-answers.ts'],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: [...layers.alone],
          setupFiles: ['test/helpers/process-as-found.ts', 'test/helpers/validated-answers.ts'],
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
