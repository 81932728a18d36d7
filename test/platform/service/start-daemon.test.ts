// Starting a daemon process: what it sees of our environment, and what we hear when it fails.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { daemonEnvironment } from '../../../src/platform/service/daemon-environment.ts';
import { startDaemonProcess, type StartedDaemon } from '../../../src/platform/service/start-daemon.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

function startScript(script: string, environment: Record<string, string> = {}): StartedDaemon {
  const path = join(home.path, 'main.cjs');
  writeFileSync(path, script);
  return startDaemonProcess(path, { ...home.environment, ...environment });
}

test('gets an allow-list of the environment, the passphrase through a pipe, and / as working directory', async () => {
  const report = join(home.path, 'report.json');
  const daemon = startScript(
    `const fs = require('node:fs');
     fs.writeFileSync('${report}.new', JSON.stringify({ environment: process.env, cwd: process.cwd(), passphrase: fs.readFileSync(4, 'utf8') }));
     fs.renameSync('${report}.new', '${report}');`,
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ACCESS_KEY_ID: 'x', AWS_CONFIG_FILE: '/c', ROLECALL_PASSPHRASE: 'p' },
  );
  await waitFor('the script to end', () => daemon.hasEnded());
  expect(daemon.failure()).toBeUndefined();
  const { environment, cwd, passphrase } = JSON.parse(readFileSync(report, 'utf8')) as Record<string, unknown>;
  expect({ cwd, passphrase }).toEqual({ cwd: '/', passphrase: 'p' });
  // Node's own channel to the child, by which a failed start is told.
  const {
    NODE_CHANNEL_FD: _fd,
    NODE_CHANNEL_SERIALIZATION_MODE: _mode,
    ...seen
  } = environment as Record<string, string>;
  expect(seen).toEqual({ ...home.environment, AWS_CONFIG_FILE: '/c', ROLECALL_PASSPHRASE_FD: '4' });
  daemon.release();
});

test('reports a failure to the client', async () => {
  const failure = { code: 'settings-invalid', message: 'Wrong.', hint: 'rolecall status' };
  const daemon = startScript(`process.send(${JSON.stringify(failure)}, () => process.exit(2))`);
  expect(daemon.failure()).toBeUndefined();
  expect(await waitFor('the failure', () => daemon.failure())).toEqual(failure);
  await waitFor('the end', () => daemon.hasEnded());
  expect(daemon.failure()).toEqual(failure);
  daemon.release();
});

test('is an error with a command that shows why if it ends without a report', async () => {
  const daemon = startScript('process.exit(3)');
  expect(await waitFor('the failure', () => daemon.failure())).toEqual({
    code: 'daemon-not-running',
    message: 'The daemon ended while it was starting.',
    hint: 'rolecall daemon run',
  });
  daemon.release();
});

test('sees only the variables on the list, whatever the shell has', () => {
  const mine = {
    HOME: '/h',
    PATH: '/p',
    LC_ALL: 'C',
    XDG_RUNTIME_DIR: '/r',
    HTTPS_PROXY: 'http://p',
    AWS_ENDPOINT_URL_SSO: 'http://e',
    ROLECALL_SOCKET: '/s',
  };
  const notMine = {
    AWS_ENDPOINT_URL: 'http://t',
    AWS_PROFILE: 'p',
    AWS_SECRET_ACCESS_KEY: 's',
    LOCALSTACK_HOST: 'l',
    NODE_OPTIONS: '--inspect',
    SSH_AUTH_SOCK: '/a',
    GITHUB_TOKEN: 'g',
  };
  expect(daemonEnvironment({ ...mine, ...notMine, TZ: undefined })).toEqual(mine);
});

test('is an error if Node no longer exists', async () => {
  const { execPath } = process;
  process.execPath = join(home.path, 'gone');
  let daemon: StartedDaemon;
  try {
    daemon = startScript('');
  } finally {
    process.execPath = execPath;
  }
  expect(await waitFor('the failure', () => daemon.failure())).toEqual({
    code: 'daemon-not-running',
    message: expect.stringMatching(/^The daemon can't be started: .*ENOENT\.$/),
    hint: 'rolecall daemon run',
  });
  expect(daemon.hasEnded()).toBe(true);
  daemon.release();
});
