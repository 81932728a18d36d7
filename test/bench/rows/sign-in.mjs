// From the approval on AWS's page to "Signed in" in the terminal.
import { createInterface } from 'node:readline';
import { median, percentile } from '../measure.mjs';
import { ROLECALL } from '../programs.mjs';
import { startWorld } from '../world.mjs';

const ROUNDS = 20;
const PROMISED_MS = 300;
/** AWS asks for one second; less makes the row quicker. */
const POLL_INTERVAL_MS = 100;

export async function measureSignIn(scene) {
  const world = await startWorld(scene, { accountCount: 2, permissionSetCount: 2 });
  const control = createControl(world.emulator);
  await control('PATCH', 'knobs', { autoApprove: false, pollIntervalSeconds: POLL_INTERVAL_MS / 1000 });
  const byCode = await measureRounds(() => signInByCode(scene, world, control));
  const byPage = await measureRounds(() => signInByPage(scene, world, control));
  return [
    {
      name: 'a device code approved, to "Signed in"',
      how:
        `from the emulator's approval to the line of \`rolecall login\`, a process; it includes the time until the daemon's next ` +
        `poll, which comes every ${POLL_INTERVAL_MS} ms here; p95 of ${ROUNDS} (median ${median(byCode).toFixed(1)} ms).`,
      unit: 'ms',
      floorName: 'promised, and the interval',
      bound: 1,
      floor: PROMISED_MS + POLL_INTERVAL_MS,
      measured: percentile(byCode, 0.95),
    },
    {
      name: 'an authorization code (PKCE) approved, to "Signed in"',
      how:
        "from the emulator's approval to the line of `rolecall login --pkce`, a process; a client follows the redirect to the " +
        `daemon, as the browser does; p95 of ${ROUNDS} (median ${median(byPage).toFixed(1)} ms).`,
      unit: 'ms',
      floorName: 'promised',
      bound: 1,
      floor: PROMISED_MS,
      measured: percentile(byPage, 0.95),
    },
  ];
}

/** The first round warms up and does not count. */
async function measureRounds(signIn) {
  const delays = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const delayMs = await signIn();
    if (round > 0) delays.push(delayMs);
  }
  return delays;
}

async function signInByCode(scene, { environment, sessionName }, control) {
  const login = startLogin(scene, environment, [sessionName, '--no-browser']);
  const code = await login.line(/^ {2}Code {3}(\S+)$/);
  await login.line(/^Waiting for your approval/);
  const startedAtMs = performance.now();
  await control('POST', `device-authorizations/${code}/approve`, {});
  await login.line(/^Signed in to/);
  const delayMs = performance.now() - startedAtMs;
  await login.end();
  return delayMs;
}

async function signInByPage(scene, { environment, sessionName }, control) {
  const login = startLogin(scene, environment, [sessionName, '--pkce', '--no-browser']);
  const page = await login.line(/^(http:\S+\/authorize\?\S+)$/);
  await login.line(/^Waiting for your approval/);
  await fetch(page).then((answer) => answer.arrayBuffer());
  const [{ requestId }] = await control('GET', 'authorizations');
  const startedAtMs = performance.now();
  const { location } = await control('POST', `authorizations/${requestId}/approve`, {});
  const [, answer] = await Promise.all([login.line(/^Signed in to/), fetch(location)]);
  const delayMs = performance.now() - startedAtMs;
  await answer.arrayBuffer();
  await login.end();
  return delayMs;
}

/** `line` resolves when a line matches, with its first group. */
function startLogin(scene, environment, args) {
  const words = ['login', '--force', '--no-wait', ...args];
  // The lines are on stderr.
  const command = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', process.execPath, ROLECALL, ...words];
  const { child, end } = scene.start(command[0], command.slice(1), { environment, stdout: 'pipe' });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    end,
    async line(pattern) {
      const seen = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
        seen.push(next.value);
        const found = pattern.exec(next.value);
        if (found !== null) return found[1];
      }
      throw new Error(`rolecall login ended without ${pattern}: ${seen.join('\n')}`);
    },
  };
}

function createControl({ url, controlToken }) {
  return async (method, path, body) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${controlToken}` };
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${url}/control/${path}`, request);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  };
}
