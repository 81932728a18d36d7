// The container port between two daemons: held for the successor, so that nobody else can bind it; lost, its grants end.
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../../src/daemon/http/listeners.ts';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { hasPortKeeper } from '../../src/platform/port-keeper/keeper-requests.ts';
import { createEmulatedHome, type EmulatedHome } from '../helpers/emulated-home.ts';
import { canSeeProcesses, isAlive, killAllOf, processesOf, readLines } from '../helpers/processes.ts';
import { SESSION } from '../helpers/rig.ts';
import { runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../helpers/somebody-else.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
/** Tries to bind the port until its input ends, and says after each try how many there were and how many succeeded. */
const GRABBER = `
  const server = require('node:net').createServer();
  let tries = 0, bound = 0;
  const next = () => { console.log(++tries, bound); setTimeout(() => server.listen(Number(process.argv[1]), '127.0.0.1'), 2); };
  server.on('error', next);
  server.on('listening', () => { bound += 1; server.close(next); });
  process.stdin.on('end', () => process.exit()).resume();
  next();
`;

let world: EmulatedHome;
let home: EmulatedHome['home'];
let environment: EmulatedHome['environment'];
let paths: EmulatedHome['paths'];
let client: EmulatedHome['client'];

beforeAll(async () => {
  // Of a store in memory the successor would have no tokens, and without the passphrase it can't open this one.
  world = await createEmulatedHome({
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse battery staple',
  });
  ({ home, environment, paths, client } = world);
  expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
}, 120_000);

afterAll(async () => {
  for (const { id } of (await client.call('grants', {})).grants) await client.call('revokeGrant', { id });
  await rolecall('daemon', 'stop');
  if (canSeeProcesses) killAllOf(home.path);
  await world.remove();
}, 120_000);

function rolecall(...args: readonly string[]): Promise<ProcessRun> {
  return runRolecall(args, { environment });
}

const createGrant = () => client.call('createGrant', { body: ROLE });
const portOf = ({ url }: IssuedGrantDocument) => Number(new URL(url).port);
const untilKept = () => waitFor('somebody to keep the port', () => hasPortKeeper(paths.keptPortPipe));
const keepers = () => processesOf(home.path).filter(({ arguments: words }) => words.includes('rolecall-port-keeper'));

const isDaemon = (word: string) => word.endsWith('/daemon/main.js');

/** What a process has open. */
function openIn(pid: number | string | undefined): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // What this looks through is closed by now.
      return [];
    }
  });
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** As a running command refreshes its keys; a daemon that has just started may have it ask again. */
async function refresh(grant: IssuedGrantDocument): Promise<Answer> {
  return waitFor('an answer', async () => {
    const answer = await ask(grant);
    return answer.status !== 503 && answer;
  });
}

function ask({ url, token }: IssuedGrantDocument): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { authorization: token }, agent: false, timeout: 50_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

/** A program that is after the port, of another user where we may start one. */
function startGrabber(port: number): ChildProcess {
  return spawn(process.execPath, ['-e', GRABBER, '--', String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    env: {},
    ...(canBeSomebodyElse ? { uid: SOMEBODY_ELSE, gid: SOMEBODY_ELSE } : {}),
  });
}

async function killDaemon(): Promise<void> {
  const { pid } = await client.call('status', {});
  process.kill(pid, 'SIGKILL');
  await waitFor('the end of the daemon', () => !isAlive(pid));
}

test('nobody else can bind the port between two daemons, and its grants go on', { timeout: 150_000 }, async () => {
  const grant = await createGrant();
  await untilKept();
  const pids = [(await client.call('status', {})).pid];
  const grabber = startGrabber(portOf(grant));
  const said = readLines(grabber);
  const tries = () => Number((said.at(-1) ?? '0').split(' ')[0]);
  try {
    for (const end of ['restart', 'SIGKILL', 'stop'] as const) {
      await waitFor('the keeper', untilKept);
      if (end === 'restart') expect(await rolecall('daemon', 'restart')).toMatchObject({ exitCode: 0 });
      else {
        if (end === 'stop') expect(await rolecall('daemon', 'stop')).toMatchObject({ exitCode: 0 });
        else await killDaemon();
        // Several tries while there is no daemon at all.
        const before = tries();
        await waitFor('tries to bind the port', () => tries() > before + 3);
        // A command that asks meanwhile is answered by the next daemon.
        const waiting = ask(grant);
        expect(await rolecall('status')).toMatchObject({ exitCode: 0 });
        expect([200, 503]).toContain((await waiting).status);
      }
      pids.push((await client.call('status', {})).pid);
      expect(await refresh(grant)).toMatchObject({ status: 200 });
    }
  } finally {
    grabber.stdin?.end();
  }
  expect(said.at(-1)).toMatch(/^\d+ 0$/);
  expect(new Set(pids).size).toBe(4);
  expect((await client.call('grants', {})).grants.map(({ id }) => id)).toEqual([grant.id]);
  expect((await client.call('status', {})).problems).toEqual([]);
  // It opened the file of secrets, so it has the passphrase, and not from there.
  const variables = canSeeProcesses ? processesOf(home.path).flatMap((seen) => seen.environment) : [];
  expect(variables.filter((entry) => entry.includes('correct horse'))).toEqual([]);
});

