// Many requests over all doors of one daemon: what they leave behind in memory and open files.
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorld } from '../world.mjs';

const FIRST_REQUESTS = 10_000;
const ALL_REQUESTS = 200_000;
const CONNECTIONS = 32;
const SETTLE_MS = 1000;
/** V8 collects when it likes: what a daemon holds is the lowest of some looks, with requests in between. */
const LOOKS = 4;
const REQUESTS_BETWEEN = 2500;

export async function measureSoak(scene) {
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2 });
  const web = JSON.parse(readFileSync(`${world.home.path}/.local/state/rolecall/web.json`, 'utf8'));
  const grants = [];
  for (const role of world.roles.slice(0, 4)) grants.push(await world.createGrant(role));
  const onSocket = (path) => ({ socketPath: world.socketPath, path, headers: { host: 'localhost' }, servername: '' });
  const doors = [
    ...world.roles.slice(0, 4).map((role) => onSocket(world.credentialsPath(role))),
    ...grants.map((grant) => toOptions(grant.url, grant.token)),
    onSocket('/v1/current'),
    toOptions(`${web.url}/v1/accounts`, `Bearer ${web.token}`),
    // Refusals leave nothing behind either.
    toOptions(grants[0].url, 'wrong'),
  ];

  const early = await lookAfter(world.daemonPid, doors, FIRST_REQUESTS);
  const late = await lookAfter(world.daemonPid, doors, ALL_REQUESTS - FIRST_REQUESTS);
  const failures = early.failures + late.failures;

  const how = `${ALL_REQUESTS} requests over socket, loopback port and container door, ${CONNECTIONS} at once, refusals among them`;
  return [
    {
      name: 'soak, memory after 200,000 requests',
      how: `${how}: RSS after all of them against RSS after the first ${FIRST_REQUESTS}, each the lowest of ${LOOKS} looks.`,
      unit: 'MiB',
      floorName: 'after 10,000',
      floor: early.residentMib,
      measured: late.residentMib,
      bound: 1.2,
    },
    {
      name: 'soak, open files',
      how: 'of the same daemon at the same two moments, with every connection closed.',
      unit: 'files',
      floorName: 'after 10,000',
      floor: early.openFiles,
      measured: late.openFiles,
      bound: 1,
    },
    {
      name: 'soak, answers that were not as they should be',
      how: 'of the same requests: another status than 200, or than 401 for the wrong token.',
      unit: 'requests',
      floorName: 'one would be too many',
      floor: 1,
      measured: failures,
      bound: 0,
    },
  ];
}

function toOptions(url, authorization) {
  const { hostname, port, pathname, host } = new URL(url);
  return { host: hostname, port, path: pathname, headers: { host, authorization } };
}

/** What the daemon holds once `count` requests are answered and their connections closed. */
async function lookAfter(pid, doors, count) {
  let failures = await askAll(doors, count - (LOOKS - 1) * REQUESTS_BETWEEN);
  const looks = [];
  for (;;) {
    await sleep(SETTLE_MS);
    looks.push(look(pid));
    if (looks.length === LOOKS) break;
    failures += await askAll(doors, REQUESTS_BETWEEN);
  }
  return {
    failures,
    residentMib: Math.min(...looks.map(({ residentMib }) => residentMib)),
    openFiles: looks.at(-1).openFiles,
  };
}

/** How many answers were wrong. */
async function askAll(doors, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let asked = 0;
  let failures = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (asked < count) {
        const door = doors[asked % doors.length];
        asked += 1;
        const expected = door.headers.authorization === 'wrong' ? 401 : 200;
        if ((await ask(agent, door)) !== expected) failures += 1;
      }
    }),
  );
  agent.destroy();
  return failures;
}

function ask(agent, options) {
  return new Promise((resolve) => {
    const outgoing = request({ ...options, agent }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode));
    });
    outgoing.on('error', () => resolve(0));
    outgoing.end();
  });
}

function look(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    residentMib: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
  };
}
