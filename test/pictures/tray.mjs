// The tray in a real panel: xfce4-panel under Xvfb with a daemon on the emulator behind it; says what it saw, and takes the picture for docs.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectToBus } from '../../dist/platform/bus/bus-connection.js';

const ROLECALL = fileURLToPath(new URL('../../bin/rolecall.js', import.meta.url));
const SESSION = 'my-sso-session';
const DEADLINE_MS = 30_000;

/** Where the picture goes; without it nothing is drawn, and the panel alone says what it has. */
const [picture] = process.argv.slice(2);

const CONFIG = ['my-sso-session', 'customer-b']
  .map(
    (name) => `[sso-session ${name}]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`,
  )
  .join('\n');

const SETTINGS = `[session.my-sso-session]
label = "Work"
session_hours = 10

[session.customer-b]
label = "Customer B"

[[role]]
account_id = "222222222222"
permission_set = "Admin-AF-Permission-Set"
pin = true
`;

/** One panel at the top with nothing in it but a tray at the right. */
const PANEL = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
`;

const ends = [];

function start(program, args, environment, stdout = 'ignore') {
  const child = spawn(program, args, { env: environment, stdio: ['ignore', stdout, 'ignore'] });
  child.on('error', (error) => console.error(`${program}: ${error.message}`));
  ends.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  });
  return child;
}

async function firstLine(child) {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('a program ended before it said anything');
}

function run(program, args, environment) {
  const { status, stderr } = spawnSync(program, args, { env: environment, encoding: 'utf8', timeout: DEADLINE_MS });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

async function waitFor(what, condition) {
  const endsAtMs = Date.now() + DEADLINE_MS;
  while (Date.now() < endsAtMs) {
    const answer = await condition().catch(() => undefined);
    if (answer) return answer;
    await sleep(50);
  }
  throw new Error(`waited ${DEADLINE_MS} ms for ${what}`);
}

function ask(socketPath, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    const outgoing = request({ socketPath, method, path, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null')));
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function startDesktop(home) {
  const environment = {
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    LANG: 'C.UTF-8',
    // No second bus for assistive programs, which would outlive this.
    NO_AT_BRIDGE: '1',
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, 'run', 'bus')}`,
  };
  const settings = join(home, '.config', 'xfce4', 'xfconf', 'xfce-perchannel-xml');
  mkdirSync(settings, { recursive: true, mode: 0o700 });
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  writeFileSync(join(settings, 'xfce4-panel.xml'), PANEL);
  const socketPath = join(home, 'run', 'bus');
  const screen = ['-screen', '0', '640x400x24', '-nolisten', 'tcp', '-displayfd', '1'];
  const display = `:${await firstLine(start('/usr/bin/Xvfb', screen, environment, 'pipe'))}`;
  const withDisplay = { ...environment, DISPLAY: display };
  // What the bus starts, such as the panel's settings, needs the display and this home too.
  start('/usr/bin/dbus-daemon', ['--session', '--nofork', `--address=unix:path=${socketPath}`], withDisplay);
  // The file is there before the bus listens.
  await waitFor('the session bus', async () => {
    (await connectToBus(socketPath)).close();
    return true;
  });
  const panel = start('/usr/bin/xfce4-panel', ['--disable-wm-check'], withDisplay);
  return { environment: withDisplay, socketPath, panel };
}

async function startRolecall(environment) {
  const emulator = start(process.execPath, [ROLECALL, 'emulator', '--auto-approve', '--json'], environment, 'pipe');
  const { url } = JSON.parse(await firstLine(emulator));
  const surroundings = {
    ...environment,
    ROLECALL_SECRET_STORE: 'memory',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
  };
  const { HOME: home } = environment;
  mkdirSync(join(home, '.aws'), { mode: 0o700 });
  writeFileSync(join(home, '.aws', 'config'), CONFIG, { mode: 0o600 });
  mkdirSync(join(home, '.config', 'rolecall'), { mode: 0o700 });
  writeFileSync(join(home, '.config', 'rolecall', 'config.toml'), SETTINGS, { mode: 0o600 });
  ends.push(async () => run(process.execPath, [ROLECALL, 'daemon', 'stop'], surroundings));
  run(process.execPath, [ROLECALL, 'login', SESSION, '--no-browser'], surroundings);
  const socketPath = join(home, 'run', 'rolecall', 'daemon.sock');
  const { roles } = await ask(socketPath, 'GET', '/v1/roles');
  for (const { session, accountId, permissionSet, profile } of roles.slice(0, 5).toReversed()) {
    await ask(socketPath, 'PUT', '/v1/current', { session, accountId, permissionSet, profile });
  }
  start(process.execPath, [ROLECALL, 'tray', '--wait'], surroundings);
}

/** The names that the panel's own watcher has. */
async function listItems(bus) {
  const watcher = {
    destination: 'org.kde.StatusNotifierWatcher',
    path: '/StatusNotifierWatcher',
    interface: 'org.freedesktop.DBus.Properties',
  };
  const body = ['org.kde.StatusNotifierWatcher', 'RegisteredStatusNotifierItems'];
  const [[, items]] = await bus.call(watcher, 'Get', 'ss', body);
  return items.length > 0 ? items : undefined;
}

async function takePicture(environment, path) {
  // The icon is at the right end of the panel; the menu opens below it.
  for (const args of [
    ['mousemove', '622', '16'],
    ['click', '1'],
  ]) {
    await sleep(700);
    run('/usr/bin/xdotool', args, environment);
  }
  await sleep(1500);
  run('/usr/bin/import', ['-window', 'root', '-crop', '500x350+140+0', '+repage', path], environment);
}

// Short, for the sockets in it.
const home = realpathSync(mkdtempSync(join(tmpdir(), 'rct-')));
try {
  const { environment, socketPath, panel } = await startDesktop(home);
  const bus = await connectToBus(socketPath);
  ends.push(async () => bus.close());
  await startRolecall(environment);
  const items = await waitFor('the panel to take the icon', () => listItems(bus));
  if (picture !== undefined) await takePicture(environment, picture);
  // A panel that fell over what it read of us would be gone by now.
  await sleep(1000);
  const still = await listItems(bus);
  console.log(JSON.stringify({ items: items.length, still: still?.length, panelLives: panel.exitCode === null }));
} finally {
  for (const end of ends.toReversed()) await end();
  rmSync(home, { recursive: true, force: true });
}
