// The real notify-send, before a notification server on a session bus of its own: what a desktop would show, a click, and taking it back.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/core/clock.ts';
import { notifySend } from '../../src/daemon/notifications/notify-send.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const SERVER = fileURLToPath(new URL('../helpers/notification-server.py', import.meta.url));
const NOTIFY_SEND = '/usr/bin/notify-send';
const hasParts =
  systemPart('notify-send', NOTIFY_SEND) &&
  systemPart('dbus-daemon', '/usr/bin/dbus-daemon') &&
  systemPartByCheck('python3-gi', '/usr/bin/python3', () =>
    execFileSync('/usr/bin/python3', ['-c', 'from gi.repository import Gio'], { stdio: 'ignore' }),
  );

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The lines that a program prints, as they come. */
function readLines(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return lines;
}

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
  notifySend({ spawn, programPath: NOTIFY_SEND, environment, clock: createSystemClock() });

describe.skipIf(!hasParts)('notify-send before a real server', () => {
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
});
