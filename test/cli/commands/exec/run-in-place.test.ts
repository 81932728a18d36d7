// Running a program in place of this process: exit status, signals, streams and inherited descriptors.
import { openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runAsChild } from '../../../../src/cli/commands/exec/run-in-place.ts';
import { runProcess } from '../../../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../../../helpers/temporary-home.ts';
import { waitFor } from '../../../helpers/wait-for.ts';

const COMPILED = new URL('../../../../dist/cli/commands/exec/run-in-place.js', import.meta.url).href;

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

const run = (...command: [string, ...string[]]) =>
  runAsChild({ command, environment: home.environment }, (start) => start());
const shell = (script: string, ...args: string[]) => run('/bin/sh', '-c', script, 'sh', ...args);

test('the exit code is the program’s, 128+n after signal n, 127 and 126 when it does not start', async () => {
  expect(await shell('exit 0')).toEqual({ exitCode: 0, isInterrupted: false });
  expect(await shell('exit 37')).toEqual({ exitCode: 37, isInterrupted: false });
  for (const [name, code] of [
    ['HUP', 129],
    ['QUIT', 131],
    ['KILL', 137],
    ['TERM', 143],
  ] as const) {
    expect(await shell(`ulimit -c 0; kill -${name} $$`)).toEqual({ exitCode: code, isInterrupted: false });
  }
  expect((await shell('kill -INT $$')).exitCode).toBe(130);
  expect(await run('no-such-program')).toEqual({ exitCode: 127, isInterrupted: false });
  expect(await run('/etc/hostname')).toEqual({ exitCode: 126, isInterrupted: false });
});

test('runs a script without #! with sh, like a shell', async () => {
  const script = join(home.path, 'script');
  writeFileSync(script, 'exit 5\n', { mode: 0o755 });
  expect(await run(script)).toMatchObject({ exitCode: 5 });
});

describe('signals', () => {
  test.each(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT'] as const)(
    'forwards %s that only this process gets',
    async (name) => {
      const ready = join(home.path, 'ready');
      const before = process.listenerCount(name);
      const ended = shell(`trap 'exit 11' ${name.slice(3)}; : > "$1"; while :; do sleep 0.05; done`, ready);
      await waitFor('the program to be ready', () => readFileSync(ready, 'utf8') === '');
      process.kill(process.pid, name);
      expect(await ended).toEqual({ exitCode: 11, isInterrupted: false });
      expect(process.listenerCount(name)).toBe(before);
    },
  );

  test('keeps waiting for a program that survives a signal', async () => {
    const ready = join(home.path, 'ready');
    const ended = shell(
      `trap ': > "$1.seen"' TERM; : > "$1"; while [ ! -e "$1.go" ]; do sleep 0.05; done; exit 3`,
      ready,
    );
    await waitFor('the program to be ready', () => readFileSync(ready, 'utf8') === '');
    process.kill(process.pid, 'SIGTERM');
    await waitFor('the signal to be seen', () => readFileSync(`${ready}.seen`, 'utf8') === '');
    writeFileSync(`${ready}.go`, '');
    expect(await ended).toMatchObject({ exitCode: 3 });
  });

  test('also forwards a signal that arrives while the program is being started', async () => {
    // In a separate process: without a listener the signal would end it and leave the program running.
    const text = `
      import { existsSync } from 'node:fs';
      import { runAsChild } from ${JSON.stringify(COMPILED)};
      const [, ready, script] = process.argv;
      const signalAtOnce = (start) => {
        const child = start();
        while (!existsSync(ready));
        process.kill(process.pid, 'SIGTERM');
        return child;
      };
      const { exitCode } = await runAsChild({ command: ['/bin/sh', '-c', script, 'sh', ready], environment: {} }, signalAtOnce);
      console.log(exitCode);
    `;
    const script = `trap 'exit 11' TERM; : > "$1"; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2; done`;
    const args = ['--input-type=module', '-e', text, join(home.path, 'ready'), script];
    const outcome = await runProcess(process.execPath, args, { environment: home.environment });
    expect(outcome).toEqual({ exitCode: 0, stdout: '11\n', stderr: '' });
  });
});

test.skipIf(process.platform !== 'linux')('the program inherits only descriptors that its command names', async () => {
  const list = join(home.path, 'list');
  const named = join(home.path, 'named');
  writeFileSync(named, 'read by its descriptor');
  const descriptor = openSync(named, 'r');
  try {
    await shell('ls -l /proc/$$/fd > "$1"', list);
    expect(readFileSync(list, 'utf8')).not.toContain(named);
    await shell('cat "$2" > "$1"', list, `/dev/fd/${descriptor}`);
    expect(readFileSync(list, 'utf8')).toBe('read by its descriptor');
  } finally {
    closeSync(descriptor);
  }
});
