// How soon a switch is seen in the tray: a daemon, a tray and a session bus as processes, and a panel here.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUS, connectToBus } from '../../../dist/platform/bus/bus-connection.js';
import { median, percentile } from '../measure.mjs';
import { TRAY_MAIN } from '../programs.mjs';
import { waitFor } from '../wait.mjs';
import { startWorld } from '../world.mjs';

const BUS_DAEMON = '/usr/bin/dbus-daemon';
const SWITCHES = 40;
const ALLOWED_MS = 100;

export async function measureTray(scene) {
  if (!existsSync(BUS_DAEMON)) return scene.leaveOut('tray', BUS_DAEMON);
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  const socketPath = join(world.environment.XDG_RUNTIME_DIR, 'bus');
  const environment = { ...world.environment, DBUS_SESSION_BUS_ADDRESS: `unix:path=${socketPath}` };
  scene.start(BUS_DAEMON, ['--session', '--nofork', `--address=unix:path=${socketPath}`], { environment });
  // The file is there before the bus listens.
  const { bus, changes, isRegistered } = await waitFor('the session bus', () => startPanel(socketPath));
  try {
    scene.start(process.execPath, [TRAY_MAIN], { environment });
    await waitFor('the tray', isRegistered);
    const times = [];
    const switchTo = (role) =>
      world.client.get('/v1/current', 'PUT', JSON.stringify({ session: 'bench', ...role, profile: null }));
    // The first one ever adds an entry to the menu, which all others find there.
    await switchTo(world.roles[0]);
    await waitFor('the first switch', () => changes.length > 0);
    for (let round = 1; round <= SWITCHES; round += 1) {
      const role = world.roles[round % world.roles.length];
      const seen = changes.length;
      const startedAtMs = performance.now();
      await switchTo(role);
      await waitFor('the tray to follow', () => changes.slice(seen).some(({ text }) => text.includes(role.accountId)));
      const { atMs } = changes.slice(seen).find(({ text }) => text.includes(role.accountId));
      times.push(atMs - startedAtMs);
    }
    return [
      {
        name: 'switch to tray',
        how:
          `from the start of PUT /v1/current to the signal on the session bus that changes the menu's entries; 95 of 100 of ` +
          `${SWITCHES} switches are as fast, the median is ${median(times).toFixed(1)} ms.`,
        unit: 'ms',
        floorName: 'what is allowed',
        bound: 1,
        floor: ALLOWED_MS,
        measured: percentile(times, 0.95),
      },
    ];
  } finally {
    bus.close();
  }
}

/** A watcher that takes the item, and notes when its menu changes. */
async function startPanel(socketPath) {
  const bus = await connectToBus(socketPath);
  const changes = [];
  let registered = false;
  bus.answerWith(({ member }) => {
    registered ||= member === 'RegisterStatusNotifierItem';
    return member === 'Get' ? { signature: 'v', body: [['b', true]] } : { signature: '', body: [] };
  });
  bus.onSignal(({ member, body }) => {
    if (member === 'ItemsPropertiesUpdated' || member === 'LayoutUpdated') {
      changes.push({ atMs: performance.now(), text: JSON.stringify(body) });
    }
  });
  await bus.call(BUS, 'RequestName', 'su', ['org.kde.StatusNotifierWatcher', 0]);
  await bus.call(BUS, 'AddMatch', 's', ["type='signal',interface='com.canonical.dbusmenu'"]);
  return { bus, changes, isRegistered: () => registered };
}
