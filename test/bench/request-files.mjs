// Lists the source files whose code runs for a warm and a cold credential request and for a sign-in. Run by hand after a build:
// node test/bench/request-files.mjs
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createScene } from './scene.mjs';
import { createSocketClient } from './socket-client.mjs';
import { startWorld } from './world.mjs';

const ROUNDS = 12;

const scene = createScene();
try {
  const world = await startWorld(scene, {
    accountCount: 4,
    permissionSetCount: 10,
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
  console.log(`${title}: ${files.length} files\n${files.map((file) => `  src/${file}`).join('\n')}\n`);
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
