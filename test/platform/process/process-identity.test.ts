// A grant ends with its process, whatever becomes of the process's id; so this is tried on real processes.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import {
  createProcessRecognition,
  identifyProcess,
  isStillRunning,
  type ProcessIdentity,
} from '../../../src/platform/process/process-identity.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
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

test('a process is itself for as long as it lives, and nobody at once when it has ended', async () => {
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

test('a process of which the id alone is known, as on a Mac, is nobody any more when it has ended', async () => {
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

test('another process with the same id is not the one that was meant', () => {
  const identity = identify(process.pid);
  const isSame = createProcessRecognition(createFakeClock());
  expect([isSame(identity), isSame({ ...identity, startedAtTicks: '1' })]).toEqual([
    true,
    process.platform !== 'linux',
  ]);
});

test.runIf(process.platform === 'linux')('a zombie counts as ended within a quarter of a second', async () => {
  // The shell becomes a program that never asks how its child has ended.
  const { child } = start('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const processId = Number(line.toString());
  // Until then the shell itself could collect it.
  await waitFor('the shell to become sleep', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
  const identity = identify(processId);
  const clock = createFakeClock();
  const isSame = createProcessRecognition(clock);
  expect(isSame(identity)).toBe(true);
  process.kill(processId, 'SIGKILL');
  await waitFor('the zombie', () => identifyProcess(processId) === undefined);
  // Its id is taken still, which is all that is looked at for so long.
  await clock.advance(249);
  expect(isSame(identity)).toBe(true);
  await clock.advance(1);
  expect(isSame(identity)).toBe(false);
});

test('a clock that is set back makes nobody younger', async () => {
  const identity = identify(process.pid);
  let nowMs = 1_000_000;
  const isSame = createProcessRecognition({ ...createFakeClock(), nowMs: () => nowMs });
  const stranger = { ...identity };
  expect(isSame(stranger)).toBe(true);
  nowMs -= 3_600_000;
  Object.assign(stranger, { startedAtTicks: '1' });
  expect(isSame(stranger)).toBe(process.platform !== 'linux');
});
