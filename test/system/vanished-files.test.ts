// Files deleted under a daemon's process: every command works again, and there is one daemon.
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../helpers/processes.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { createAutostartWorld, type AutostartWorld } from './autostart-world.ts';
import { deleteFolder } from '../helpers/delete-folder.ts';

let world: AutostartWorld;
beforeEach(async () => {
  world = await createAutostartWorld();
});
afterEach(() => world.remove());

test('without runtime directory and state folder, callers find the daemon that they had', async () => {
  const { paths } = world.rig;
  expect(await world.askStatus()).toMatchObject({ exitCode: 0 });
  const [first] = world.startedDaemons();
  deleteFolder(dirname(paths.socketPath));
  deleteFolder(paths.stateDirectory);
  const answers = await Promise.all([1, 2, 3].map(() => world.askCredentials()));
  expect(answers.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([1, 2, 3].map(() => [0, '']));
  expect(JSON.parse((await status()).stdout)).toMatchObject({ pid: first });
  // What a second one would have written there.
  expect(world.startedDaemons()).toEqual([]);
});

const status = () => runRolecall(['status', '--json'], { environment: world.environment });

test('a daemon whose lock file was replaced leaves the place to the other one', async () => {
  const { paths } = world.rig;
  expect(await world.askStatus()).toMatchObject({ exitCode: 0 });
  const [first = 0] = world.startedDaemons();
  process.kill(first, 'SIGSTOP');
  deleteFolder(paths.stateDirectory);
  deleteFolder(dirname(paths.socketPath));
  expect(await world.askStatus()).toMatchObject({ exitCode: 0 });
  const [second = 0] = world.startedDaemons();
  expect(second).not.toBe(first);
  process.kill(first, 'SIGCONT');
  await waitFor('the first daemon to end', () => !isAlive(first));
  expect(JSON.parse((await status()).stdout)).toMatchObject({ pid: second });
  expect(isAlive(second)).toBe(true);
  expect(await world.askCredentials()).toMatchObject({ exitCode: 0, stderr: '' });
});
