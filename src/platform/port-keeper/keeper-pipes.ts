// Creates and opens the two pipes of the port keeper, and checks that they are the daemon's own.
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { secretPipePath } from './port-keeper-script.ts';
import { checkFoldersAbove } from '../files/private-directory.ts';
import { fstatSync, unlinkIfPresentSync } from '../files/stat-sync.ts';

export interface KeeperPipes {
  /** The request pipe, open for reading and writing. */
  readonly requestFd: number;
  readonly secretFd: number;
  /** Unlinks the secret pipe. */
  hideSecret(): void;
  /** Closes both in this process. */
  close(): void;
}

/**
 * Creates both pipes with mode 0600, replacing earlier ones.
 * The keeper executes what it reads from the request pipe, so a pipe that another user has put there meanwhile is refused.
 * @throws Error: a pipe can't be created or is not ours, or another user could replace its folder
 */
export async function openKeeperPipes(pipePath: string, userId: number): Promise<KeeperPipes> {
  checkFoldersAbove(pipePath, userId);
  const secretPath = secretPipePath(pipePath);
  for (const path of [pipePath, secretPath]) unlinkIfPresentSync(path);
  await makePipes([pipePath, secretPath]);
  const requestFd = openOwnPipe(pipePath, userId);
  try {
    const secretFd = openOwnPipe(secretPath, userId);
    return {
      requestFd,
      secretFd,
      hideSecret: () => unlinkIfPresentSync(secretPath),
      close() {
        for (const fd of [requestFd, secretFd]) closeSync(fd);
      },
    };
  } catch (error) {
    closeSync(requestFd);
    throw error;
  }
}

/** Node has no mkfifo(3). */
function makePipes(paths: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('mkfifo', ['-m', '600', '--', ...paths], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } });
    child.once('error', reject);
    child.once('exit', (exitCode) => {
      if (exitCode === 0) resolve();
      else reject(new Error(`mkfifo could not make ${paths.join(' and ')}`));
    });
  });
}

/** @throws Error: it is not a pipe that only `userId` can open */
export function openOwnPipe(path: string, userId: number): number {
  // Opened for reading and writing, so that neither this open nor a later write waits for another process.
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  const found = fstatSync(fd);
  if (found.isFIFO() && found.uid === userId && (found.mode & 0o777) === 0o600) return fd;
  closeSync(fd);
  throw new Error(`${path} is not a pipe that only this user can open`);
}
