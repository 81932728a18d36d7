// The daemon killed and restarted under load: callers of both doors go on, for each asks again as its SDK does.
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSystemClock } from '../../src/core/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { createLocalApiClient, type LocalApiClient } from '../../src/local-api/client.ts';
import { resolvePaths, type RuntimePaths } from '../../src/local-api/paths.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { runProcess, runRolecall } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
/** botocore and the AWS SDKs ask a container door three times, a second apart. */
const TRIES = 3;
const PAUSE_MS = 1000;
/** What an empty Node program takes from start to end on a machine that does nothing else. */
const EMPTY_PROGRAM_MS = 60;
/** One alone may have met a moment that stretches all that follows; the least of some has not. */
const SAMPLES = 3;

let home: TemporaryHome;
let emulator: Emulator;
let environment: Record<string, string>;
let paths: RuntimePaths;
let client: LocalApiClient;

beforeEach(async () => {
  home = createTemporaryHome();
  emulator = createEmulator({ autoApprove: true });
  await emulator.listen();
  environment = {
    ...home.environment,
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse battery staple',
    ...emulator.environment(),
  };
  const userId = process.getuid?.() ?? -1;
  paths = resolvePaths({ environment, homeDirectory: home.path, platform: process.platform, userId });
  client = createLocalApiClient({
    socketCandidates: paths.socketCandidates,
    mayStart: false,
    startDaemon: () => Promise.reject(new Error('the callers under test start it')),
    clock: createSystemClock(),
  });
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  expect(await runRolecall(['login'], { environment })).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await emulator.close();
  await home.remove();
});

interface Tally {
  asked: number;
  askedAgain: number;
  readonly failed: string[];
}

/** How many times longer this machine takes for everything than one that does nothing else, a daemon's start included. */
async function measureSlowness(): Promise<number> {
  const tookMs: number[] = [];
  while (tookMs.length < SAMPLES) {
    const startedAtMs = performance.now();
    await runProcess(process.execPath, ['-e', '0'], { environment: home.environment });
    tookMs.push(performance.now() - startedAtMs);
  }
  return Math.min(4, Math.max(1, Math.min(...tookMs) / EMPTY_PROGRAM_MS));
}

/** One caller after the other until `isOver`; a try that gives a reason for failing is made again. */
async function keepAsking(
  tally: Tally,
  isOver: () => boolean,
  pauseMs: () => number,
  ask: () => Promise<string | undefined>,
): Promise<void> {
  while (!isOver()) {
    tally.asked += 1;
    for (let tries = 1; ; tries += 1) {
      const reason = await ask();
      if (reason === undefined) break;
      if (tries >= TRIES) {
        tally.failed.push(reason);
        break;
      }
      tally.askedAgain += 1;
      await sleep(pauseMs());
    }
  }
}

async function askByProcess(): Promise<string | undefined> {
  const args = ['--session', ROLE.session, '--account', ROLE.accountId, '--role', ROLE.permissionSet];
  const run = await runProcess(paths.credentialProcessPath, args, { environment });
  return run.exitCode === 0 ? undefined : `exit ${run.exitCode}: ${run.stderr}`;
}

function askByContainer(url: string, token: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(url, { headers: { authorization: token }, agent: false, timeout: 2000 }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode === 200 ? undefined : `status ${incoming.statusCode}`));
      incoming.on('error', (error) => resolve(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 2 s')));
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
  });
}

test('no caller fails that asks again as its SDK does', { timeout: 240_000 }, async () => {
  const { url, token } = await client.call('createGrant', { body: ROLE });
  const { pid: firstPid } = await client.call('status', {});
  const processes: Tally = { asked: 0, askedAgain: 0, failed: [] };
  const containers: Tally = { asked: 0, askedAgain: 0, failed: [] };
  const pids = new Set([firstPid]);
  let isOver = false;
  const over = () => isOver;
  // A second of an SDK's is as long here as the machine is slow, at the slowest moment that was seen.
  let slowness = await measureSlowness();
  const pauseMs = () => PAUSE_MS * slowness;
  const load = [
    ...Array.from({ length: 3 }, () => keepAsking(processes, over, pauseMs, askByProcess)),
    ...Array.from({ length: 3 }, () =>
      keepAsking(containers, over, pauseMs, async () => {
        const reason = await askByContainer(url, token);
        // Three busy loops would leave the daemon's restart no processor.
        await sleep(5);
        return reason;
      }),
    ),
  ];
  for (const end of ['SIGKILL', 'stop', 'SIGKILL', 'restart'] as const) {
    await sleep(1500 * slowness);
    slowness = Math.max(slowness, await measureSlowness());
    const { pid } = await runRolecall(['status', '--json'], { environment }).then(
      ({ stdout }) => JSON.parse(stdout) as { pid: number },
    );
    pids.add(pid);
    if (end === 'SIGKILL') process.kill(pid, end);
    else expect(await runRolecall(['daemon', end], { environment })).toMatchObject({ exitCode: 0 });
  }
  await sleep(2500 * slowness);
  isOver = true;
  await Promise.all(load);
  pids.add((await client.call('status', {})).pid);

  const stretched = `every pause was ${slowness.toFixed(1)} times as long as on a machine that does nothing else`;
  expect({ processes: processes.failed, containers: containers.failed }, stretched).toEqual({
    processes: [],
    containers: [],
  });
  expect(pids.size, stretched).toBeGreaterThanOrEqual(5);
  expect(processes.asked, stretched).toBeGreaterThan(50);
  expect(containers.asked, stretched).toBeGreaterThan(200);
  expect(containers.askedAgain, stretched).toBeGreaterThan(0);
  expect(emulator.countCalls('StartDeviceAuthorization'), stretched).toBe(1);
});
