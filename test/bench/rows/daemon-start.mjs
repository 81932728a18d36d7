// From the start of the daemon's process to its first answer.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { interleave } from '../measure.mjs';
import { BARE_NODE, DAEMON_MAIN } from '../programs.mjs';
import { isAnswering } from '../socket-client.mjs';
import { socketPathOf } from '../world.mjs';

const ROUNDS = 15;
const DEADLINE_MS = 20_000;

/**
 * The bound was set on machines whose NODE_EXTRA_CA_CERTS makes every Node program slow to start, and such a variable
 * reaches a daemon: so it is kept for both sides, and the same without it stands beside it.
 */
export async function measureDaemonStart(scene) {
  const { NODE_EXTRA_CA_CERTS } = process.env;
  const plain = await measureStart(scene, {});
  if (NODE_EXTRA_CA_CERTS === undefined) return [{ ...plain, bound: 6 }];
  const asHere = await measureStart(scene, { NODE_EXTRA_CA_CERTS });
  return [
    { ...asHere, how: `${asHere.how} Both with NODE_EXTRA_CA_CERTS, as it is set on this machine.`, bound: 6 },
    {
      ...plain,
      name: `${plain.name}, without NODE_EXTRA_CA_CERTS`,
      how: `the same without that variable, with which bare Node takes three times as long.`,
    },
  ];
}

async function measureStart(scene, extra) {
  const home = scene.createHome();
  const socketPath = socketPathOf(home);
  const environment = { ...home.environment, ...extra };

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
