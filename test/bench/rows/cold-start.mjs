// A crowd of callers without a daemon: all of them together, against the same crowd with a daemon and one start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../measure.mjs';
import { ROLECALL, runProgram } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const ROUNDS = 3;
const BOUND = 4;
const CROWDS = [
  { name: '40 callers and 8 starters without a daemon', callers: 40, starters: 8 },
  { name: '300 callers without a daemon', callers: 300, starters: 0 },
];

export async function measureColdStart(scene) {
  // Tokens in a file, so that the next daemon is signed in.
  const store = { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'bench' };
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2, store });
  const { ROLECALL_NO_AUTOSTART: _none, ...environment } = world.environment;
  const rolecall = (...words) => runProgram([process.execPath, ROLECALL, ...words], environment);
  const logPath = join(world.home.path, '.local', 'state', 'rolecall', 'daemon.log');
  const countDaemons = () => readFileSync(logPath, 'utf8').match(/ is running, pid \d+/g).length;
  const caller = [world.clientPath, ...world.clientArguments(world.roles[0])];

  /** Rejects when one of them fails, or is not answered as the others are. */
  async function crowd({ callers, starters }) {
    const startedAtMs = performance.now();
    const [documents, started] = await Promise.all([
      Promise.all(Array.from({ length: callers }, () => runProgram(caller, environment))),
      Promise.all(Array.from({ length: starters }, () => rolecall('daemon', 'start'))),
    ]);
    const elapsedMs = performance.now() - startedAtMs;
    for (const answers of [documents, started]) {
      if (new Set(answers).size > 1) throw new Error('the answers differ');
    }
    return elapsedMs;
  }

  async function timeStart() {
    await rolecall('daemon', 'stop');
    const startedAtMs = performance.now();
    await rolecall('daemon', 'start');
    return performance.now() - startedAtMs;
  }

  async function timeColdCrowd(size) {
    await rolecall('daemon', 'stop');
    const daemonsBefore = countDaemons();
    const elapsedMs = await crowd(size);
    const daemons = countDaemons() - daemonsBefore;
    if (daemons !== 1) throw new Error(`${daemons} daemons served`);
    return elapsedMs;
  }

  const rows = [];
  for (const size of CROWDS) {
    const times = { start: [], warm: [], cold: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      times.start.push(await timeStart());
      times.warm.push(await crowd(size));
      times.cold.push(await timeColdCrowd(size));
    }
    const [startMs, warmMs] = [median(times.start), median(times.warm)];
    rows.push({
      name: size.name,
      how:
        'the sh client of a profile and `rolecall daemon start`, all at once, from the first spawn to the last exit, ' +
        `against ${warmMs.toFixed(0)} ms for the same with a daemon plus ${startMs.toFixed(0)} ms for one ` +
        `\`rolecall daemon start\`; medians of ${ROUNDS} rounds. All got the same answer, from one daemon.`,
      unit: 'ms',
      floorName: 'warm, and one start',
      floor: startMs + warmMs,
      measured: median(times.cold),
      bound: BOUND,
    });
  }
  await rolecall('daemon', 'stop');
  return rows;
}
