// Fifty clients that start the daemon by themselves, while there is none and while one is being stopped.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRun } from '../helpers/run-process.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { isAlive } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { createAutostartWorld, type AutostartWorld } from './autostart-world.ts';

const CLIENTS = 50;

let world: AutostartWorld;
beforeEach(async () => {
  world = await createAutostartWorld();
});
afterEach(() => world.remove());

const startClient = (index: number) => (index % 2 === 0 ? world.askStatus() : world.askCredentials());

describe('fifty clients', () => {
  test('with no daemon: one daemon, and everybody is answered by it', { timeout: 180_000 }, async () => {
    const startedAtMs = Date.now();
    const runs = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => startClient(index)));
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    process.stdout.write(`${CLIENTS} clients with no daemon: all answered after ${seconds} s\n`);

    const failed = runs.filter(({ exitCode, stdout, stderr }) => exitCode !== 0 || stdout === '' || stderr !== '');
    expect(failed).toEqual([]);
    const [pid = 0, ...others] = world.startedDaemons();
    expect(others).toEqual([]);
    for (const { stdout } of runs.filter((_, index) => index % 2 === 0)) expect(stdout).toContain(`pid ${pid}\n`);
    expect(new Set(runs.filter((_, index) => index % 2 === 1).map(({ stdout }) => stdout)).size).toBe(1);
    expect(world.rig.emulator.countCalls('GetRoleCredentials')).toBe(1);
    expect(isAlive(pid)).toBe(true);
  });

  test(
    'while a daemon is being stopped: everybody is answered, by it or by its one successor',
    { timeout: 180_000 },
    async () => {
      await runRolecall(['daemon', 'start'], { environment: world.environment });
      const clients: Promise<ProcessRun>[] = [];
      let answered = 0;
      for (let index = 0; index < CLIENTS; index += 1) {
        clients.push(
          startClient(index).then((run) => {
            answered += 1;
            return run;
          }),
        );
      }
      await waitFor('the first answers', () => answered > 3);
      const stop = await runRolecall(['daemon', 'stop'], { environment: world.environment });
      expect(stop.exitCode).toBe(0);
      const runs = await Promise.all(clients);
      const failed = runs.filter(({ exitCode }) => exitCode !== 0);
      expect(failed).toEqual([]);
      const pids = world.startedDaemons();
      expect(pids.length).toBeLessThanOrEqual(2);
      expect(pids.filter(isAlive).length).toBeLessThanOrEqual(1);
    },
  );
});
