// What would keep a daemon from starting, looked at when none runs: its lock file, and the folder of its state.
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import type { ErrorBody } from '../../core/errors.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import { errorCode, isOutOfInodes, toFailure, toFileError } from '../../platform/file-error.ts';

/** The error that the daemon would end with; undefined when there is none, or nothing to look at yet. */
export function findStartFault(paths: Pick<RuntimePaths, 'lockFile' | 'stateDirectory'>): ErrorBody | undefined {
  const { lockFile, stateDirectory } = paths;
  if (!existsSync(stateDirectory)) return undefined;
  try {
    closeSync(openSync(lockFile, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    return undefined;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return toFailure(error).toBody();
  }
  try {
    accessSync(stateDirectory, constants.W_OK | constants.X_OK);
  } catch (error) {
    return toFailure(error).toBody();
  }
  return isOutOfInodes(lockFile) ? toFileError({ code: 'ENOSPC' }, lockFile, 'used').toBody() : undefined;
}
