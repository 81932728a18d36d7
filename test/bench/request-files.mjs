// Lists the source files that a warm and a cold credential request and a sign-in pass through. Run by hand after a build:
// node test/bench/request-files.mjs
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createScene } from './scene.mjs';
import { createSocketClient } from './socket-client.mjs';
import { COMPILED_DAEMON_MAIN } from './programs.mjs';
import { startWorld } from './world.mjs';

const ROUNDS = 12;

/**
 * What also runs before the answer, but is not on the way from the socket to it: functions without state that many files
 * share, the acceptance of a connection (once for many requests), and what takes note of an event.
 */
const BESIDE = [
  /^core\//,
  /^aws-config\//,
  /^platform\//,
  /^sso\/(issuer|faults)\.ts$/,
  /^sso\/resilience\/renewal\.ts$/,
  /^daemon\/http\/connections\.ts$/,
  /^daemon\/audit\/audit-/,
  /^daemon\/process\//,
  /^daemon\/profiles\//,
  /^daemon\/roles\/issued-names\.ts$/,
];

const scene = createScene();
try {
  const world = await startWorld(scene, {
    accountCount: 4,
    permissionSetCount: 10,
    daemonMain: COMPILED_DAEMON_MAIN,
    preload: fileURLToPath(new URL('request-coverage.mjs', import.meta.url)),
  });
  const client = createSocketClient(world.socketPath);
  const reportPath = join(world.home.path, 'request-files.jsonl');
  /** Waits first: an answer is on its way before its line is written. */
  async function readReport() {
    await pause(500);
    return readFileSync(reportPath, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  // The first request of a daemon loads what later ones find loaded.
  const [first, ...others] = world.roles;
  await client.get(world.credentialsPath(first));
  await pause(3000);

  for (let round = 0; round < ROUNDS; round += 1) await client.get(world.credentialsPath(first));
  for (const role of others.slice(0, ROUNDS)) await client.get(world.credentialsPath(role));
  const report = await readReport();
  const warm = report.filter(({ url }) => url === world.credentialsPath(first)).slice(1);
  const coldPaths = others.slice(0, ROUNDS).map(world.credentialsPath);
  const cold = report.filter(({ url }) => coldPaths.includes(url));
  const signIn = report.find(({ url }) => url.endsWith('/sign-in'));

  print('A warm credential request over the socket', intersect(warm));
  print('A cold credential request over the socket', intersect(cold));
  print('The start of a sign-in', signIn.files);

  const { url, token } = await world.createGrant(first, undefined);
  for (let round = 0; round < ROUNDS; round += 1) await fetch(url, { headers: { authorization: token } });
  const atContainerPort = (await readReport()).filter((request) => request.url === new URL(url).pathname).slice(1);
  print('A warm request at the container port', intersect(atContainerPort));
} finally {
  await scene.close();
}

/** Files that ran in every round: a file that ran in some belongs to the daemon's timed work. */
function intersect(rounds) {
  const [first, ...others] = rounds.map(({ files }) => files);
  return first.filter((file) => others.every((files) => files.includes(file)));
}

function print(title, files) {
  const beside = files.filter((file) => BESIDE.some((pattern) => pattern.test(file)));
  const passed = files.filter((file) => !beside.includes(file));
  console.log(`${title}: passes through ${passed.length} files; ${beside.length} more run beside it`);
  console.log(`${passed.map((file) => `  src/${file}`).join('\n')}\n  beside: ${beside.join(' ')}\n`);
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
