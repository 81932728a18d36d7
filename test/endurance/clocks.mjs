// Ten minutes of 30-second keys for ten SDK clients, while files vanish, the disk fills and empties, and the clock jumps by two hours.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEmulator } from '../../dist/emulator/emulator.js';
import { COMPILED_ROLECALL, runProgram } from '../bench/programs.mjs';
import { createRandom } from '../bench/simulated-day.mjs';
import { createSocketClient } from '../bench/socket-client.mjs';
import { waitFor } from '../bench/wait.mjs';
import { prepareClients, startClients } from './clocks/clients.mjs';
import { causeFaults } from './clocks/faults.mjs';
import { createJumpingClock, enterPrivateMounts, findObstacle } from './clocks/jumping-clock.mjs';
import { startWitness } from './clocks/witness.mjs';

const SESSION = 'endurance';
const KEY_SECONDS = 30;
/** Short, so that refresh tokens rotate all the time: what is lost is noticed. */
const TOKEN_SECONDS = 60;
const DISK_SIZE = '48m';
const ROLES = [
  { accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' },
  { accountId: '222222222222', permissionSet: 'ReadOnly' },
  { accountId: '333333333333', permissionSet: 'ReadOnly' },
];

const profileOf = ({ accountId }) => `role-${accountId}`;

/** With `everybodyJumps` the clients' clock jumps as the daemon's does; otherwise theirs is right. */
export async function runClocks(scene, seconds, { seed, everybodyJumps }) {
  const obstacle = findObstacle();
  if (obstacle !== undefined) return { rows: [], problems: [obstacle] };
  await enterPrivateMounts();
  const home = scene.createHome();
  const besides = scene.createHome().path;
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE},mode=700`, 'tmpfs', home.path]);
  try {
    return await runInMounts(scene, { home, besides, seconds, seed, everybodyJumps });
  } finally {
    execFileSync('umount', ['--lazy', home.path]);
  }
}

async function runInMounts(scene, { home, besides, seconds, seed, everybodyJumps }) {
  home.environment.XDG_RUNTIME_DIR = join(besides, 'run');
  const clients = prepareClients(besides);
  const clock = createJumpingClock(besides);
  const world = await createWorld(home, clock);
  const { emulator, environment, rolecall, createGrant, credentialsPath, socketPath } = world;
  try {
    const grants = await Promise.all(ROLES.map(createGrant));
    const running = startClients(scene, {
      clients,
      environment: everybodyJumps ? { ...environment, FAKETIME: undefined } : environment,
      roles: ROLES,
      createGrant,
      profileOf,
    });
    const { outcomes } = running;
    await running.started;
    const hasEverybodyAsked = () => new Set(outcomes.map(({ index }) => index)).size === running.count;
    await waitFor('every client’s first call', hasEverybodyAsked, { deadlineMs: 120_000 });
    outcomes.length = 0;

    const events = [];
    const startedAtMs = performance.now();
    const log = (event) => {
      events.push(event);
      console.error(`${new Date().toISOString()} ${event}`);
    };
    const over = new AbortController();
    const witness = startWitness({ socketPath, roles: ROLES, credentialsPath, grants, signal: over.signal });
    const syncProfiles = () => rolecall('profiles', 'sync').catch(({ message }) => log(message));
    const random = createRandom(seed);
    const faults = causeFaults({ home, clock, random, syncProfiles, log, signal: over.signal });
    await Promise.race([sleep(seconds * 1000), faults]);
    over.abort();
    await faults;
    await witness.ended;
    await running.end();
    const measured = Math.round((performance.now() - startedAtMs) / 1000);
    const { counts } = witness;
    return report({
      counts,
      outcomes,
      events,
      emulator,
      measured,
      seed,
      loss: await findLossByRestart(world),
      everybodyJumps,
      clientCount: running.count,
    });
  } finally {
    await rolecall('daemon', 'stop').catch(({ message }) => console.error(message));
    await emulator.close();
  }
}

/** Signed in, on a disk of its own, with a daemon whose clock jumps. */
async function createWorld(home, clock) {
  const emulator = createEmulator({
    autoApprove: true,
    pollIntervalSeconds: 0.1,
    roleCredentialsLifetimeSeconds: KEY_SECONDS,
    accessTokenLifetimeSeconds: TOKEN_SECONDS,
  });
  const { url } = await emulator.listen();
  const environment = {
    ...home.environment,
    ...clock.environment,
    ...clock.STEADY,
    NODE_NO_WARNINGS: '1',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse',
  };
  mkdirSync(home.environment.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
  mkdirSync(join(home.path, '.aws'), { mode: 0o700 });
  const credentialProcess = ({ accountId, permissionSet }) =>
    `${home.path}/.local/share/rolecall/bin/rolecall-credential-process --session ${SESSION} --account ${accountId} --role ${permissionSet}`;
  const profiles = ROLES.map(
    (role) => `[profile ${profileOf(role)}]\ncredential_process = ${credentialProcess(role)}\n`,
  );
  const config = [formatSession(emulator.directory), ...profiles].join('\n');
  writeFileSync(join(home.path, '.aws', 'config'), config, { mode: 0o600 });
  const rolecall = (...args) => runProgram([process.execPath, COMPILED_ROLECALL, ...args], environment);
  await rolecall('login', '--yes');

  const socketPath = join(home.environment.XDG_RUNTIME_DIR, 'rolecall', 'daemon.sock');
  const createGrant = async ({ accountId, permissionSet }) => {
    const body = JSON.stringify({ session: SESSION, accountId, permissionSet, processId: process.pid });
    const api = createSocketClient(socketPath);
    const { status, text } = await api.get('/v1/grants', 'POST', body);
    api.close();
    if (status !== 201) throw new Error(text);
    return JSON.parse(text);
  };
  return {
    emulator,
    environment,
    rolecall,
    socketPath,
    createGrant,
    credentialsPath: ({ accountId, permissionSet }) =>
      `/v1/credentials?session=${SESSION}&account=${accountId}&role=${permissionSet}`,
    getKeys: () => runProgram(['/bin/sh', '-c', credentialProcess(ROLES[0])], environment),
  };
}

/** What was kept has to be enough for another daemon; undefined, or what was said instead. */
async function findLossByRestart({ emulator, rolecall, getKeys }) {
  // The disk has room again, and the daemon a moment to notice.
  await sleep(5000);
  try {
    await rolecall('daemon', 'stop');
    emulator.expireAccessTokens();
    await rolecall('daemon', 'start');
    await rolecall('status', '--check');
    await getKeys();
    return undefined;
  } catch ({ message }) {
    return message;
  }
}

function report({ counts, outcomes, events, emulator, measured, seed, loss, everybodyJumps, clientCount }) {
  const failures = outcomes.filter(({ ok }) => !ok);
  const expired = failures.filter(({ code }) => /expired/iu.test(code));
  const describe = ({ name, at, code, message }) => `${at} ${name}: ${code} ${message.replaceAll('\n', ' ')}`;
  for (const failure of failures) console.error(describe(failure));
  for (const [what, count] of [...counts.failures, ...counts.problems]) {
    console.error(`witness: ${count} times ${what}`);
  }
  const times = (pattern) => events.filter((event) => pattern.test(event)).length;
  const signIns = emulator.countCalls('StartDeviceAuthorization');
  // A client whose own clock is behind keeps keys for longer than they are good for, whoever gave them.
  const isClientsFault = everybodyJumps;
  return {
    rows: [
      [
        'clock',
        `${everybodyJumps ? 'that of the daemon and the clients' : 'that of the daemon alone'} jumps, seed ${seed}`,
      ],
      ['seconds', measured],
      ['jumps of the clock', times(/^the clock/u)],
      ['times that the disk was full', times(/is full$/u)],
      ['files and folders gone', times(/^gone/u)],
      ['daemons', counts.pids.size],
      ['refreshes of the access token', emulator.countCalls('CreateToken', 'refresh_token')],
      ['SDK clients', clientCount],
      ['their calls', outcomes.length],
      ['failed, for whatever reason', failures.length],
      ['failed because their keys had expired', expired.length],
      ['keys given to the witness', counts.answers],
      ['expired before they were asked for', counts.expired.length],
      ['shortest life of keys, ms', counts.leastLeftMs],
      ['longest time without keys over the socket, ms', Math.round(counts.longestGapMs)],
      ['signs of a lost sign-in', counts.lostSignIns.length],
    ],
    problems: [
      ...(isClientsFault ? [] : expired.map(describe)),
      ...counts.expired,
      ...counts.lostSignIns,
      ...(loss === undefined ? [] : [`the sign-in is lost by a restart: ${loss}`]),
      ...(signIns === 1 ? [] : [`${signIns} sign-ins`]),
      ...(counts.answers === 0 ? ['no keys were given'] : []),
    ],
  };
}

function formatSession({ startUrl, region }) {
  return `[sso-session ${SESSION}]
sso_start_url = ${startUrl}
sso_region = ${region}
sso_registration_scopes = sso:account:access
`;
}
