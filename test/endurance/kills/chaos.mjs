// What is done to the daemon, one thing at a time, at random.
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPILED_ROLECALL, runProgram } from '../../bench/programs.mjs';
import { waitFor } from '../../bench/wait.mjs';
import { processesOf } from './leftovers.mjs';

/** `pid` is the daemon's, and waits for one. `counts` tells how often each thing was done. */
export function createChaos({ home, environment, pid }) {
  const rolecall = (...args) => runProgram([process.execPath, COMPILED_ROLECALL, ...args], environment);
  const keepers = () => processesOf(home).filter(({ command }) => command.includes('rolecall-port-keeper'));

  async function suspend() {
    const target = await pid();
    process.kill(target, 'SIGSTOP');
    await sleep(500 + Math.random() * 1500);
    process.kill(target, 'SIGCONT');
  }

  const ways = [
    ['daemon killed (SIGKILL)', 5, async () => process.kill(await pid(), 'SIGKILL')],
    ['daemon killed twice in a row', 2, killTwice],
    ['daemon ended (SIGTERM)', 1, async () => process.kill(await pid(), 'SIGTERM')],
    ['daemon stop', 1, () => rolecall('daemon', 'stop')],
    ['daemon restart', 1, () => rolecall('daemon', 'restart')],
    ['daemon suspended for up to 2 s', 1, suspend],
    ['keeper killed', 1, killKeeper],
  ];
  const hat = ways.flatMap((way) => Array.from({ length: way[1] }, () => way));
  const counts = Object.fromEntries(ways.map(([name]) => [name, 0]));

  async function killTwice() {
    const first = await pid();
    process.kill(first, 'SIGKILL');
    const second = await waitFor('the next daemon', async () => {
      const found = await pid();
      return found !== first && found;
    });
    process.kill(second, 'SIGKILL');
  }

  /** The daemon notices at its next tick; a kill of both at once is more than the port can outlive. */
  async function killKeeper() {
    const before = keepers();
    for (const keeper of before) process.kill(keeper.pid, 'SIGKILL');
    await waitFor('a new keeper', () => keepers().some(({ pid: found }) => before.every((old) => old.pid !== found)), {
      deadlineMs: 120_000,
    });
  }

  return {
    counts,
    async strike() {
      const [name, , act] = hat[Math.floor(Math.random() * hat.length)];
      await act();
      counts[name] += 1;
      return name;
    },
  };
}
