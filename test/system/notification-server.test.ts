// A real notification server on a session bus of its own: what a desktop would show, a click, and taking it back.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/core/clock.ts';
import { freedesktop } from '../../src/daemon/notifications/freedesktop.ts';
import { findBusSocket } from '../../src/platform/bus/bus-address.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { processesOf, readLines } from '../helpers/processes.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess, runRolecall } from '../helpers/run-process.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const SERVER = fileURLToPath(new URL('../helpers/notification-server.py', import.meta.url));
const hasParts =
  systemPart('dbus-daemon', '/usr/bin/dbus-daemon') &&
  systemPartByCheck('python3-gi', '/usr/bin/python3', () =>
    execFileSync('/usr/bin/python3', ['-c', 'from gi.repository import Gio'], { stdio: 'ignore' }),
  );

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function startBus(): Promise<Record<string, string>> {
  const home = createTemporaryHome();
  ends.push(() => home.remove());
  const bus = spawn('/usr/bin/dbus-daemon', ['--session', '--nofork', '--print-address'], {
    env: home.environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  ends.push(() => bus.kill('SIGKILL'));
  const lines = readLines(bus);
  const address = await waitFor('the address of the bus', () => lines[0]);
  return { ...home.environment, DBUS_SESSION_BUS_ADDRESS: address, DISPLAY: ':0' };
}

async function startServer(environment: Record<string, string>) {
  const server = spawn('/usr/bin/python3', [SERVER], { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
  ends.push(() => server.kill('SIGKILL'));
  const lines = readLines(server);
  await waitFor('the notification server', () => lines.length === 1);
  return {
    events: () => lines.slice(1).map((line) => JSON.parse(line) as unknown),
    click: () => server.stdin.write('click\n'),
  };
}

const backendFor = (environment: Record<string, string>) =>
  freedesktop({ socketPath: findBusSocket(environment, existsSync) ?? '', clock: createSystemClock() });

describe.skipIf(!hasParts)('a real notification server', () => {
  test('shows hostile text as it is, tells of the click, and takes back what was shown', async () => {
    const environment = await startBus();
    const server = await startServer(environment);
    const backend = backendFor(environment);
    const hostile = '-A <b>x</b> & \\n \\033[31m %s "\'';
    let clicks = 0;
    const action = {
      label: 'Sign in',
      onClick: () => {
        clicks += 1;
      },
    };
    expect(await backend.show({ title: hostile, body: hostile, action })).toBeDefined();
    // What the server prints comes another way than its answer.
    await waitFor('the server to tell of it', () => server.events().length === 1);
    expect(server.events()).toEqual([
      {
        event: 'shown',
        title: hostile,
        // What a server that reads markup shows is the text again, backslashes included.
        body: '-A &lt;b&gt;x&lt;/b&gt; &amp; \\n \\033[31m %s "\'',
        actions: ['act', 'Sign in'],
      },
    ]);
    server.click();
    await waitFor('the click', () => clicks === 1);

    const second = await backend.show({ title: 'a', body: 'b' });
    second?.withdraw();
    await waitFor('the notification to be closed', () =>
      server.events().some((event) => (event as { event: string; id?: number }).id === 2),
    );
    expect(clicks).toBe(1);
  });

  test('on a bus without a server nothing is shown, and nothing hangs', async () => {
    const environment = await startBus();
    expect(await backendFor(environment).show({ title: 'a', body: 'b' })).toBeUndefined();
  });

  test('a daemon shows that a session is over, and a click on it brings the code, then the page, then keys', async () => {
    const emulator = createEmulator(AT_ONCE);
    const { url } = await emulator.listen();
    ends.push(() => emulator.close());
    const busEnvironment = await startBus();
    const home = busEnvironment['HOME'] ?? '';
    const server = await startServer(busEnvironment);
    // The last browser that xdg-open looks for before it gives up.
    writePrivate(
      join(home, 'bin', 'x-www-browser'),
      `#!/bin/sh\nenv > '${home}/env'\nprintf '%s\\n' "$1" > '${home}/page.new'\nmv '${home}/page.new' '${home}/page'\n`,
    );
    chmodSync(join(home, 'bin', 'x-www-browser'), 0o700);
    writePrivate(join(home, '.aws', 'config'), CONFIG);
    // A machine with a display would sign in without a code.
    writePrivate(join(home, 'config.toml'), 'flow = "device"\n');
    const environment = {
      ...busEnvironment,
      ROLECALL_CONFIG: join(home, 'config.toml'),
      PATH: `${join(home, 'bin')}:${busEnvironment['PATH']}`,
      // Without the desktop files of the machine's own browsers.
      XDG_DATA_DIRS: join(home, 'no-applications'),
      ROLECALL_SECRET_STORE: 'file',
      ROLECALL_PASSPHRASE: 'correct horse battery',
      AWS_ENDPOINT_URL_SSO_OIDC: url,
      AWS_ENDPOINT_URL_SSO: url,
      AWS_ENDPOINT_URL_STS: url,
    };
    ends.push(() => runRolecall(['daemon', 'stop'], { environment }));
    expect(await runRolecall(['login', '--no-browser'], { environment })).toMatchObject({ exitCode: 0 });
    emulator.turnKnobs({ autoApprove: false });
    emulator.revokeSessions();

    const ask = () =>
      runProcess(
        CREDENTIAL_PROCESS,
        ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'],
        {
          environment,
        },
      );
    expect(await ask()).toMatchObject({ exitCode: 4 });
    await waitFor('the notification', () => server.events().length === 1);
    expect(server.events()[0]).toMatchObject({ title: `Sign in to ${SESSION}`, actions: ['act', 'Sign in'] });

    server.click();
    const page = await waitFor('the page in the browser', () => readFileSync(join(home, 'page'), 'utf8').trim());
    const [{ userCode } = { userCode: '' }] = emulator.pendingDeviceAuthorizations();
    await waitFor('the code on the screen', () =>
      server
        .events()
        .some((event) => (event as { title?: string }).title === `Code ${userCode} signs in to ${SESSION}`),
    );
    expect(new URL(page).origin).toBe(new URL(url).origin);
    // The browser's arguments, and those of whatever else runs now, are there for every user to read.
    expect(page).not.toContain(userCode);
    expect(processesOf(home).filter((seen) => seen.arguments.some((word) => word.includes(userCode)))).toEqual([]);
    expect(readFileSync(join(home, 'env'), 'utf8')).not.toContain('correct horse battery');

    emulator.approve(userCode);
    await waitFor('the code to be taken from the screen', () =>
      server.events().some((event) => (event as { id?: number }).id === 2),
    );
    expect(await ask()).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