test(
  'a killed daemon is back for a running command alone, and one that was stopped is not',
  { timeout: 120_000 },
  async () => {
    const grant = await createGrant();
    await untilKept();
    const daemons = () => processesOf(home.path).filter(({ arguments: words }) => words.some(isDaemon));
    // A client adds what is for the start alone, the shell where it stands, and the daemon has its PATH checked.
    const isSetting = (entry: string) => !/^(?:NODE_CHANNEL_|ROLECALL_PASSPHRASE_|PWD=|PATH=|$)/.test(entry);
    const settingsOf = (pid: number) =>
      daemons().flatMap((seen) => (seen.pid === pid ? [seen.environment.filter(isSetting).toSorted()] : []));
    const first = (await client.call('status', {})).pid;
    const settings = canSeeProcesses ? settingsOf(first) : [];
    const pids = [first];
    // The second one to be killed is a child of the keeper.
    for (let round = 1; round <= 2; round += 1) {
      await killDaemon();
      expect(await refresh(grant)).toMatchObject({ status: 200 });
      // It opens its port first.
      pids.push((await waitFor('its socket', () => client.call('status', {}))).pid);
    }
    expect(new Set(pids).size).toBe(3);
    expect((await client.call('status', {})).problems).toEqual([]);
    if (canSeeProcesses) {
      expect(settings).toHaveLength(1);
      expect(settingsOf(pids.at(-1) ?? 0)).toEqual(settings);
      expect(keepers()).toHaveLength(1);
    }

    expect(await rolecall('daemon', 'stop')).toMatchObject({ exitCode: 0 });
    if (canSeeProcesses) {
      // From then on it waits for a request, and starts nothing by itself.
      await waitFor('the keeper to let go of the passphrase', () =>
        keepers().every(({ pid }) => !openIn(pid).some((what) => what.includes('.secret'))),
      );
      expect(keepers()).not.toHaveLength(0);
      expect(daemons()).toEqual([]);
    }
    expect(await rolecall('daemon', 'start')).toMatchObject({ exitCode: 0 });
    await client.call('revokeGrant', { id: grant.id });
  },
);

test.skipIf(!canSeeProcesses)('what keeps the port has nothing else of the daemon', { timeout: 60_000 }, async () => {
  // The pipe is there before the process.
  const [keeper] = await waitFor('the keeper', () => (keepers().length > 0 ? keepers() : undefined));
  // What the tests were started with goes to every process below them.
  const ambient = openIn('self');
  // Its output is open until it has said that it is ready.
  await waitFor('the keeper to have all in place', () => {
    expect(openIn(keeper?.pid).filter((what) => !ambient.includes(what))).toEqual([
      expect.stringMatching(/^socket:/),
      expect.stringMatching(/^socket:/),
      paths.keptPortPipe,
      // The passphrase for a restart, which no file and no variable has.
      `${paths.keptPortPipe}.secret (deleted)`,
    ]);
    return true;
  });
  expect(keeper?.environment.filter((entry) => entry !== '').map((entry) => entry.split('=')[0])).toEqual([
    'PATH',
    'HOME',
  ]);
  const { grants } = await client.call('grants', {});
  for (const { id } of grants) await client.call('revokeGrant', { id });
  await waitFor('the end of the keeper', () => keepers().length === 0);
  expect(await rolecall('daemon', 'stop')).toMatchObject({ exitCode: 0 });
  await waitFor('no process', () => processesOf(home.path).length === 0);
  expect(await rolecall('daemon', 'start')).toMatchObject({ exitCode: 0 });
});

test.skipIf(!canSeeProcesses)(
  'grants end when the port was anybody’s, and doctor says so',
  { timeout: 120_000 },
  async () => {
    const grant = await createGrant();
    await untilKept();
    const { pid } = await client.call('status', {});
    // Stopped, it starts no other keeper between the two.
    process.kill(pid, 'SIGSTOP');
    for (const { pid: keeper } of keepers()) process.kill(keeper, 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await waitFor('no process', () => processesOf(home.path).length === 0);

    // Somebody takes the port, is sent path and token by a running command, and lets the port go.
    const caught: (string | undefined)[] = [];
    const thief = createServer((request, response) => {
      caught.push(request.url, request.headers.authorization);
      response.end('{}');
    });
    // A process that is ending has no memory any more before it has closed its sockets.
    await waitFor('the port', () => listen(thief, { host: '127.0.0.1', port: portOf(grant) }).then(() => true));
    await refresh(grant);
    await new Promise((resolve) => thief.close(resolve));
    expect(caught).toEqual([new URL(grant.url).pathname, grant.token]);

    expect(await rolecall('status')).toMatchObject({ exitCode: 0 });
    const answer = await refresh(grant);
    expect({ ...answer, text: JSON.parse(answer.text) as unknown }).toMatchObject({
      status: 403,
      text: { Code: 'container-port-lost', Message: expect.stringMatching(/Start the command again\. Run: rolecall /) },
    });
    expect(await client.call('grants', {})).toEqual({ grants: [] });
    const doctor = await rolecall('doctor', '--json');
    expect(doctor.stdout).toContain('"container-port-lost"');
    expect(readFileSync(paths.auditFile, 'utf8').match(/"container-port-lost"/g)).toHaveLength(1);
    expect(readFileSync(paths.logFile, 'utf8').match(/was free while no daemon was running/g)).toHaveLength(1);
    expect(await refresh(await createGrant())).toMatchObject({ status: 200 });
  },
);
