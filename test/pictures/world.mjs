// A company to take pictures of: an emulator and a daemon in this process, in a home of its own, whose clock the pictures set.
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../../dist/core/clock.js';
import { startDaemon } from '../../dist/daemon/daemon.js';
import { ensurePrivateDirectory } from '../../dist/platform/files/private-directory.js';
import { createEmulator } from '../../dist/emulator/emulator.js';
import { createLocalApiClient } from '../../dist/local-api/client.js';
import { resolvePaths } from '../../dist/local-api/paths.js';
import { loadVersion } from '../../dist/local-api/version.js';

const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const DEADLINE_MS = 60_000;

export const CONFIG = `[sso-session work]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1

[sso-session lab]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
`;

export const SETTINGS = `[session.work]
label = "Work"
session_hours = 10

[session.lab]
label = "Lab"
session_hours = 4

[[role]]
account_id = "222222222222"
permission_set = "ReadOnly"
pin = true
`;

/** `remove` ends it; `environment` is for programs that are to live in it too. */
export async function createWorld({ directory, config = CONFIG, settings = SETTINGS }) {
  const homeDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rcp-')));
  const real = createSystemClock();
  let aheadMs = 0;
  const clock = { ...real, nowMs: () => real.nowMs() + aheadMs };
  const emulator = createEmulator({ directory, clock });
  const { url } = await emulator.listen();
  const environment = {
    HOME: homeDirectory,
    XDG_RUNTIME_DIR: join(homeDirectory, 'run'),
    PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    LANG: 'C.UTF-8',
    ROLECALL_SECRET_STORE: 'memory',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
  };
  const userId = process.getuid();
  const paths = resolvePaths({ environment, homeDirectory, platform: process.platform, userId });
  for (const [path, text] of [
    [join(homeDirectory, '.aws', 'config'), config],
    [paths.settingsFile, settings],
  ]) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
  mkdirSync(environment.XDG_RUNTIME_DIR, { mode: 0o700 });
  ensurePrivateDirectory(paths.stateDirectory, userId);
  const start = () =>
    startDaemon({
      paths,
      environment,
      homeDirectory,
      userId,
      processId: process.pid,
      version: loadVersion(),
      clock,
      random: Math.random,
      log: () => {},
      credentialProcess: {
        templatePath: fromRoot('bin/rolecall-credential-process'),
        nodePath: process.execPath,
        clientPath: fromRoot('dist/cli/main.js'),
      },
      pageDirectory: fromRoot('src/web'),
      onStopRequested: () => {},
      // A picture of thousands of accounts need not wait for AWS's twenty calls a second.
      portalCallsPerSecond: 2000,
    });
  let daemon = await start();
  const client = createLocalApiClient({
    socketCandidates: paths.socketCandidates,
    mayStart: false,
    startDaemon: () => Promise.reject(new Error('the pictures start their daemon themselves')),
    clock: real,
  });

  const waitFor = async (what, condition) => {
    const endsAtMs = Date.now() + DEADLINE_MS;
    while (!(await condition())) {
      if (Date.now() > endsAtMs) throw new Error(`waited ${DEADLINE_MS} ms for ${what}`);
      await sleep(50);
    }
  };
  const waitForValue = async (what, find) => {
    let found;
    await waitFor(what, async () => {
      found = await find();
      return found !== undefined && found !== null;
    });
    return found;
  };

  return {
    environment,
    emulator,
    client,
    waitFor,
    waitForValue,
    /** From now on it is so much later; what is ahead of the browser's clock belongs into the past before a picture. */
    setClock(durationMs) {
      aheadMs = durationMs;
    },
    async signIn(session, userName) {
      const { userCode } = await client.call('startSignIn', { session, body: {} });
      emulator.approve(userCode, userName);
      await waitFor(`the list of ${session}`, async () => {
        const signIn = await client.call('signIn', { session });
        return signIn?.setup?.state === 'done';
      });
    },
    use: (session, accountId, permissionSet) =>
      client.call('setCurrent', { body: { session, accountId, permissionSet, profile: null } }),
    async restartDaemon() {
      await daemon.stop();
      daemon = await start();
    },
    stopDaemon: () => daemon.stop(),
    async remove() {
      await daemon.stop();
      await emulator.close();
      await rm(homeDirectory, { recursive: true, force: true });
    },
  };
}
