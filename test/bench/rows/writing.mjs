// Twenty thousand roles, with a profile for each and with profiles for those in use: what the AWS CLI and we pay for them.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PORTAL_CALLS_PER_SECOND } from '../../../dist/sso/broker.js';
import { comparePairs, describeSpread, median } from '../measure.mjs';
import { processorTimeOf, ROLECALL, timeRuns } from '../programs.mjs';
import { createSocketClient } from '../socket-client.mjs';
import { startWorld } from '../world.mjs';

/** The second version; another one may come earlier on PATH. */
const AWS = '/usr/bin/aws';
const MANY = { accountCount: 5000, permissionSetCount: 4, callsPerSecond: PORTAL_CALLS_PER_SECOND * 10 };
const USED_COUNT = 10;
const AWS_ROUNDS = 15;
const ROUNDS = 5;
const REQUESTS = 300;
const SETTLE_MS = 3000;
const REST_MS = 60_000;
const ALLOWED_SYNC_MS = 150;
/** SDKs give the container surface one second. */
const ALLOWED_DURING_PLAN_MS = 250;
const ALLOWED_DURING_SYNC_MS = 25;

export async function measureWriting(scene) {
  const all = await startWorld(scene, MANY);
  // The one that follows the current role is there in any case.
  const used = await startWorld(scene, { ...MANY, settings: '[profiles]\nwrite = "used"\n', writtenCount: 1 });
  const firstUses = await useSome(used);
  return [
    ...(await measureStarts(scene, all, used)),
    {
      name: 'the first use of a role without a profile',
      how: `\`POST /v1/profile\` with 20,000 roles that have names and ${USED_COUNT} or fewer profiles, until it is in the file; median of ${USED_COUNT}.`,
      unit: 'ms',
      measured: median(firstUses),
    },
    ...(await measureWorld(all, '20,000 profiles')),
    await measureKeysDuringSync(all, {
      name: 'a credential during a sync of 20,000 profiles',
      what: 'that plans all of them, because a comment was added to the file before,',
      allowedMs: ALLOWED_DURING_PLAN_MS,
      prepare: () => appendFileSync(all.configPath, '# a note\n'),
    }),
    await measureKeysDuringSync(all, {
      name: 'a credential during a sync that changes nothing',
      what: 'of 20,000 profiles',
      allowedMs: ALLOWED_DURING_SYNC_MS,
      prepare: () => undefined,
    }),
    ...(await measureWorld(used, `20,000 roles, ${USED_COUNT} profiles`)),
  ];
}

/** What a sync keeps others waiting for at the most, though a plan is a quarter of a second's work. */
async function measureKeysDuringSync(
  { client, credentialsPath, roles, socketPath },
  { name, what, allowedMs, prepare },
) {
  const other = createSocketClient(socketPath);
  const path = credentialsPath(roles[0]);
  const longest = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    prepare();
    const over = new AbortController();
    const latencies = [];
    const asking = (async () => {
      while (!over.signal.aborted) {
        const startedAtMs = performance.now();
        const { status } = await other.get(path);
        if (status !== 200) throw new Error(`status ${status} for a warm role`);
        latencies.push(performance.now() - startedAtMs);
      }
    })();
    await client.get('/v1/profiles/sync', 'POST');
    over.abort();
    await asking;
    longest.push(Math.max(...latencies));
  }
  other.close();
  return {
    name,
    how:
      `the longest that a warm role takes when it is asked for without a pause while a \`POST /v1/profiles/sync\` ${what} ` +
      `is under way, against the ${allowedMs} ms that are allowed; median of ${ROUNDS} syncs.`,
    unit: 'ms',
    floorName: 'allowed',
    floor: allowedMs,
    bound: 1,
    measured: median(longest),
  };
}

async function useSome({ client, configPath }) {
  const { roles } = JSON.parse((await client.get('/v1/roles')).text);
  const delays = [];
  for (let index = 0; index < USED_COUNT; index += 1) {
    const { profile } = roles[index * 1999];
    const startedAtMs = performance.now();
    const { status, text } = await client.get('/v1/profile', 'POST', JSON.stringify({ name: profile }));
    delays.push(performance.now() - startedAtMs);
    if (status !== 200 || !readFileSync(configPath, 'utf8').includes(`[profile ${profile}]\n`)) {
      throw new Error(`the profile ${profile} was not written: ${text}`);
    }
  }
  return delays;
}

