// How `startDaemon: true` starts a daemon: which `rolecall` it runs, and what becomes of its errors.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from '../../src/exports/client.ts';
import { startByCommand } from '../../src/exports/start-by-command.ts';
import type { StartedDaemon } from '../../src/platform/service/start-daemon.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

let home: TemporaryHome;
let bin: string;
beforeEach(() => {
  home = createTemporaryHome();
  bin = join(home.path, 'bin');
  mkdirSync(bin);
});
afterEach(() => home.remove());

/** Starts with a `rolecall` in PATH that does this. */
function start(script: string): StartedDaemon {
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const environment = { ...home.environment, PATH: `${bin}:/usr/bin:/bin` };
  return startByCommand({
    environment,
    homeDirectory: home.path,
    platform: process.platform,
    userId: process.getuid?.() ?? -1,
  });
}

async function failureOf(started: StartedDaemon) {
  await waitFor('the command to end', () => started.hasEnded());
  started.release();
  return started.failure();
}

test('runs the rolecall of PATH, with the variables of the client', async () => {
  const started = start('echo "$0 $@ $HOME $(pwd)" >"$HOME/ran"');
  expect(await failureOf(started)).toBeUndefined();
  expect(readFileSync(join(home.path, 'ran'), 'utf8')).toBe(`${bin}/rolecall daemon start --json ${home.path} /\n`);
});

test('reports the error that the command prints as JSON', async () => {
  const error = { code: 'settings-invalid', message: 'config.toml, line 1: no.', hint: 'rolecall doctor' };
  const line = JSON.stringify({ ...error, exitCode: 2 });
  expect(await failureOf(start(`echo 'Note: x' >&2; echo '${line}' >&2; exit 2`))).toEqual(error);
});

test('reports the first line of a command that prints something else', async () => {
  expect(await failureOf(start('echo "no such thing" >&2; echo more >&2; exit 1'))).toEqual({
    code: 'daemon-not-running',
    message: 'The daemon could not be started: no such thing',
    hint: 'rolecall daemon run',
  });
});

test('the client passes that error on as its own', async () => {
  const error = { code: 'settings-invalid', message: 'config.toml, line 1: no.', hint: 'rolecall doctor' };
  start('exit 0').release();
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\necho '${JSON.stringify(error)}' >&2\nexit 2\n`, { mode: 0o755 });
  const environment = { ...home.environment, PATH: `${bin}:/usr/bin:/bin` };
  const client = createClient({ startDaemon: true, environment, socket: join(home.path, 'none.sock') });
  await expect(client.status()).rejects.toMatchObject({ name: 'RolecallError', ...error, exitCode: 2 });
});
