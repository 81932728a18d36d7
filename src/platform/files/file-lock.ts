// The kernel's advisory lock on an open file: released when the file is closed or its process ends, even by SIGKILL.
import { createRequire } from 'node:module';
import { errorCode } from './file-error.ts';

/**
 * Takes the exclusive lock on an open file without waiting. Returns false if another open file, in any process, has it.
 * @throws Error: the file system has no locks, see `isLockUnsupported`
 */
export function tryLockFile(fileDescriptor: number): boolean {
  // Loaded by the first lock, so that only a process that takes one pays for a native module.
  const { tryLock } = createRequire(import.meta.url)('fs-native-extensions') as typeof import('fs-native-extensions');
  return tryLock(fileDescriptor);
}

const UNSUPPORTED: readonly string[] = ['ENOLCK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'];

/** Whether `tryLockFile` failed because the file system, such as some network file systems, has no locks. */
export function isLockUnsupported(error: unknown): boolean {
  return UNSUPPORTED.includes(errorCode(error) ?? '');
}
