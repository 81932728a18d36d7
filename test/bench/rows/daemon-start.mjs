// From the start of the daemon's process to its first answer.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interleave } from '../measure.mjs';
import { BARE_NODE, DAEMON_MAIN } from '../programs.mjs';
import { isAnswering } from '../socket-client.mjs';
import { socketPathOf } from '../world.mjs';

const ROUNDS = 15;
const DEADLINE_MS = 20_000;

const SETTINGS = `flow = "device"
on_expired = "wait"
[profiles]
name = "{account_name}.{permission_set}"
exclude = ["sandbox*"]
[[role]]
account_id = "111111111111"
region = "eu-west-1"
[[protect]]
permission_set = "Admin*"
`;

/** Without NODE_EXTRA_CA_CERTS, even if it is set on this machine: bare Node takes three times as long with it. */
export async function measureDaemonStart(scene) {
  const plain = await measureStart(scene);
  const withSettings = await measureStart(scene, SETTINGS);
  return [
    { ...plain, bound: 4.3 },
    {
      ...withSettings,
      name: `${plain.name}, with a config.toml`,
      how: `the same with a file of ${SETTINGS.trim().split('\n').length} lines.`,
      bound: 4.5,
    },
  ];
}

async function measureStart(scene, settings) {
  const home = scene.createHome();
  const socketPath = socketPathOf(home);
  const { environment } = home;
  if (settings !== undefined) {
    const folder = join(home.path, '.config', 'rolecall');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'config.toml'), settings, { mode: 0o600 });
  }

  async function startBareNode() {
    const startedAtMs = performance.now();
    const { child } = scene.start(BARE_NODE[0], BARE_NODE.slice(1), { environment });
    await new Promise((resolve) => void child.on('exit', resolve));
    return performance.now() - startedAtMs;
  }

  async function startToAnswer() {
    const startedAtMs = performance.now();
    const daemon = scene.start(process.execPath, [DAEMON_MAIN], { environment });
    // A look at the file costs nothing; a connection is tried only once there is something to connect to.
    while (!existsSync(socketPath) || !(await isAnswering(socketPath))) {
      if (performance.now() - startedAtMs > DEADLINE_MS) throw new Error('the daemon did not answer');
      await sleep(1);
    }
    const elapsedMs = performance.now() - startedAtMs;
    await daemon.end();
    return elapsedMs;
  }

  return {
    name: 'daemon start to first answer',
    how:
      "from the spawn of the package's `dist/daemon/main.js`, with default settings in a home that it has been started in " +
      `before, to the whole answer of \`/v1/status\`, against spawn to end of \`node -e 0\`; median of ${ROUNDS} rounds.`,
    unit: 'ms',
    floorName: 'node -e 0',
    ...(await interleave(ROUNDS, { floor: startBareNode, measured: startToAnswer })),
  };
}
