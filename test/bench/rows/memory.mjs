// Resident memory of a daemon that has nothing to do, and of one that has signed in.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../measure.mjs';
import { DAEMON_MAIN, runProgram } from '../programs.mjs';
import { isAnswering } from '../socket-client.mjs';
import { waitFor } from '../wait.mjs';
import { socketPathOf, startWorld } from '../world.mjs';

const PAIRS = 3;
const SETTLE_MS = 6000;
const IDLE = ['-e', 'setInterval(() => {}, 1e9)'];

export async function measureMemory(scene) {
  const idlePids = [];
  const daemonPids = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const home = scene.createHome();
    const { environment } = home;
    idlePids.push(scene.start(process.execPath, IDLE, { environment }).pid);
    daemonPids.push(scene.start(process.execPath, [DAEMON_MAIN], { environment }).pid);
    await waitFor('the daemon', () => isAnswering(socketPathOf(home)));
  }
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  await world.client.get(world.credentialsPath(world.roles[0]));
  await sleep(SETTLE_MS);

  const floor = await medianMib(idlePids);
  const common = { unit: 'MiB', floorName: 'idle node', floor };
  return [
    {
      name: 'resident memory, idle daemon',
      how:
        `RSS ${SETTLE_MS / 1000} s after the start, having answered one request, against a Node process that has ` +
        `nothing but a timer; median of ${PAIRS} processes each.`,
      ...common,
      measured: await medianMib(daemonPids),
      bound: 1.6,
    },
    {
      name: 'resident memory, signed in',
      how: `the same ${SETTLE_MS / 1000} s after a sign-in, a listing and one role: the AWS SDK is loaded by then.`,
      ...common,
      measured: await medianMib([world.daemonPid]),
      // Node 20 stays below 1.85, Node 24 between 1.88 and 1.91: there the SDK's work starts the optimizing compiler.
      bound: 1.95,
    },
  ];
}

async function medianMib(pids) {
  const kibs = [];
  for (const pid of pids) kibs.push(await readResidentKib(pid));
  return median(kibs) / 1024;
}

async function readResidentKib(pid) {
  const statusPath = `/proc/${pid}/status`;
  // macOS has no /proc, and a small container no ps.
  if (!existsSync(statusPath)) return Number(await runProgram(['ps', '-o', 'rss=', '-p', String(pid)], process.env));
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(statusPath, 'utf8'))?.[1]);
}
