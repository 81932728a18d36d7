// Many requests over all surfaces of one daemon, and the memory and open files that they leave behind.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../wait.mjs';
import { startWorld } from '../world.mjs';

const FIRST_REQUESTS = 10_000;
const ALL_REQUESTS = 200_000;
const CONNECTIONS = 32;
const SETTLE_MS = 1000;
/**
 * V8 collects when it likes, here after every 20,000 requests or so, and between two collections the memory goes up by a
 * fifth: what a daemon holds is the lowest of looks that are spread over more than one of them.
 */
const FIRST_LOOKS = { count: 4, requestsBetween: 1500 };
const LAST_LOOKS = { count: 12, requestsBetween: 5000 };

export async function measureSoak(scene) {
  const world = await startWorld(scene, { accountCount: 5, permissionSetCount: 2, reportsHeap: true });
  const web = JSON.parse(readFileSync(`${world.home.path}/.local/state/rolecall/web.json`, 'utf8'));
  const grants = [];
  for (const role of world.roles.slice(0, 4)) grants.push(await world.createGrant(role, process.pid));
  const onSocket = (path) => ({ socketPath: world.socketPath, path, headers: { host: 'localhost' }, servername: '' });
  const targets = [
    ...world.roles.slice(0, 4).map((role) => onSocket(world.credentialsPath(role))),
    ...grants.map((grant) => toOptions(grant.url, grant.token)),
    onSocket('/v1/current'),
    toOptions(`${web.url}/v1/accounts`, `Bearer ${web.token}`),
    // Refusals leave nothing behind either.
    toOptions(grants[0].url, 'wrong'),
  ];

  const early = await lookAfter(world, targets, FIRST_REQUESTS, FIRST_LOOKS);
  const late = await lookAfter(world, targets, ALL_REQUESTS - FIRST_REQUESTS, LAST_LOOKS);

  const how = `${ALL_REQUESTS} requests over socket, loopback port and container surface, ${CONNECTIONS} at once, refusals among them`;
  const span = ({ count, requestsBetween }) => `${count} looks with ${requestsBetween} requests between each two`;
  return [
    {
      name: 'soak, memory after 200,000 requests',
      how:
        `${how}: RSS after all of them (the lowest of the last ${span(LAST_LOOKS)}, the highest was ` +
        `${late.highestMib.toFixed(0)} MiB) against RSS after the first ${FIRST_REQUESTS} (the lowest of ${span(FIRST_LOOKS)}).`,
      unit: 'MiB',
      floorName: 'after 10,000',
      floor: early.residentMib,
      measured: late.residentMib,
      bound: 1.2,
    },
    {
      name: 'soak, what cannot be collected',
      how:
        'of the same daemon at the same two moments, after the looks: heap and buffers that a full garbage collection leaves. ' +
        'A hundred bytes that stay of each request would nearly double it.',
      unit: 'MiB',
      floorName: 'after 10,000',
      floor: early.liveMib,
      measured: late.liveMib,
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
      measured: early.failures + late.failures,
      bound: 0,
    },
  ];
}

function toOptions(url, authorization) {
  const { hostname, port, pathname, host } = new URL(url);
  return { host: hostname, port, path: pathname, headers: { host, authorization } };
}

/** What the daemon holds once `requestCount` requests are answered and their connections closed. */
async function lookAfter(world, targets, requestCount, { count, requestsBetween }) {
  let failures = await askAll(targets, requestCount - (count - 1) * requestsBetween);
  const looks = [];
  for (;;) {
    await sleep(SETTLE_MS);
    looks.push(look(world.daemonPid));
    if (looks.length === count) break;
    failures += await askAll(targets, requestsBetween);
  }
  const residents = looks.map(({ residentMib }) => residentMib);
  return {
    failures,
    residentMib: Math.min(...residents),
    highestMib: Math.max(...residents),
    openFiles: Math.min(...looks.map(({ openFiles }) => openFiles)),
    liveMib: await readLiveMib(world),
  };
}

async function readLiveMib({ daemonPid, heapReportPath }) {
  rmSync(heapReportPath, { force: true });
  process.kill(daemonPid, 'SIGUSR2');
  const { bytes } = await waitFor('the report of the heap', () => JSON.parse(readFileSync(heapReportPath, 'utf8')));
  return bytes / 2 ** 20;
}

/** How many answers were wrong. */
async function askAll(targets, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let asked = 0;
  let failures = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (asked < count) {
        const target = targets[asked % targets.length];
        asked += 1;
        const expected = target.headers.authorization === 'wrong' ? 401 : 200;
        if ((await ask(agent, target)) !== expected) failures += 1;
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
