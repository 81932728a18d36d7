// What a confinement adds to the start of a command.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { interleave } from '../measure.mjs';
import { ROLECALL, runProgram, timeRuns } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const ROUNDS = 7;
const RUNS = 3;
const TOOLS = ['/usr/bin/bwrap', '/usr/bin/keyctl'];
/** The bench runs in the checkout, and a confined command in the folder of a project. */
const IN_FOLDER = ['/bin/sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh'];

export async function measureConfine(scene) {
  const missing = TOOLS.find((path) => !existsSync(path));
  if (missing !== undefined) return scene.leaveOut('confine', missing);
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  const folder = join(world.environment.HOME, 'project');
  mkdirSync(folder);
  const list = [process.execPath, ROLECALL, 'profiles', 'list', '--json'];
  const [{ profileName: name }] = JSON.parse(await runProgram(list, world.environment)).profiles;
  const exec = (options) => {
    const command = [...IN_FOLDER, folder, process.execPath, ROLECALL, 'exec', ...options, name, '--', 'true'];
    return () => timeRuns(command, RUNS, world.environment);
  };
  const measure = async (network, what) => ({
    name: `rolecall exec --confine --network ${network}`,
    how: `\`true\` ${what}, against the same without --confine; median of ${ROUNDS} rounds of ${RUNS}.`,
    unit: 'ms',
    floorName: 'exec',
    ...(await interleave(ROUNDS, { floor: exec([]), measured: exec(['--confine', '--network', network]) })),
  });
  const rows = [await measure('host', 'in bubblewrap, with a keyring of its own')];
  if (existsSync('/usr/bin/pasta')) rows.push(await measure('own', 'in bubblewrap, with a network by pasta'));
  return rows;
}
