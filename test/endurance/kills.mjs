// Kills, stops and suspends the daemon at random under 20 credential_process callers and 10 SDKs behind `exec`, with every processor busy.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMULATOR_MAIN, COMPILED_ROLECALL, runProgram } from '../bench/programs.mjs';
import { createSocketClient } from '../bench/socket-client.mjs';
import { waitFor } from '../bench/wait.mjs';
import { socketPathOf } from '../bench/world.mjs';
import { askByProcess, buildGoCaller, createTally, startContainerCaller } from './kills/callers.mjs';
import { createChaos } from './kills/chaos.mjs';
import { countDescriptors, listFiles, processesOf } from './kills/leftovers.mjs';

const SESSION = 'my-sso-session';
const PROFILE = 'taylor.Admin-AF-Permission-Set';
const SELECTORS = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
const PROCESS_CALLERS = 20;
const CONTAINER_CALLERS = ['boto3', 'boto3', 'boto3', 'boto3', 'js', 'js', 'js', 'go', 'go', 'go'];
const WAITS = { deadlineMs: 60_000 };
/** What a daemon of an untroubled home has in its state folder by the end, and what a crash may add. */
const STATE_FILES =
  /^(?:audit\.log(?:\.1)?|daemon\.(?:lock|log)|catalog|adoptions|switch|grants|run|election|(?:grants|container-port|current|profile-names|used-roles|users)\.json|secrets\.json(?:\.room)?|(?:uses|damaged-files|issued)\S*)$/;

const TEMPORARY = /\.(?:tmp|kept|secret|damaged)/;

export async function runKills(scene, seconds) {
  const world = await createWorld(scene);
  const { home, environment, client } = world;
  const goCaller = buildGoCaller(home.path);

  const busy = ['-c', 'while :; do :; done'];
  for (let left = cpus().length; left > 0; left -= 1) scene.start('/bin/sh', busy, { environment });
  const tallies = { credential_process: createTally(), boto3: createTally(), js: createTally(), go: createTally() };
  const over = new AbortController();
  const helper = join(home.path, '.local', 'share', 'rolecall', 'bin', 'rolecall-credential-process');
  const processCallers = Array.from({ length: PROCESS_CALLERS }, () =>
    askByProcess([helper, ...SELECTORS], environment, tallies.credential_process, over.signal),
  );
  const containerCallers = CONTAINER_CALLERS.map((kind) =>
    startContainerCaller(
      kind,
      [process.execPath, COMPILED_ROLECALL, 'exec', PROFILE, '--'],
      goCaller,
      environment,
      tallies[kind],
    ),
  );
  await Promise.all(containerCallers.map(({ started }) => started));
  await sleep(2000);
  const first = await status(client);
  const descriptorsBefore = countDescriptors(first.pid);

  const chaos = createChaos({ home: home.path, environment, pid: async () => (await status(client)).pid });
  const endsAtMs = performance.now() + seconds * 1000;
  const problems = [];
  while (performance.now() < endsAtMs) {
    try {
      const what = await chaos.strike();
      console.error(`${new Date().toISOString()} ${what}`);
    } catch (error) {
      problems.push(`${new Date().toISOString()} ${error.message}`);
    }
    await sleep(3000 + Math.random() * 7000);
  }

  over.abort();
  await Promise.all([...processCallers, ...containerCallers.map((caller) => caller.end())]);
  for (const [kind, { tookMs, failed }] of Object.entries(tallies)) {
    problems.push(...failed.map((why) => `${kind}: ${why}`));
    if (tookMs.length === 0) problems.push(`${kind}: no answer`);
  }
  try {
    await findLeftovers();
  } catch (error) {
    problems.push(error.message);
  }
  return { rows: describe(tallies, chaos.counts), problems };

  async function findLeftovers() {
    // The last thing that was done may have been a stop.
    await runProgram([process.execPath, COMPILED_ROLECALL, 'status'], environment);
    await waitFor(
      'a daemon at rest',
      async () => (await grants(client)).length === 0 && keepers(home.path) === 0,
      WAITS,
    );
    const last = await status(client);
    problems.push(...last.problems.map(({ message }) => `status: ${message}`));
    await waitFor('every connection to be closed', () => countDescriptors(last.pid) <= descriptorsBefore, WAITS).catch(
      () =>
        problems.push(`the daemon has ${countDescriptors(last.pid)} open descriptors, ${descriptorsBefore} at first`),
    );
    const daemons = processesOf(home.path).filter(({ command }) => command.includes('/daemon/main.js'));
    if (daemons.length !== 1) problems.push(`${daemons.length} daemons`);
    await runProgram([process.execPath, COMPILED_ROLECALL, 'daemon', 'stop'], environment);
    await waitFor('no process', () => leftProcesses().length === 0, WAITS).catch(() =>
      problems.push(...leftProcesses().map(({ pid, command }) => `process ${pid} is left: ${command}`)),
    );
    const state = join(home.path, '.local', 'state', 'rolecall');
    const leftIn = (folder, names) => problems.push(...names.map((name) => `${name} is left in ${folder}`));
    leftIn(
      'the state folder',
      readdirSync(state).filter((name) => !STATE_FILES.test(name)),
    );
    leftIn(
      'the home',
      listFiles(home.path).filter((name) => TEMPORARY.test(name)),
    );
    leftIn('the folder of the grants', readdirSync(join(state, 'grants')));
    leftIn('the folder for temporary files', readdirSync(environment.TMPDIR));
    const signIns = readFileSync(join(state, 'audit.log'), 'utf8').match(/"event":"sign-in-approved"/g)?.length ?? 0;
    if (signIns > 1) problems.push(`${signIns} sign-ins`);
  }

  function leftProcesses() {
    return processesOf(home.path).filter(
      ({ pid, command }) => pid !== world.emulatorPid && !command.includes('while :'),
    );
  }
}

