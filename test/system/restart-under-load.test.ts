// The daemon killed and restarted under load: callers of both surfaces continue, and those of credential_process don't even have to retry.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmulatedHome, type EmulatedHome } from '../helpers/emulated-home.ts';
import { SESSION } from '../helpers/rig.ts';
import { runProcess, runRolecall } from '../helpers/run-process.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
/** botocore and the AWS SDKs ask the container surface three times, a second apart. */
const TRIES = 3;
const PAUSE_MS = 1000;
/** How long they wait for an answer. */
const PATIENCE_MS = 2000;
/** What an empty Node program takes from start to end on a machine that does nothing else. */
const EMPTY_PROGRAM_MS = 60;
/** One alone may have met a moment that stretches all that follows; the least of some has not. */
const SAMPLES = 3;

let world: EmulatedHome;
let home: EmulatedHome['home'];
let emulator: EmulatedHome['emulator'];
let environment: EmulatedHome['environment'];
let paths: EmulatedHome['paths'];
let client: EmulatedHome['client'];

beforeEach(async () => {
  world = await createEmulatedHome({
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse battery staple',
  });
  ({ home, emulator, environment, paths, client } = world);
  expect(await runRolecall(['login'], { environment })).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await world.remove();
});

/** What one caller has met so far. */
interface Tally {
  answered: number;
  askedAgain: number;
  readonly failed: string[];
}
const createTally = (): Tally => ({ answered: 0, askedAgain: 0, failed: [] });

/** The worst that the machine has been, in times of what it is when it does nothing else. */
interface Slowness {
  factor: number;
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

/** One question after the other until it is over; what fails for some reason is asked again, up to `tries` times in all. */
async function keepAsking(
  tally: Tally,
  over: AbortSignal,
  ask: () => Promise<string | undefined>,
  tries: number,
  pauseMs: () => number,
): Promise<void> {
  while (!over.aborted) {
    let reason = await ask();
    for (let left = tries - 1; reason !== undefined && left > 0; left -= 1) {
      tally.askedAgain += 1;
      await sleep(pauseMs());
      reason = await ask();
    }
    if (reason === undefined) tally.answered += 1;
    else tally.failed.push(reason);
  }
}

async function askByProcess(): Promise<string | undefined> {
  const args = ['--session', ROLE.session, '--account', ROLE.accountId, '--role', ROLE.permissionSet];
  const run = await runProcess(paths.credentialProcessPath, args, { environment });
  return run.exitCode === 0 ? undefined : `exit ${run.exitCode}: ${run.stderr}`;
}

function askByContainer(url: string, token: string, patienceMs: number): Promise<string | undefined> {
  const options = { headers: { authorization: token }, agent: false, timeout: patienceMs };
  return new Promise((resolve) => {
    const outgoing = request(url, options, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode === 200 ? undefined : `status ${incoming.statusCode}`));
      incoming.on('error', (error) => resolve(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${patienceMs} ms`)));
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
  });
}

test('no caller fails: a container asks again as its SDK does, a process once', { timeout: 240_000 }, async () => {
  const { url, token } = await client.call('createGrant', { body: ROLE });
  const pids = new Set([(await client.call('status', {})).pid]);
  const processes = [createTally(), createTally(), createTally()];
  const containers = [createTally(), createTally(), createTally()];
  const callers = [...processes, ...containers];
  const over = new AbortController();
  // A second of an SDK's is as long here as the machine is slow, at the slowest moment that was seen.
  const slowness: Slowness = { factor: await measureSlowness() };
  const pauseMs = () => PAUSE_MS * slowness.factor;
  const load = [
    ...processes.map((tally) => keepAsking(tally, over.signal, askByProcess, 1, pauseMs)),
    ...containers.map((tally) =>
      keepAsking(
        tally,
        over.signal,
        async () => {
          const reason = await askByContainer(url, token, PATIENCE_MS * slowness.factor);
          // Three busy loops would leave the daemon's restart no processor.
          await sleep(5);
          return reason;
        },
        TRIES,
        pauseMs,
      ),
    ),
  ];
  /** Until each of them has done so many more things: whoever has not come back yet would meet two ends in one call. */
  async function untilAllHave(more: number): Promise<void> {
    const wanted = callers.map(({ answered, failed }) => answered + failed.length + more);
    await waitFor(
      'all callers to come back',
      () => callers.every(({ answered, failed }, index) => answered + failed.length >= (wanted[index] ?? 0)),
      { deadlineMs: 50_000 },
    );
  }

  for (const end of ['SIGKILL', 'stop', 'SIGKILL', 'restart'] as const) {
    await untilAllHave(10);
    slowness.factor = Math.max(slowness.factor, await measureSlowness());
    const { pid } = await client.call('status', {});
    pids.add(pid);
    if (end === 'SIGKILL') process.kill(pid, end);
    else expect(await runRolecall(['daemon', end], { environment })).toMatchObject({ exitCode: 0 });
  }
  await untilAllHave(10);
  over.abort();
  await Promise.all(load);
  pids.add((await client.call('status', {})).pid);

  const stretched = `every pause was ${slowness.factor.toFixed(1)} times as long as on a machine that does nothing else\n${readFileSync(paths.logFile, 'utf8')}`;
  const failed = (tallies: readonly Tally[]) => tallies.flatMap((tally) => tally.failed);
  expect({ processes: failed(processes), containers: failed(containers) }, stretched).toEqual({
    processes: [],
    containers: [],
  });
  expect(pids.size, stretched).toBe(5);
  expect(emulator.countCalls('StartDeviceAuthorization'), stretched).toBe(1);
});
