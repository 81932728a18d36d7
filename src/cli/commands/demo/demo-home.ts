// The home that the demo plays in: empty, temporary, and the only place that anything of it is written to.
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';

export interface DemoHome {
  readonly path: string;
  /** The whole environment of everything that the demo starts: made from nothing, so that no variable of the shell leaks in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly configFile: string;
  /** `export` lines of that environment, for a shell that wants to go on. */
  readonly environmentFile: string;
  write(path: string, text: string): void;
  remove(): Promise<void>;
}

/** What of the caller's shell the demo needs: where programs are, and how the terminal looks. */
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
    XDG_STATE_HOME: join(path, '.local', 'state'),
    XDG_RUNTIME_DIR: join(path, 'run'),
    // The demo's tokens are worth nothing; the keychain of the person who watches is left alone.
    ROLECALL_SECRET_STORE: 'memory',
    // Under Node 20 the AWS SDK warns about the Node versions of 2027; README says which Node to use.
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
