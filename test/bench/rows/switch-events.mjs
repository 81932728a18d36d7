// Switching among 20,000 roles: how soon everybody sees it, and what the list of them costs.
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { median, percentile } from '../measure.mjs';
import { ROLECALL } from '../programs.mjs';
import { createSocketClient } from '../socket-client.mjs';
import { waitFor } from '../wait.mjs';
import { startWorld } from '../world.mjs';

/** Few accounts with many permission sets each: the same rows, listed in seconds. */
const MANY = { accountCount: 1000, permissionSetCount: 20, callsPerSecond: 190 };
const SESSION = 'bench';

const SWITCHES = 100;
const WATCHED_SWITCHES = 40;
const LISTS = 10;
const EVENT_DEADLINE_MS = 10_000;

export async function measureSwitchEvents(scene) {
  const world = await startWorld(scene, MANY);
  const { client, roles } = world;
  const roleCount = roles.length;
  await waitFor('the list with its profiles', async () => {
    const { text } = await client.get('/v1/roles');
    return JSON.parse(text).roles.filter(({ profile }) => profile !== null).length === roleCount;
  });

  const listener = await listenToEvents(world.socketPath);
  const delays = [];
  for (let round = 0; round <= SWITCHES; round += 1) {
    const startedAtMs = performance.now();
    const seen = listener.next('current');
    const role = { session: SESSION, ...roles[(round * 197) % roleCount], profile: null };
    const [arrivedAtMs] = await Promise.all([seen, client.get('/v1/current', 'PUT', JSON.stringify(role))]);
    // The first one loads the checks of what comes in.
    if (round > 0) delays.push(arrivedAtMs - startedAtMs);
  }
  listener.close();
  const watched = await measureWatch(scene, world);

  const credentialsPath = world.credentialsPath(roles[0]);
  await client.get(credentialsPath);
  const anew = [];
  const again = [];
  const meanwhile = [];
  const other = createSocketClient(world.socketPath);
  for (let round = 0; round <= LISTS; round += 1) {
    const role = { session: SESSION, ...roles[(round * 331) % roleCount], profile: null };
    await client.get('/v1/current', 'PUT', JSON.stringify(role));
    const state = { isMade: false };
    const asking = askAllTheTime(other, credentialsPath, state);
    const first = await time(() => client.get('/v1/roles'));
    state.isMade = true;
    const latencies = await asking;
    const second = await time(() => client.get('/v1/roles'));
    if (round === 0) continue;
    anew.push(first);
    again.push(second);
    meanwhile.push(...latencies);
  }
  other.close();

  return [
    {
      name: 'a switch, seen by a listener',
      how: `from the request to the event over the socket, ${roleCount} roles; median of ${SWITCHES} (p99 ${percentile(delays, 0.99).toFixed(1)} ms).`,
      unit: 'ms',
      floorName: 'promised',
      bound: 1,
      floor: 100,
      measured: median(delays),
    },
    {
      name: 'a switch, seen by `rolecall status --watch`',
      how:
        `from the request to the line that \`rolecall status --watch --json\`, a process, prints of it, ${roleCount} roles; p95 of ` +
        `${WATCHED_SWITCHES} (median ${median(watched).toFixed(1)} ms).`,
      unit: 'ms',
      floorName: 'promised',
      bound: 1,
      floor: 100,
      measured: percentile(watched, 0.95),
    },
    {
      name: 'the list of 20,000 roles, again',
      how: `\`/v1/roles\` when nothing has changed, its ${(await client.get('/v1/roles')).text.length.toLocaleString('en')} characters read by Node; median of ${LISTS}.`,
      unit: 'ms',
      measured: median(again),
    },
    {
      name: 'the list of 20,000 roles, anew',
      how: `the same after a switch, which changes its order; median of ${LISTS}.`,
      unit: 'ms',
      measured: median(anew),
    },
    {
      name: 'a credential while that list is made',
      how: `a warm role, asked for all the time over a connection of its own; p99 of ${meanwhile.length} (median ${median(meanwhile).toFixed(2)} ms).`,
      unit: 'ms',
      measured: percentile(meanwhile, 0.99),
    },
  ];
}

/** Milliseconds from each switch to its own line. */
async function measureWatch(scene, { client, environment, roles }) {
  const watching = scene.start(process.execPath, [ROLECALL, 'status', '--watch', '--json'], {
    environment,
    stdout: 'pipe',
  });
  const events = [];
  createInterface({ input: watching.child.stdout }).on('line', (line) => {
    const atMs = performance.now();
    events.push({ atMs, ...JSON.parse(line) });
  });
  await waitFor('the first word of the daemon', () => events.some(({ type }) => type === 'hello'));
  const delays = [];
  for (let round = 0; round <= WATCHED_SWITCHES; round += 1) {
    const { accountId, permissionSet } = roles[(round * 211 + 7) % roles.length];
    const seen = events.length;
    const find = () =>
      events
        .slice(seen)
        .find(
          ({ type, data }) =>
            type === 'current' && data.accountId === accountId && data.permissionSet === permissionSet,
        );
    const startedAtMs = performance.now();
    const body = JSON.stringify({ session: SESSION, accountId, permissionSet, profile: null });
    const { status, text } = await client.get('/v1/current', 'PUT', body);
    if (status !== 200) throw new Error(`current: ${status} ${text}`);
    const { atMs } = await waitFor('the line of the switch', find, { intervalMs: 2 });
    if (round > 0) delays.push(atMs - startedAtMs);
  }
  await watching.end();
  return delays;
}

async function time(work) {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

async function askAllTheTime(client, path, state) {
  const latencies = [];
  do {
    latencies.push(await time(() => client.get(path)));
  } while (!state.isMade);
  return latencies;
}

/** `next(type)` resolves with the time at which the next event of that type has come. */
function listenToEvents(socketPath) {
  return new Promise((resolve, reject) => {
    const waiting = [];
    const outgoing = request({ socketPath, path: '/v1/events', headers: { host: 'localhost' } }, (incoming) => {
      incoming.setEncoding('utf8').on('data', (text) => {
        const arrivedAtMs = performance.now();
        for (const [, type] of text.matchAll(/^event: (.*)$/gm)) {
          const index = waiting.findIndex((waiter) => waiter.type === type);
          if (index !== -1) waiting.splice(index, 1)[0].arrive(arrivedAtMs);
        }
      });
      incoming.on('error', () => undefined);
      resolve({
        next: (type) =>
          new Promise((arrive, fail) => {
            const tooLate = setTimeout(() => fail(new Error(`no event "${type}" came`)), EVENT_DEADLINE_MS);
            const waiter = {
              type,
              arrive(arrivedAtMs) {
                clearTimeout(tooLate);
                arrive(arrivedAtMs);
              },
            };
            waiting.push(waiter);
          }),
        close: () => outgoing.destroy(),
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
