// Opens state files as the daemon does.
import { createProblems, type Problems } from '../../src/core/problems.ts';
import { createDamagedFiles } from '../../src/daemon/state-files/damaged-files.ts';
import { createStateFiles, type OpenStateFile } from '../../src/daemon/state-files/state-file.ts';
import { createFakeClock } from './fake-clock.ts';

export function openStateFiles(problems: Problems = createProblems(), logLines: string[] = []): OpenStateFile {
  const log = (level: string, message: string) => void logLines.push(`${level} ${message}`);
  return createStateFiles(problems, createDamagedFiles({ problems, clock: createFakeClock(), log }));
}