async function createWorld(scene) {
  const home = scene.createHome();
  for (const name of ['.aws', 'tmp']) mkdirSync(join(home.path, name), { mode: 0o700 });
  writeFileSync(
    join(home.path, '.aws', 'config'),
    `[sso-session ${SESSION}]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n`,
    { mode: 0o600 },
  );
  const emulator = await scene.startSaying(EMULATOR_MAIN, ['--auto-approve', '--json'], home.environment);
  const environment = {
    ...home.environment,
    TMPDIR: join(home.path, 'tmp'),
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse battery staple',
    ...Object.fromEntries(['SSO_OIDC', 'SSO', 'STS'].map((name) => [`AWS_ENDPOINT_URL_${name}`, emulator.url])),
  };
  await runProgram([process.execPath, COMPILED_ROLECALL, 'login'], environment);
  return { home, environment, emulatorPid: emulator.pid, client: createSocketClient(socketPathOf(home)) };
}

async function ask(client, path) {
  return waitFor(`an answer to ${path}`, async () => JSON.parse((await client.get(path)).text), WAITS);
}
const status = (client) => ask(client, '/v1/status');
const grants = async (client) => (await ask(client, '/v1/grants')).grants;
const keepers = (home) => processesOf(home).filter(({ command }) => command.includes('rolecall-port-keeper')).length;

function describe(tallies, counts) {
  const callers = Object.entries(tallies).map(([kind, { tookMs, failed }]) => {
    const sorted = tookMs.toSorted((a, b) => a - b);
    const at = (share) => `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`;
    return [
      `${kind}: calls, failed, p50, p99, slowest`,
      `${sorted.length + failed.length}, ${failed.length}, ${at(0.5)}, ${at(0.99)}, ${at(1)}`,
    ];
  });
  return [...callers, ...Object.entries(counts).map(([what, count]) => [what, String(count)])];
}
