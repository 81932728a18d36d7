// A temporary home for a test and its processes, so that no test touches the developer's.
import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TemporaryHome {
  /** Absolute path of the home, without symlinks. */
  readonly path: string;
  /**
   * The whole environment for a child, made from nothing: no `AWS_…`, proxy, D-Bus or display variable of the
   * developer's shell is in it. Spread it to add your own.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Deletes the home; end the processes that live in it first. */
  remove(): Promise<void>;
}

/** Makes an empty home with its XDG folders, all 0700. */
export function createTemporaryHome(): TemporaryHome {
  // A short name: a socket's path has room for 104 bytes on macOS, 108 on Linux.
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'rolecall-')));
  const folders = {
    XDG_CONFIG_HOME: join(path, '.config'),
    XDG_STATE_HOME: join(path, '.local', 'state'),
    XDG_DATA_HOME: join(path, '.local', 'share'),
    XDG_CACHE_HOME: join(path, '.cache'),
    XDG_RUNTIME_DIR: join(path, 'run'),
    TMPDIR: join(path, 'tmp'),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    path,
    environment: {
      HOME: path,
      ...folders,
      // The Node that runs the tests comes first, then the system's own `aws`, `python3` and `curl`.
      PATH: [dirname(process.execPath), '/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin'].join(':'),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}
