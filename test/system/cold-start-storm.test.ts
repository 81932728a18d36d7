// A crowd of callers without a daemon while others are starting one: all are answered, by the only daemon that ever serves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tryDaemonLock } from '../../src/daemon/process/lock.ts';
import { startDaemonProcess } from '../../src/platform/service/start-daemon.ts';
import { createInstallation } from '../helpers/installation.ts';
import type { Rig } from '../helpers/rig.ts';
import { runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { createAutostartWorld, SELECTORS, type AutostartWorld } from './autostart-world.ts';

const ROUNDS = Number(process.env['ROLECALL_STORM_ROUNDS'] ?? 1);
const ROUND_DEADLINE_MS = 120_000;
const SHELLS = ['/bin/dash', '/bin/bash', '/bin/busybox'];
const CALLERS = 40;
const STARTERS = 8;
const hasCurl = systemPart('curl', '/usr/bin/curl');

let world: AutostartWorld;
let rig: Rig;
let environment: Readonly<Record<string, string>>;
/** An installation of its own whose programs write a line here when they start. */
let starts: string;
let installed: { readonly rolecall: string; readonly script: string; readonly daemonMain: string };

beforeAll(async () => {
  world = await createAutostartWorld();
  ({ rig, environment } = world);
  starts = join(rig.home.path, 'starts');
  const folder = join(rig.home.path, 'installation');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { rolecall } = createInstallation(folder, version);
  installed = {
    rolecall,
    script: join(folder, 'bin', 'rolecall-credential-process'),
    daemonMain: join(folder, 'dist', 'daemon', 'main.js'),
  };
  for (const program of ['daemon', 'cli']) {
    const path = join(folder, 'dist', program, 'main.js');
    const report = `import { appendFileSync } from 'node:fs'; appendFileSync('${starts}', '${program}\\n');`;
    writeFileSync(path, `${report}\n${readFileSync(path, 'utf8')}`);
  }
});
afterAll(() => world.remove());

const stopDaemon = () => runRolecall(['daemon', 'stop'], { environment });
afterEach(async () => {
  await stopDaemon();
  for (const path of [starts, rig.paths.logFile, electionPath()]) rmSync(path, { force: true });
});

const electionPath = () => join(rig.paths.stateDirectory, 'election');
const writeElection = (text: string) => writeFileSync(electionPath(), text, { mode: 0o600 });
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** PATH with these programs, each a shell script, in front of the usual ones. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(rig.home.path, 'stub-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return `${folder}:${environment['PATH']}`;
}

/** A `sleep` that adds a character to the file for each pause. */
const recordPause = (path: string) => `printf x >>'${path}'; PATH=/usr/bin:/bin exec sleep "$1"`;

/** How often a program of the installation has been started. */
function countStarts(program: 'daemon' | 'cli'): number {
  if (!existsSync(starts)) return 0;
  return readFileSync(starts, 'utf8')
    .split('\n')
    .filter((line) => line === program).length;
}

function ask(its: Readonly<Record<string, string>> = {}, shell = '/bin/sh'): Promise<ProcessRun> {
  const applet = shell.endsWith('busybox') ? ['sh'] : [];
  const options = { environment: { ...environment, ...its }, deadlineMs: 70_000 };
  return runProcess(shell, [...applet, installed.script, ...SELECTORS], options);
}
const start = (): Promise<ProcessRun> =>
  runProcess(process.execPath, [installed.rolecall, 'daemon', 'start'], { environment, deadlineMs: 70_000 });

function expectDocuments(runs: readonly ProcessRun[]): void {
  expect(runs.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== '')).toEqual([]);
  expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
  expect(JSON.parse(runs[0]?.stdout ?? '')).toMatchObject({ Version: 1 });
}

