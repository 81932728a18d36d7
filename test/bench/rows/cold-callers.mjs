// Many processes at once that start with nothing: each role is fetched once, and the access token is refreshed once.
import { Agent, request } from 'node:http';
import { waitFor } from '../wait.mjs';
import { startWorld } from '../world.mjs';

const CALLERS = 300;
const ROLES = 15;
/** So slow that all callers are there before the first answer is. */
const ANSWER_DELAY_MS = 300;
const BRIEF_TOKEN_SECONDS = 3;
const USUAL_TOKEN_SECONDS = 3600;

export async function measureColdCallers(scene) {
  const world = await startWorld(scene, { accountCount: ROLES + 1, permissionSetCount: 1 });
  await letTokenDie(world);
  await control(world, 'POST', 'faults', { operation: '*', kind: 'delay', delayMs: ANSWER_DELAY_MS });
  await control(world, 'DELETE', 'calls');

  // The keys of the first role are there already: they told who signed in.
  const paths = world.roles.slice(1).map((role) => world.credentialsPath(role));
  const startedAtMs = performance.now();
  const answers = await Promise.all(
    Array.from({ length: CALLERS }, (_, index) => ask(world.socketPath, paths[index % ROLES])),
  );
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const calls = await control(world, 'GET', 'calls');

  const failed = answers.filter(({ status }) => status !== 200).length;
  if (failed > 0) throw new Error(`${failed} of ${CALLERS} cold callers got no keys`);
  const keyCount = new Set(answers.map(({ text }) => JSON.parse(text).AccessKeyId)).size;
  if (keyCount !== ROLES) throw new Error(`${keyCount} different keys for ${ROLES} roles`);
  const others = Object.entries(calls).filter(
    ([operation, count]) => count > 0 && operation !== 'CreateToken' && operation !== 'GetRoleCredentials',
  );
  if (others.length > 0) throw new Error(`calls that nobody needs: ${others.join('; ')}`);
  const callers = `${CALLERS} cold callers, ${ROLES} roles, dead access token`;
  const how = `each caller with a connection of its own, every answer of the emulator ${ANSWER_DELAY_MS} ms late; all were answered within ${elapsedSeconds.toFixed(1)} s.`;
  return [
    { name: `refreshes: ${callers}`, how: `CreateToken calls; ${how}`, ...countedAs(1, calls.CreateToken) },
    {
      name: `credential calls: ${callers}`,
      how: `GetRoleCredentials calls; ${how}`,
      ...countedAs(ROLES, calls.GetRoleCredentials),
    },
  ];
}

/** A bound of 1 is as many as that at the most; fewer would mean that this looked at something else. */
function countedAs(expected, counted) {
  if (counted < expected) throw new Error(`${counted} calls were counted where it takes ${expected}`);
  return { unit: 'calls', floorName: 'ideal', floor: expected, measured: counted, bound: 1 };
}

/** Signs in anew for a token of some seconds and waits for its end; the next one is a usual one. */
async function letTokenDie(world) {
  await control(world, 'PATCH', 'knobs', { accessTokenLifetimeSeconds: BRIEF_TOKEN_SECONDS });
  const signInPath = `/v1/sessions/${world.sessionName}/sign-in`;
  await world.client.get(signInPath, 'POST', JSON.stringify({ force: true }));
  await waitFor('the sign-in', async () => JSON.parse((await world.client.get(signInPath)).text).state === 'approved');
  await world.client.get('/v1/accounts?refresh=true');
  await waitFor('the end of the access token', async () => {
    const { sessions } = JSON.parse((await world.client.get('/v1/status')).text);
    return Date.parse(sessions[0].tokenExpiresAt) < Date.now();
  });
  await control(world, 'PATCH', 'knobs', { accessTokenLifetimeSeconds: USUAL_TOKEN_SECONDS });
}

async function control(world, method, path, body) {
  const answer = await fetch(`${world.emulatorUrl}/control/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

function ask(socketPath, path) {
  return new Promise((resolve, reject) => {
    const options = { socketPath, path, agent: new Agent(), headers: { host: 'localhost' }, servername: '' };
    const outgoing = request(options, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode, text }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
