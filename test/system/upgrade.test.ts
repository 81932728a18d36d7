// Upgrades without a service: another version in the place of a daemon that runs, and an installation that was moved away.
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { requestOverSocket } from '../../src/local-api/http-request.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { createInstallation, type Installation } from '../helpers/installation.ts';
import { canSeeProcesses, killAllOf, processesOf } from '../helpers/processes.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { runProcess, type ProcessRun } from '../helpers/run-process.ts';
import { startNotificationStandIn, type NotificationStandIn } from '../helpers/notification-stand-in.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const SELECTORS = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'] as const;

let home: TemporaryHome;
let emulator: Emulator;
let environment: Record<string, string>;
let installation: Installation;
let notifications: NotificationStandIn | undefined;
beforeEach(async () => {
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  await emulator.listen();
  environment = {
    ...home.environment,
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse',
    ...emulator.environment(),
  };
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  installation = createInstallation(join(home.path, 'node-v20', 'rolecall'), '0.8.0');
  expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  await notifications?.end();
  notifications = undefined;
  if (canSeeProcesses) killAllOf(home.path);
  await emulator.close();
  await home.remove();
});

function rolecall(...args: readonly string[]): Promise<ProcessRun> {
  return runProcess(process.execPath, [installation.rolecall, ...args], { environment, deadlineMs: 60_000 });
}

const copyPath = () => join(home.path, '.local', 'share', 'rolecall', 'bin', 'rolecall-credential-process');
const askAsSdk = (changes: Readonly<Record<string, string>> = {}) =>
  runProcess('/bin/sh', [copyPath(), ...SELECTORS], { environment: { ...environment, ...changes } });

/** Where each notification that asks for something is clicked at once, and the browser writes down what it is given. */
async function restartWithDesktop(): Promise<void> {
  await rolecall('daemon', 'stop');
  notifications = await startNotificationStandIn(join(home.path, 'bus'), { clicksAtOnce: true });
  const bin = join(home.path, 'bin');
  const programs = {
    'x-www-browser': `{ printf '%s\\n' "$1"; env; } > '${home.path}/page.new' && mv '${home.path}/page.new' '${home.path}/page'`,
  };
  for (const [name, script] of Object.entries(programs)) {
    writePrivate(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o700);
  }
  Object.assign(environment, {
    PATH: `${bin}:${environment['PATH']}`,
    // Without the desktop files of the machine's own browsers.
    XDG_DATA_DIRS: join(home.path, 'no-applications'),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${home.path}/bus`,
    DISPLAY: ':0',
  });
}

/** Without saying a version, as curl asks. */
async function askVersion(): Promise<string | undefined> {
  const socketPath = join(home.path, 'run', 'rolecall', 'daemon.sock');
  const answer = await requestOverSocket({ socketPath, method: 'GET', path: '/v1/status' });
  return answer === undefined ? undefined : (JSON.parse(answer.text) as { version: string }).version;
}

test.skipIf(!canSeeProcesses)(
  'a daemon that finds another version in its place starts that one, with nobody asking',
  { timeout: 300_000 },
  async () => {
    // A click on "Sign in" starts a browser, which is not given the passphrase; the successor is.
    await restartWithDesktop();
    emulator.revokeSessions();
    expect(await askAsSdk()).toMatchObject({ exitCode: 4 });
    const page = await waitFor('the page in the browser', () => readFileSync(join(home.path, 'page'), 'utf8'));
    expect(page).toContain(new URL(emulator.environment()['AWS_ENDPOINT_URL_SSO_OIDC'] ?? '').origin);
    expect(page.split('\n')[0]).not.toMatch(/[A-Z]{4}-[A-Z]{4}/);
    expect(page).not.toContain('correct horse');
    await waitFor('the keys', async () => (await askAsSdk()).exitCode === 0, { deadlineMs: 60_000, intervalMs: 200 });

    expect(await askVersion()).toBe('0.8.0');
    installation.replaceBy('0.9.0');
    await waitFor('the new version', async () => (await askVersion()) === '0.9.0', {
      deadlineMs: 150_000,
      intervalMs: 500,
    });
    expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
    const daemons = () =>
      processesOf(home.path).filter(({ arguments: words }) => words.some((word) => word.endsWith('daemon/main.js')));
    // The one of before has given up its socket, and may be about to end.
    await waitFor('one daemon', () => daemons().length === 1);
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(2);
    const log = readFileSync(join(home.path, '.local', 'state', 'rolecall', 'daemon.log'), 'utf8');
    expect(log).toContain('another version was installed');
  },
);

test('profiles go on working when Node and rolecall are somewhere else', { timeout: 120_000 }, async () => {
  await rolecall('daemon', 'stop');
  installation.remove();
  expect(await askAsSdk()).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: expect.stringMatching(
      /^rolecall: .*node-v20\/rolecall\/dist\/cli\/main\.js, which would start it, no longer exists\. \[daemon-not-running\]\nRun: /,
    ),
  });
  // As nvm, fnm, volta and Homebrew do it: the new one is on the PATH, and the old one's folder is no more.
  installation = createInstallation(join(home.path, 'node-v24', 'rolecall'), '0.8.0');
  const onPath = join(home.path, 'node-v24', 'bin', 'rolecall');
  writePrivate(onPath, `#!/bin/sh\nexec '${process.execPath}' '${installation.rolecall}' "$@"\n`);
  await runProcess('/bin/chmod', ['700', onPath], { environment });
  const path = `${join(home.path, 'node-v24', 'bin')}:${environment['PATH']}`;
  expect(await askAsSdk({ PATH: path })).toMatchObject({ exitCode: 0, stderr: '' });
  // The daemon that it started has written the copy anew, which needs no PATH from here on.
  expect(readFileSync(copyPath(), 'utf8')).toContain('/node-v24/rolecall/dist/cli/main.js');
  await rolecall('daemon', 'stop');
  expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
});
