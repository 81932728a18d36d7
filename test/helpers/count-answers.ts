// Adds up the answers that all processes of a test run have validated, and prints their number at the end; `.ci/run` fails if it is 0.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly answerCounts: string;
  }
}

/** @see https://vitest.dev/config/globalsetup */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-answers-'));
  const counts = join(folder, 'counts');
  writeFileSync(counts, '');
  provide('answerCounts', counts);
  return () => {
    const total = readFileSync(counts, 'utf8')
      .split('\n')
      .reduce((sum, line) => sum + Number(line), 0);
    rmSync(folder, { recursive: true });
    const { ROLECALL_ANSWER_COUNTS: file } = process.env;
    if (file !== undefined) appendFileSync(file, `${total}\n`);
    if (total > 0) process.stdout.write(`${total} answers validated against schemas/openapi-*.json\n`);
  };
}
