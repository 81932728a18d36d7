// The kernel's advisory lock on an open file: released when the file is closed or its process ends, even by SIGKILL.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { errorCode } from './file-error.ts';

type TryLock = (typeof import('fs-native-extensions'))['tryLock'];

/**
 * Takes the exclusive lock on an open file without waiting. Returns false if another open file, in any process, has it.
 * @throws Error: the file system has no locks, see `isLockUnsupported`
 */
export function tryLockFile(fileDescriptor: number): boolean {
  // Loaded by the first lock, so that only a process that takes one pays for a native module.
  return loadTryLock()(fileDescriptor);
}

/** The binary of this platform; the package's own search for that takes longer than all the rest of a lock. */
interface Binding {
  /** @throws Error: its code is EAGAIN if another open file has the lock */
  readonly tryLock: (fileDescriptor: number, offset: number, length: number, isExclusive: boolean) => void;
}

function loadTryLock(): TryLock {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('fs-native-extensions'));
  const loaded: { exports: Partial<Binding> } = { exports: {} };
  try {
    const platform = `${process.platform}-${process.arch}`;
    process.dlopen(loaded, join(folder, 'prebuilds', platform, 'fs-native-extensions.node'));
  } catch {
    return (require('fs-native-extensions') as { readonly tryLock: TryLock }).tryLock;
  }
  const { tryLock } = loaded.exports as Binding;
  return (fileDescriptor) => {
    try {
      tryLock(fileDescriptor, 0, 0, true);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EAGAIN') return false;
      throw error;
    }
  };
}

const UNSUPPORTED: readonly string[] = ['ENOLCK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'];

/** Whether `tryLockFile` failed because the file system, such as some network file systems, has no locks. */
export function isLockUnsupported(error: unknown): boolean {
  return UNSUPPORTED.includes(errorCode(error) ?? '');
}
