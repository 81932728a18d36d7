// The client that profiles name, asked for a role whose keys the daemon has.
import { interleave } from '../measure.mjs';
import { timeRuns } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const ROUNDS = 15;
const RUNS = 10;

export async function measureClient(scene) {
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  const [role] = world.roles;
  const { status, text } = await world.client.get(world.credentialsPath(role));
  if (status !== 200) throw new Error(`no credentials: ${text}`);
  // The options of the script, so that the same bytes go both ways.
  const curl = [
    'curl',
    '-q',
    '--noproxy',
    '*',
    '-s',
    '--unix-socket',
    world.socketPath,
    '--connect-timeout',
    '2',
    '--max-time',
    '55',
    '-H',
    'Accept: text/plain',
    '-w',
    '\\n%{http_code}',
    '-G',
    ...world.selectors(role).flatMap((selector) => ['--data-urlencode', selector]),
    'http://localhost/v1/credentials',
  ];
  const client = [world.clientPath, ...world.clientArguments(role)];
  const sides = await interleave(ROUNDS, {
    floor: () => timeRuns(curl, RUNS, world.environment),
    measured: () => timeRuns(client, RUNS, world.environment),
  });
  return [
    {
      name: 'credential_process client, warm role',
      how:
        'the sh client at its fixed path against `curl --unix-socket` with the same options for the same bytes from ' +
        `the same daemon; median of ${ROUNDS} rounds of ${RUNS} runs each.`,
      unit: 'ms',
      floorName: 'curl',
      bound: 1.5,
      ...sides,
    },
  ];
}
