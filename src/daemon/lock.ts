// One daemon per user: the kernel's lock on a file under HOME, gone with the process however it ends.
import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface DaemonLock {
  release(): void;
}

interface NativeLocks {
  tryLock(fd: number): boolean;
}

/** The lock, or undefined when another process holds it; the file itself stays and holds nothing. */
export function tryDaemonLock(path: string): DaemonLock | undefined {
  // fs-native-extensions is CommonJS without types of its own; loaded here so that only a daemon pays for it.
  const { tryLock } = createRequire(import.meta.url)('fs-native-extensions') as NativeLocks;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (!tryLock(fd)) {
    closeSync(fd);
    return undefined;
  }
  return { release: () => closeSync(fd) };
}
