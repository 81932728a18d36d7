// Liveness and identity of real processes: ended ones, zombies, reused ids, and processes of another user.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import {
  createProcessRecognition,
  identifyProcess,
  isProcessAlive,
  isStillRunning,
  signalProcess,
  type ProcessIdentity,
} from '../../../src/platform/process/process-identity.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { canBeSomebodyElse, runAsSomebodyElse } from '../../helpers/somebody-else.ts';
import { waitFor } from '../../helpers/wait-for.ts';

function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

function identify(processId: number | undefined): ProcessIdentity {
  const identity = identifyProcess(processId ?? 0);
  if (identity === undefined) throw new Error('no such process');
  return identity;
}

test('recognizes a process while it lives, and not once it has ended', async () => {
  const { child, ended } = start('sleep', ['60']);
  const identity = identify(child.pid);
  const clock = createFakeClock();
  const isSame = createProcessRecognition(clock);
  expect([isSame(identity), isSame(identity)]).toEqual([true, true]);
  child.kill('SIGKILL');
  await ended;
  await clock.advance(1);
  expect(isSame(identity)).toBe(false);
});

test('recognizes a process by its id alone, as on macOS, until it has ended', async () => {
  const { child, ended } = start('sleep', ['60']);
  const identity = { processId: child.pid ?? 0 };
  expect(identifyProcess(identity.processId, 'darwin')).toEqual(identity);
  const clock = createFakeClock();
  const isSame = createProcessRecognition(clock, 'darwin');
  expect([isSame(identity), isStillRunning(identity, 'darwin')]).toEqual([true, true]);
  child.kill('SIGKILL');
  await ended;
  await clock.advance(1);
  expect([isSame(identity), isStillRunning(identity, 'darwin')]).toEqual([false, false]);
});

test('tells another process with the same id apart', () => {
  const identity = identify(process.pid);
  const isSame = createProcessRecognition(createFakeClock());
  expect([isSame(identity), isSame({ ...identity, startedAtTicks: '1' })]).toEqual([
    true,
    process.platform !== 'linux',
  ]);
});

test.runIf(process.platform === 'linux')(
  'counts a zombie as ended, at the latest after a quarter of a second',
  async () => {
    // The shell becomes a program that never waits for its child.
    const { child } = start('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const processId = Number(line.toString());
    // Until then the shell itself could wait for it.
    await waitFor('the shell to become sleep', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
    const identity = identify(processId);
    const clock = createFakeClock();
    const isSame = createProcessRecognition(clock);
    expect(isSame(identity)).toBe(true);
    process.kill(processId, 'SIGKILL');
    await waitFor('the zombie', () => identifyProcess(processId) === undefined);
    expect([isProcessAlive(processId), isStillRunning(identity)]).toEqual([false, false]);
    // Its id is still in use, and for so long nothing else is checked.
    await clock.advance(249);
    expect(isSame(identity)).toBe(true);
    await clock.advance(1);
    expect(isSame(identity)).toBe(false);
  },
);

test('reads the start time again after the clock was set back', async () => {
  const identity = identify(process.pid);
  let nowMs = 1_000_000;
  const isSame = createProcessRecognition({ ...createFakeClock(), nowMs: () => nowMs });
  const stranger = { ...identity };
  expect(isSame(stranger)).toBe(true);
  nowMs -= 3_600_000;
  Object.assign(stranger, { startedAtTicks: '1' });
  expect(isSame(stranger)).toBe(process.platform !== 'linux');
});

test.runIf(canBeSomebodyElse)('counts a process of another user as alive, though it may not signal it', async () => {
  const module = new URL('../../../dist/platform/process/process-identity.js', import.meta.url).href;
  const folder = mkdtempSync('/tmp/rolecall-identity-');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  // The build may be in a folder that another user may not enter.
  copyFileSync(fileURLToPath(module), join(folder, 'process-identity.mjs'));
  const script = `import(process.argv[1]).then(({ identifyProcess, isProcessAlive, isStillRunning, signalProcess }) => {
    const identity = identifyProcess(${process.pid});
    signalProcess(identity, 'SIGKILL');
    console.log(isProcessAlive(${process.pid}), isStillRunning(identity));
  })`;
  expect(await runAsSomebodyElse(script, [join(folder, 'process-identity.mjs')])).toBe('true true\n');
});

test('counts an unused id as not alive, and ignores a signal to it', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  expect(isProcessAlive(pid)).toBe(false);
  expect(() => signalProcess({ processId: pid, startedAtTicks: '1' }, 'SIGKILL')).not.toThrow();
});

test.runIf(process.platform === 'linux')('sends no signal to a later process with the same id', async () => {
  const { child, ended } = start('sleep', ['60']);
  const identity = identify(child.pid);
  signalProcess({ ...identity, startedAtTicks: '1' }, 'SIGKILL');
  expect(isStillRunning(identity)).toBe(true);
  signalProcess(identity, 'SIGKILL');
  await ended;
  expect(isProcessAlive(identity.processId)).toBe(false);
});
