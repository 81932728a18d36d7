// The last line of CI is what people believe, so that it must never say less than what happened.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

const SCRIPT = fileURLToPath(new URL('../../.ci/summary.mjs', import.meta.url));
interface PlantedFile {
  readonly status: 'passed' | 'failed';
  readonly message?: string;
  readonly tests: readonly ('passed' | 'failed' | 'skipped' | 'pending' | 'todo')[];
}

/** Exit code and last line for a report of the given files. */
async function summarize(
  files: readonly PlantedFile[],
  given: { failedStages?: string[]; isRequired?: boolean; answerCounts?: string } = {},
) {
  const testResults = files.map(({ status, message = '', tests }, index) => ({
    name: `file-${index}`,
    status,
    message,
    assertionResults: tests.map((one, number) => ({ fullName: `test ${number}`, status: one })),
  }));
  const home = createTemporaryHome();
  const report = join(home.path, 'report.json');
  writeFileSync(report, JSON.stringify({ testResults }));
  const counts = join(home.path, 'answers');
  if (given.answerCounts !== undefined) writeFileSync(counts, given.answerCounts);
  const env = {
    ...home.environment,
    ROLECALL_REQUIRE_SYSTEM: given.isRequired === true ? '1' : '',
    ...(given.answerCounts === undefined ? {} : { ROLECALL_ANSWER_COUNTS: counts }),
  };
  const run = spawnSync('node', [SCRIPT, report, ...(given.failedStages ?? [])], { env, encoding: 'utf8' });
  await home.remove();
  return { exit: run.status, last: run.stdout.trimEnd().split('\n').at(-1) };
}

it('counts what passed, and names it a success', async () => {
  const files: PlantedFile[] = [
    { status: 'passed', tests: ['passed', 'passed'] },
    { status: 'passed', tests: ['passed'] },
  ];
  expect(await summarize(files)).toEqual({ exit: 0, last: '3 passed, 0 failed, 0 skipped' });
});

it('fails for a failed test, and does not count the stage that failed because of it', async () => {
  const files: PlantedFile[] = [{ status: 'failed', tests: ['passed', 'failed'] }];
  const expected = { exit: 1, last: '1 passed, 1 failed, 0 skipped' };
  expect(await summarize(files, { failedStages: ['npm test'] })).toEqual(expected);
});

it('fails for a file that did not load or whose setup failed', async () => {
  const files: PlantedFile[] = [
    { status: 'passed', tests: ['passed'] },
    { status: 'failed', message: 'Cannot find module', tests: [] },
    { status: 'failed', message: 'beforeAll', tests: ['skipped'] },
  ];
  expect(await summarize(files, { isRequired: true })).toEqual({ exit: 1, last: '1 passed, 2 failed, 1 skipped' });
});

it('fails for a stage, and for vitest itself when no test is to blame', async () => {
  const files: PlantedFile[] = [{ status: 'passed', tests: ['passed'] }];
  const expected = { exit: 1, last: '1 passed, 2 failed, 0 skipped' };
  expect(await summarize(files, { failedStages: ['npm run check', 'npm test'] })).toEqual(expected);
});

it('takes a skip for a failure where every part of the system has to be there', async () => {
  const files: PlantedFile[] = [{ status: 'passed', tests: ['passed', 'skipped', 'pending', 'todo'] }];
  expect(await summarize(files)).toEqual({ exit: 0, last: '1 passed, 0 failed, 3 skipped' });
  expect(await summarize(files, { isRequired: true })).toEqual({ exit: 1, last: '1 passed, 3 failed, 0 skipped' });
});

it('fails when not one answer of a daemon was validated', async () => {
  const files: PlantedFile[] = [{ status: 'passed', tests: ['passed'] }];
  expect(await summarize(files, { answerCounts: '0\n0\n' })).toEqual({
    exit: 1,
    last: '1 passed, 1 failed, 0 skipped',
  });
  expect(await summarize(files, { answerCounts: '0\n7\n' })).toEqual({
    exit: 0,
    last: '1 passed, 0 failed, 0 skipped',
  });
});

it('fails when not one test ran, or there is no report', async () => {
  expect(await summarize([])).toEqual({ exit: 1, last: '0 passed, 1 failed, 0 skipped' });
  const run = spawnSync('node', [SCRIPT, '/nowhere/report.json'], { encoding: 'utf8' });
  expect([run.status, run.stdout.trimEnd().split('\n').at(-1)]).toEqual([1, '0 passed, 1 failed, 0 skipped']);
});
