// Daemon and command killed at random moments of a login or a sync: the config is the old or the new one, and the next command works.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadVersion } from '../../src/local-api/version.ts';
import { createInstallation } from '../helpers/installation.ts';
import { CONFIG, createRig, type Rig } from '../helpers/rig.ts';
import { canSeeProcesses, isAlive, processesOf } from '../helpers/processes.ts';
import { runProcess } from '../helpers/run-process.ts';
import { createRandom } from '../helpers/seeded-random.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

/**
 * A round takes more than a second of CPU time. `ROLECALL_REQUIRE_SYSTEM=1`, which CI sets, means the full
 * hundred; `npm run endurance -- kills` goes on for as long as you want.
 */
const ROUNDS = Number(
  process.env['ROLECALL_CRASH_ROUNDS'] ?? (process.env['ROLECALL_REQUIRE_SYSTEM'] === '1' ? 100 : 15),
);
const SEED = Number(process.env['ROLECALL_CRASH_SEED'] ?? Date.now() % 1_000_000);
const ROUND_DEADLINE_MS = 20_000;
/** A command that takes longer hangs, be the machine ever so slow. */
const COMMAND_DEADLINE_MS = 60_000;

/** What is killed, most of the time before it has written or while it does. */
const VICTIMS = [['login'], ['profiles', 'sync'], ['login', '--force', '--no-browser'], ['ls', '--refresh']] as const;
const SYNC = VICTIMS[1];
/** Killed at any moment of its usual time and a little after. */
const REACH = 1.2;
/** How much later the next ones are killed after one that came too early, and the other way round. */
const LATER = 1.1;

let place: TemporaryHome;
/** Of an installation that starts daemons quickly: each round starts one or two. */
let rolecall: string;
beforeAll(() => {
  place = createTemporaryHome();
  ({ rolecall } = createInstallation(join(place.path, 'installation'), loadVersion()));
});
afterAll(() => place.remove());

/** Every file below the home but the log, whose rotation is its own affair, and the room that the next write of secrets takes. */
function filesOf(home: string): readonly string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !/^daemon\.log|\.room$/.test(entry.name))
    .map((entry) => relative(home, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** The files once nothing is being written any more: a daemon goes on with its lists after it has answered. */
async function settledFilesOf(home: string): Promise<readonly string[]> {
  const seen: string[] = [];
  await waitFor('the files to settle', () => {
    seen.push(filesOf(home).join('\n'));
    return seen.length >= 50 && new Set(seen.slice(-50)).size === 1;
  });
  return filesOf(home);
}

async function killAll(home: string): Promise<void> {
  const pids = processesOf(home).map(({ pid }) => pid);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await waitFor('the killed to be gone', () => !pids.some(isAlive));
}

/** Two homes at the same time, each with its half of the rounds: every step waits for one process. */
const SEEDS = [SEED, SEED + 1];
const ROUNDS_EACH = Math.ceil(ROUNDS / SEEDS.length);

test.skipIf(!canSeeProcesses).concurrent.for(SEEDS)(
  'killed many times, by seed %d',
  { timeout: ROUNDS_EACH * ROUND_DEADLINE_MS },
  async (seed, { onTestFinished }) => {
    process.stdout.write(`crash: ${ROUNDS_EACH} rounds with ROLECALL_CRASH_SEED=${seed}\n`);
    const random = createRandom(seed);
    const rig: Rig = await createRig({
      environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' },
    });
    const { client, configPath, emulator, environment, home } = rig;
    const run = (...argv: string[]) =>
      runProcess(process.execPath, [rolecall, ...argv], { environment, deadlineMs: COMMAND_DEADLINE_MS });
    onTestFinished(async () => {
      await run('daemon', 'stop');
      await rig.remove();
    });
    await rig.daemon().stop();
    const readConfig = () => readFileSync(configPath, 'utf8');
    expect(await run('login')).toMatchObject({ exitCode: 0 });
    // Sockets and the address file come and go with the daemon; it is running whenever this is looked at.
    const files = await settledFilesOf(home.path);
    expect(files.length).toBeGreaterThan(5);

    // Each round has something to write: an assignment that comes and goes.
    let isAssigned = false;
    const change = async (victim: readonly string[]) => {
      const assignment = { accountId: '111111111111', permissionSet: 'ReadOnly', user: 'taylor' };
      if (isAssigned) emulator.directory.unassign(assignment);
      else emulator.directory.assign(assignment);
      isAssigned = !isAssigned;
      // What `profiles sync` writes is what was listed before.
      if (victim === SYNC) await client.call('accounts', { query: { refresh: true } });
    };
    const time = async (argv: readonly string[]) => {
      const startedAtMs = performance.now();
      await run(...argv);
      return performance.now() - startedAtMs;
    };
    const usualMs = new Map<readonly string[], number>();
    for (const victim of VICTIMS) {
      await change(victim);
      usualMs.set(victim, await time(victim));
    }
    await run('login');
    await killAll(home.path);
    const startMs = await time(['daemon', 'start']);

    const left = { old: 0, new: 0 };
    // A machine that has become slower or quicker since would have all kills come too early or too late.
    let reach = REACH;
    for (let round = 0; round < ROUNDS_EACH; round += 1) {
      // The first ones come more often: they write, and they are the quicker ones.
      const victim = VICTIMS[Math.floor(random() * random() * VICTIMS.length)] ?? VICTIMS[0];
      await change(victim);
      // Every third time the victim has to start the daemon first.
      const startsDaemon = random() < 1 / 3;
      if (startsDaemon) await killAll(home.path);
      const momentMs = random() * reach * ((usualMs.get(victim) ?? 0) + (startsDaemon ? startMs : 0));
      const before = readConfig();

      const child = spawn(process.execPath, [rolecall, ...victim], { env: environment, stdio: 'ignore' });
      const ended = once(child, 'exit');
      await pause(momentMs);
      await killAll(home.path);
      await ended;

      const found = readConfig();
      const mode = statSync(configPath).mode & 0o777;
      const next = await run('login');
      const after = readConfig();
      const what = `round ${round} of seed ${seed}: ${victim.join(' ')} killed after ${Math.round(momentMs)} ms`;
      expect(next.exitCode, `${what}, then login said: ${next.stderr}`).toBe(0);
      expect({ what, isOldOrNew: found === before || found === after, found }).toEqual({
        what,
        isOldOrNew: true,
        found,
      });
      expect({ what, mode, isTheUsers: after.startsWith(CONFIG) }).toEqual({ what, mode: 0o600, isTheUsers: true });
      // The daemon goes on writing what nobody waits for; what it has left stays.
      await waitFor('the files to be those of before', () => filesOf(home.path).join() === files.join()).catch(
        () => undefined,
      );
      expect({ what, files: filesOf(home.path) }).toEqual({ what, files });
      expect({ what, isChanged: before !== after }).toEqual({ what, isChanged: true });
      left[found === before ? 'old' : 'new'] += 1;
      reach = found === before ? reach * LATER : reach / LATER;
    }
    process.stdout.write(`crash: ${left.old} times the old config was left, ${left.new} times the new one\n`);
    // A kill that always comes too early or too late would show nothing.
    if (ROUNDS_EACH >= 30) expect(Math.min(left.old, left.new)).toBeGreaterThan(ROUNDS_EACH / 20);
  },
);