describe.skipIf(!hasCurl)('without a daemon', () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    test(
      `round ${round}: ${CALLERS} callers and ${STARTERS} starters are answered by one daemon, with one process each at most`,
      { timeout: ROUND_DEADLINE_MS },
      async () => {
        const starting = Array.from({ length: STARTERS }, start);
        const asking = Array.from({ length: CALLERS }, () => ask());
        const started = await Promise.all(starting);
        expect(started.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== '')).toEqual([]);
        expect(new Set(started.map(({ stdout }) => stdout)).size).toBe(1);
        expectDocuments(await Promise.all(asking));
        expect(world.startedDaemons()).toHaveLength(1);
        // Of the callers one is elected; on a busy machine another one may be, while the first takes its time.
        const elected = countStarts('cli') - STARTERS;
        expect(elected).toBeLessThanOrEqual(CALLERS / 2);
        expect(countStarts('daemon')).toBeLessThanOrEqual(STARTERS + elected);
      },
    );
  }

  test('callers wait for the elected one as long as it lives, and elect another one when it is killed', async () => {
    const elected = spawn('/bin/sh', ['-c', 'read -r _'], { stdio: ['pipe', 'ignore', 'ignore'] });
    writeElection(`${elected.pid} ${nowSeconds()}\n`);
    const pauses = join(rig.home.path, 'pauses');
    const asking = Array.from({ length: 3 }, () => ask({ PATH: pathWith({ sleep: recordPause(pauses) }) }));
    await waitFor('every caller to wait', () => existsSync(pauses) && readFileSync(pauses, 'utf8').length >= 3);
    expect(countStarts('cli')).toBe(0);
    elected.kill('SIGKILL');
    await once(elected, 'exit');
    expectDocuments(await Promise.all(asking));
    expect(world.startedDaemons()).toHaveLength(1);
  });

  test.each([
    ['one that was elected too long ago', () => `${process.pid} ${nowSeconds() - 11}\n`],
    ['one that was elected before the clock was set back', () => `${process.pid} ${nowSeconds() + 3600}\n`],
    ['a file that names something else', () => '$(id) x y\n'],
  ])('nobody waits for %s', async (_name, content) => {
    const pauses = join(rig.home.path, 'no-pauses');
    for (const shell of SHELLS.filter((path) => existsSync(path))) {
      writeElection(content());
      const PATH = pathWith({ sleep: recordPause(pauses), node: 'echo "from-node $$"' });
      const { exitCode, stdout, stderr } = await ask({ PATH }, shell);
      expect({ shell, exitCode, stderr }).toEqual({ shell, exitCode: 0, stderr: '' });
      // The elected caller becomes Node.
      const [, pid] = /^from-node (\d+)\n$/.exec(stdout) ?? [];
      expect(readFileSync(electionPath(), 'utf8')).toMatch(new RegExp(`^${pid} \\d+\\n$`));
    }
    expect(existsSync(pauses)).toBe(false);
  });

  test('if no daemon can be started, Node tells each caller why', async () => {
    const PATH = pathWith({ node: 'echo "rolecall: the reason" >&2; exit 2' });
    const runs = await Promise.all(Array.from({ length: 6 }, () => ask({ PATH })));
    for (const run of runs) expect(run).toEqual({ exitCode: 2, stdout: '', stderr: 'rolecall: the reason\n' });
  });

  test('waiting ends with the deadline of the caller', async () => {
    const now = nowSeconds();
    writeElection(`${process.pid} ${now}\n`);
    const called = join(rig.home.path, 'date-called');
    const date = `[ -e '${called}' ] && echo ${now + 60} && exit; : >'${called}'; echo ${now}`;
    expect(await ask({ PATH: pathWith({ date, sleep: ':' }) })).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'rolecall: The daemon was started but did not answer in time. [daemon-not-answering]\nRun: rolecall daemon run\n',
    });
  });
});

test('a daemon that finds the lock taken waits until it is free, for as long as its client does', async () => {
  const holder = await waitFor('the lock', () => tryDaemonLock(rig.paths.lockFile));
  const [waiting, leaving] = [0, 1].map(() => startDaemonProcess(installed.daemonMain, environment));
  try {
    await waitFor('both to start', () => countStarts('daemon') === 2);
    leaving?.release();
    await waitFor('the end of the one whose client has gone', () => leaving?.hasEnded() === true);
    expect([leaving?.failure(), waiting?.hasEnded()]).toEqual([undefined, false]);
  } finally {
    holder.release();
  }
  try {
    expect(await waitFor('the other one to answer', () => rig.client.call('status', {}))).toMatchObject({
      pid: expect.any(Number),
    });
    expect(world.startedDaemons()).toHaveLength(1);
  } finally {
    waiting?.release();
  }
});
