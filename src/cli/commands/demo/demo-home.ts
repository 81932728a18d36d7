// The temporary home directory of the demo; the demo writes nowhere else.
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';

export interface DemoHome {
  readonly path: string;
  /** The complete environment of the demo's processes; nothing else of the shell's environment gets in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly configFile: string;
  /** `export` lines of that environment, for a shell that continues the demo. */
  readonly environmentFile: string;
  write(path: string, text: string): void;
  remove(): Promise<void>;
}

/** Variables that the demo takes from the caller's shell. */
const KEPT_VARIABLES = ['PATH', 'TERM', 'LANG', 'LC_ALL', 'NO_COLOR', 'TZ', 'USER', 'LOGNAME'] as const;

/** `endpoints` are the emulator's three variables. */
export function createDemoHome(
  callersEnvironment: Readonly<Record<string, string | undefined>>,
  endpoints: Readonly<Record<string, string>>,
): DemoHome {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'rolecall-demo-')));
  const environment: Record<string, string> = {};
  for (const name of KEPT_VARIABLES) {
    const value = callersEnvironment[name];
    if (value !== undefined) environment[name] = value;
  }
  Object.assign(environment, {
    HOME: path,
    XDG_CONFIG_HOME: join(path, '.config'),
    XDG_DATA_HOME: join(path, '.local', 'share'),
    XDG_STATE_HOME: join(path, '.local', 'state'),
    XDG_RUNTIME_DIR: join(path, 'run'),
    // Leaves the user's keychain alone; the demo's tokens are worthless.
    ROLECALL_SECRET_STORE: 'memory',
    // Under Node 20 the AWS SDK would print a warning about Node versions.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...endpoints,
  });
  mkdirSync(join(path, 'run'), { mode: 0o700 });
  const write = (name: string, text: string) => {
    mkdirSync(dirname(name), { recursive: true, mode: 0o700 });
    writeFileSync(name, text, { mode: 0o600 });
  };
  const environmentFile = join(path, 'environment.sh');
  const { PATH: _path, ...exported } = environment;
  write(
    environmentFile,
    Object.entries(exported)
      .map(([name, value]) => `export ${name}=${quoteForShell(value)}\n`)
      .join(''),
  );
  return {
    path,
    environment,
    configFile: join(path, '.aws', 'config'),
    environmentFile,
    write,
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}