/** The same command with three config files in turn. */
async function measureStarts(scene, all, used) {
  if (!existsSync(AWS)) return scene.leaveOut("writing, the AWS CLI's start", AWS);
  const few = scene.createHome();
  mkdirSync(join(few.path, '.aws'));
  const fewPath = join(few.path, '.aws', 'config');
  const names = [...readFileSync(used.configPath, 'utf8').matchAll(/^\[profile (.+)\]$/gm)].map(([, name]) => name);
  const name = names.find((candidate) => candidate !== 'current');
  const profiles = Array.from({ length: USED_COUNT }, (_, index) => `[profile ${index === 0 ? name : `p${index}`}]\n`);
  const lines = /^region = .*\ncredential_process = .*\n/m.exec(readFileSync(used.configPath, 'utf8'))?.[0];
  writeFileSync(fewPath, profiles.map((header) => header + lines).join(''));
  const command = [AWS, 'configure', 'get', 'region', '--profile', name];
  const time = (path) => processorTimeOf(command, { ...few.environment, AWS_CONFIG_FILE: path });
  const sides = [
    ['few', fewPath],
    ['used', used.configPath],
    ['all', all.configPath],
  ];
  const times = { few: [], used: [], all: [] };
  for (let round = 0; round <= AWS_ROUNDS; round += 1) {
    // To and fro, so that none of them always comes after the longest.
    for (const [side, path] of round % 2 === 0 ? sides : sides.toReversed()) {
      const milliseconds = await time(path);
      // The first round warms its files up.
      if (round > 0) times[side].push(milliseconds);
    }
  }
  const row = (write, bound) => ({
    name: `the AWS CLI's start with 20,000 roles, write = "${write}"`,
    how:
      'processor time of `aws configure get region --profile NAME` with that config file, against one of ten profiles ' +
      `of the same form; ${AWS_ROUNDS} rounds in turn: ${describeSpread(times.few, times[write])}.`,
    unit: 'ms',
    floorName: '10 profiles',
    ...(bound === undefined ? {} : { bound }),
    ...comparePairs(times.few, times[write]),
  });
  return [row('used', 1.05), row('all')];
}

async function measureWorld(world, what) {
  const { client, daemonPid, environment } = world;
  const syncs = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const startedAtMs = performance.now();
    const { status, text } = await client.get('/v1/profiles/sync', 'POST');
    if (status !== 200) throw new Error(`no sync: ${text}`);
    if (round > 0) syncs.push(performance.now() - startedAtMs);
  }
  const lists = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const milliseconds = await timeRuns([ROLECALL, 'ls'], 1, environment);
    if (round > 0) lists.push(milliseconds);
  }
  const path = world.credentialsPath(world.roles[0]);
  await client.get(path);
  await sleep(SETTLE_MS);
  const latencies = [];
  for (let request = 0; request < REQUESTS; request += 1) {
    const startedAtMs = performance.now();
    const { status } = await client.get(path);
    if (status !== 200) throw new Error(`status ${status} for a warm role`);
    latencies.push(performance.now() - startedAtMs);
  }
  const residentKib = readResidentKib(daemonPid);
  await sleep(REST_MS);
  const restingKib = readResidentKib(daemonPid);
  return [
    {
      name: `a sync that changes nothing, ${what}`,
      how: `\`POST /v1/profiles/sync\` to its whole answer, against the ${ALLOWED_SYNC_MS} ms that are allowed; median of ${ROUNDS}.`,
      unit: 'ms',
      floorName: 'allowed',
      floor: ALLOWED_SYNC_MS,
      bound: 1,
      measured: median(syncs),
    },
    {
      name: `rolecall ls, ${what}`,
      how: `the command with all of its lines; median of ${ROUNDS}.`,
      unit: 'ms',
      measured: median(lists),
    },
    {
      name: `a credential, ${what}`,
      how: `a warm role over a kept connection; median of ${REQUESTS}.`,
      unit: 'ms',
      measured: median(latencies),
    },
    {
      name: `resident memory of the daemon, ${what}`,
      how: `RSS ${SETTLE_MS / 1000} s after those syncs, which make it grow; what is held is less.`,
      unit: 'MiB',
      measured: residentKib / 1024,
    },
    {
      name: `resident memory a minute later, ${what}`,
      how: `RSS after another ${REST_MS / 1000} s without a request.`,
      unit: 'MiB',
      measured: restingKib / 1024,
    },
  ];
}

function readResidentKib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
