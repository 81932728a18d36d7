// The emulator as a process of its own: it says where it is, answers, and ends cleanly on a signal.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../dist/emulator/main.js', import.meta.url));
const isBuilt = systemPart('Node', process.execPath) && existsSync(MAIN);

function startProcess(args: readonly string[]) {
  const home = createTemporaryHome();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: home.environment,
    cwd: home.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) =>
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal })),
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await home.remove();
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

test('the emulator is built before the system tests run (npm run build)', () => {
  expect({ path: MAIN, isBuilt }).toEqual({ path: MAIN, isBuilt: true });
});

test.skipIf(!isBuilt).each(['SIGTERM', 'SIGINT'] as const)(
  'a process prints one line of JSON, answers, and ends with 0 on %s even while a client holds a connection',
  async (signal) => {
    const running = startProcess(['--json']);
    const line = await waitFor('the line of JSON', () => running.stdout().endsWith('\n') && running.stdout());
    const { url } = JSON.parse(line) as { url: string };
    // fetch keeps its connection open.
    expect((await fetch(`${url}/start`)).status).toBe(200);
    running.child.kill(signal);
    expect({ ended: await running.ended, stderr: running.stderr() }).toEqual({
      ended: { exitCode: 0, signal: null },
      stderr: '',
    });
  },
);

test.skipIf(!isBuilt)('a second process on the same port ends with 2 and says what to type', async () => {
  const first = startProcess(['--json']);
  const line = await waitFor('the line of JSON', () => first.stdout().endsWith('\n') && first.stdout());
  const { port } = new URL((JSON.parse(line) as { url: string }).url);
  const second = startProcess(['--port', port]);
  expect({ ended: await second.ended, stdout: second.stdout(), stderr: second.stderr() }).toEqual({
    ended: { exitCode: 2, signal: null },
    stdout: '',
    stderr: `Port ${port} of 127.0.0.1 is in use by another program.\n  rolecall emulator --port 0\n`,
  });
});
