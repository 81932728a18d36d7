// A real gnome-keyring on its own session bus, in a private home.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectToBus } from '../../src/platform/bus/bus-connection.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);
const PASSWORD = 'correct horse';
/** Needs no prompt or name, and ends with its bus. */
const HANGING_PROMPTER = '/usr/bin/gdbus monitor --session --dest org.freedesktop.DBus';

/** What a session is made of. */
export const KEYRING_PROGRAMS = [
  '/usr/bin/gnome-keyring-daemon',
  '/usr/bin/dbus-daemon',
  '/usr/bin/gdbus',
  '/usr/bin/secret-tool',
] as const;

export interface KeyringSession {
  /** What a process needs to see this keyring and no other. */
  readonly environment: Readonly<Record<string, string>>;
  readonly providerPid: () => number;
  lock(): Promise<void>;
  /** As the desktop does with the screen: without a dialog. */
  unlock(): Promise<void>;
  /** How many dialogs have asked for the password. */
  dialogs(): number;
  /** Ends the provider without a goodbye. */
  killProvider(): Promise<void>;
  startProvider(options: { unlocked: boolean }): Promise<void>;
  /** Runs a program inside the session and gives back what it printed on stdout and stderr. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** Ends bus and provider, by their ids, and deletes what they stored. */
  stop(): Promise<void>;
}

export interface KeyringOptions {
  /** A bus alone, on which nobody keeps secrets, when false. */
  readonly provider?: boolean;
  /** What becomes of the keyring's question for its password: it fails at once, or stays open for as long as the bus. */
  readonly prompter?: 'fails' | 'hangs';
}

/**
 * Starts a bus and an empty, unlocked keyring on it, in a folder below `home`. The bus of one home has one address:
 * libdbus reads the address once in the life of a process.
 */
export async function startKeyringSession(home: string, options: KeyringOptions = {}): Promise<KeyringSession> {
  const folder = join(home, 'keyring');
  await mkdir(folder, { mode: 0o700 });
  const runtimeDir = join(folder, 'run');
  await mkdir(runtimeDir, { mode: 0o700 });
  const services = join(folder, 'services');
  await mkdir(services);
  const prompter = join(folder, 'prompter');
  const dialogsPath = join(folder, 'dialogs');
  const then = options.prompter === 'hangs' ? `exec ${HANGING_PROMPTER}` : 'exit 1';
  await writeFile(prompter, `#!/bin/sh\necho dialog >> '${dialogsPath}'\n${then}\n`, { mode: 0o700 });
  await writeFile(
    join(services, 'org.gnome.keyring.SystemPrompter.service'),
    `[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=${prompter}\n`,
  );
  const address = `unix:path=${join(runtimeDir, 'bus')}`;
  const configPath = join(folder, 'bus.conf');
  await writeFile(
    configPath,
    '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" ' +
      '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n' +
      `<busconfig><type>session</type><listen>${address}</listen><servicedir>${services}</servicedir>` +
      '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>' +
      '<allow own="*"/></policy></busconfig>\n',
  );
  const environment = {
    HOME: folder,
    PATH: process.env['PATH'] ?? '',
    XDG_RUNTIME_DIR: runtimeDir,
    XDG_DATA_HOME: join(folder, 'data'),
    DBUS_SESSION_BUS_ADDRESS: address,
  };

  const bus = spawn('/usr/bin/dbus-daemon', ['--nofork', `--config-file=${configPath}`], {
    env: environment,
    stdio: 'ignore',
  });
  // The file is there before the bus listens.
  await waitFor('the session bus to listen', async () => {
    (await connectToBus(join(runtimeDir, 'bus'))).close();
    return true;
  });
  let provider: ChildProcess | undefined;

  const call = (method: string, ...args: string[]) =>
    run(
      '/usr/bin/gdbus',
      [
        'call',
        '--session',
        '--timeout',
        '20',
        '--dest',
        'org.freedesktop.secrets',
        '--object-path',
        '/org/freedesktop/secrets',
        '--method',
        method,
        ...args,
      ],
      { env: environment },
    );

  const end = async (child: ChildProcess | undefined) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  const session: KeyringSession = {
    environment,
    providerPid() {
      if (provider?.pid === undefined) throw new Error('no provider is running');
      return provider.pid;
    },
    async lock() {
      await call('org.freedesktop.Secret.Service.Lock', "['/org/freedesktop/secrets/collection/login']");
    },
    async unlock() {
      const connection = await connectToBus(join(runtimeDir, 'bus'));
      const secrets = { destination: 'org.freedesktop.secrets', path: '/org/freedesktop/secrets' };
      const service = { ...secrets, interface: 'org.freedesktop.Secret.Service' };
      const [, plain] = await connection.call(service, 'OpenSession', 'sv', ['plain', ['s', '']]);
      const guilty = { ...secrets, interface: 'org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface' };
      const password = [String(plain), Buffer.alloc(0), Buffer.from(PASSWORD), 'text/plain'];
      const login = '/org/freedesktop/secrets/collection/login';
      await connection.call(guilty, 'UnlockWithMasterPassword', 'o(oayays)', [login, password]);
      connection.close();
    },
    dialogs: () => (existsSync(dialogsPath) ? readFileSync(dialogsPath, 'utf8').split('\n').filter(Boolean).length : 0),
    async killProvider() {
      await end(provider);
      provider = undefined;
    },
    async startProvider({ unlocked }) {
      provider = spawn(
        '/usr/bin/gnome-keyring-daemon',
        ['--foreground', '--components=secrets', ...(unlocked ? ['--unlock'] : [])],
        { env: environment, stdio: ['pipe', 'ignore', 'ignore'] },
      );
      provider.stdin?.end(PASSWORD);
      await waitFor('the keyring to answer on the bus', () => call('org.freedesktop.DBus.Peer.Ping').then(() => true));
    },
    async run(program, args) {
      const { stdout, stderr } = await run(program, [...args], { env: environment });
      return stdout + stderr;
    },
    async stop() {
      await end(provider);
      await end(bus);
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.provider !== false) await session.startProvider({ unlocked: true });
  return session;
}
