// The service under a real `systemd --user`: installed, started by a request, killed, upgraded under load, taken away.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { requestOverSocket } from '../../src/local-api/http-request.ts';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { createInstallation, type Installation } from '../helpers/installation.ts';
import { canSeeProcesses, isAlive, killAllOf, processesOf } from '../helpers/processes.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { runProcess, type ProcessRun } from '../helpers/run-process.ts';
import { systemPartByCheck } from '../helpers/system.ts';
import { checkSystemdSession, startSystemdSession, type SystemdSession } from '../helpers/systemd-session.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const isThere =
  systemPartByCheck('systemd --user', '/usr/lib/systemd/systemd, as root', checkSystemdSession) && canSeeProcesses;
const CALLERS = 20;
const OLD = '0.8.0';
const NEW = '0.9.0';
const SELECTORS = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'] as const;

let home: TemporaryHome;
let emulator: Emulator;
let systemd: SystemdSession;
let installation: Installation;
/** Of the shell that installs the service; the manager has none of it. */
let shell: Readonly<Record<string, string>>;
let filesAtFirst: readonly string[];
let filesBefore: readonly string[];

beforeAll(async () => {
  if (!isThere) return;
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  const { url } = await emulator.listen();
  systemd = await startSystemdSession(home);
  // A folder as people have them, and as a unit has to spell it.
  installation = createInstallation(join(home.path, 'my tools 100%', 'rolecall'), OLD);
  shell = {
    ...systemd.environment,
    ROLECALL_SECRET_STORE: 'file',
    ROLECALL_PASSPHRASE: 'correct horse',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
  };
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  // What the service is not handed, for it is a secret, its owner may give it.
  writePrivate(join(home.path, '.config', 'rolecall', 'environment'), 'ROLECALL_PASSPHRASE="correct horse"\n');
  filesAtFirst = treeOf(home.path);
}, 120_000);

afterAll(async () => {
  if (!isThere) return;
  await systemd.stop();
  killAllOf(home.path);
  await emulator.close();
  await home.remove();
}, 120_000);

function rolecall(...args: readonly string[]): Promise<ProcessRun> {
  return runProcess(process.execPath, [installation.rolecall, ...args], { environment: shell, deadlineMs: 60_000 });
}

/** As an SDK asks: what the profiles name, in an environment that knows nothing of rolecall. */
function askAsSdk(): Promise<ProcessRun> {
  const script = join(home.path, '.local', 'share', 'rolecall', 'bin', 'rolecall-credential-process');
  return runProcess('/bin/sh', [script, ...SELECTORS], { environment: systemd.environment, deadlineMs: 60_000 });
}

const mainPid = async () => Number(await systemd.show('rolecall.service', 'MainPID'));

function daemonsOf(path: string): readonly number[] {
  return processesOf(path)
    .filter((seen) => seen.arguments.some((argument) => argument.endsWith('dist/daemon/main.js')))
    .map(({ pid }) => pid);
}

/** Every file, folder and link below the home; the installation aside, the daemon's own state, and its socket. */
function treeOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .filter((name) => !/^(my tools|run\/systemd|\.local\/state\/rolecall\/(?!service\.env))|\/daemon\.sock$/.test(name))
    .toSorted();
}

test.skipIf(!isThere)(
  'install stops the daemon of before, and has the service answer',
  { timeout: 150_000 },
  async () => {
    expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
    const [byHand = 0] = daemonsOf(home.path);
    filesBefore = treeOf(home.path);

    const { exitCode, stdout, stderr } = await rolecall('service', 'install');
    const pid = await mainPid();
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout:
        'Wrote ~/.config/systemd/user/rolecall.socket\n' +
        'Wrote ~/.config/systemd/user/rolecall.service\n' +
        'Wrote ~/.local/state/rolecall/service.env\n' +
        'The service uses these variables of this shell: XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, ROLECALL_SECRET_STORE, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_STS.\n' +
        `The service is installed and running, pid ${pid}. It starts with your desktop, or with the first request.\n`,
      stderr: 'Note: ROLECALL_PASSPHRASE is a secret and was not stored for the service.\n',
    });
    expect(isAlive(byHand)).toBe(false);
    expect(daemonsOf(home.path)).toEqual([pid]);
    expect(statSync(join(home.path, '.local', 'state', 'rolecall', 'service.env')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.path, 'run', 'rolecall', 'daemon.sock')).mode & 0o777).toBe(0o600);
    expect((await rolecall('service', 'status')).stdout).toContain(`running, pid ${pid}`);
  },
);

test.skipIf(!isThere)('systemd finds no fault with the units', async () => {
  const units = ['rolecall.socket', 'rolecall.service'].map((unit) =>
    join(home.path, '.config', 'systemd', 'user', unit),
  );
  // The man pages come with the package, and not with a checkout.
  const verified = await runProcess('/usr/bin/systemd-analyze', ['--user', '--man=no', 'verify', ...units], {
    environment: systemd.environment,
  });
  expect(verified).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  const { stdout } = await runProcess(
    '/usr/bin/systemd-analyze',
    ['--user', '--no-pager', 'security', 'rolecall.service'],
    {
      environment: systemd.environment,
    },
  );
  const [line = '', score] = /exposure level for rolecall\.service: ([\d.]+)/.exec(stdout) ?? [];
  process.stdout.write(`systemd-analyze security: ${line}\n`);
  // What is left of it needs namespaces, see the unit.
  expect(Number(score)).toBeLessThanOrEqual(6.4);
});

test.skipIf(!isThere)(
  'of the environment of the manager the daemon gets nothing that changes it, and doctor says what',
  { timeout: 150_000 },
  async () => {
    const hostile = {
      NODE_OPTIONS: '--inspect=127.0.0.1:0',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      LD_PRELOAD: '/nowhere/evil.so',
      AWS_ENDPOINT_URL_SSO_OIDC: 'http://127.0.0.1:1/',
    };
    const lines = Object.entries(hostile).map(([name, value]) => `${name}=${value}`);
    await systemd.systemctl('set-environment', ...lines);
    await systemd.systemctl('restart', 'rolecall.service');
    expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
    const { environment = [] } = processesOf(home.path).find(({ pid }) => pid === daemonsOf(home.path)[0]) ?? {};
    expect(environment.filter((line) => lines.includes(line))).toEqual([]);
    expect(environment).toContain(`AWS_ENDPOINT_URL_SSO_OIDC=${emulator.url}`);

    const doctor = JSON.parse((await rolecall('doctor', '--json')).stdout) as {
      groups: { findings: { code: string; message: string; commands: string[] }[] }[];
    };
    const dropped = doctor.groups.flatMap(({ findings }) =>
      findings.filter(({ code }) => code === 'environment-dropped'),
    );
    const names = ['LD_PRELOAD', 'NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED'];
    expect(dropped).toMatchObject([
      {
        message: `The service manager has ${names.join(', ')} in its environment. The daemon is started without them.`,
        commands: [`systemctl --user unset-environment ${names.join(' ')}`],
      },
    ]);
    await systemd.systemctl('unset-environment', ...Object.keys(hostile));
  },
);

test.skipIf(!isThere)('the first request starts the daemon, whichever way it comes', { timeout: 150_000 }, async () => {
  await systemd.systemctl('stop', 'rolecall.service');
  expect(await mainPid()).toBe(0);
  const answer = await askAsSdk();
  expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(answer.stdout)).toMatchObject({ Version: 1 });
  expect(daemonsOf(home.path)).toEqual([await mainPid()]);

  // cron knows HOME and nothing else.
  await systemd.systemctl('stop', 'rolecall.service');
  const alias = join(home.path, '.local', 'state', 'rolecall', 'run', 'daemon.sock');
  const curl = ['-q', '-s', '--unix-socket', alias, 'http://localhost/v1/status'];
  const { stdout } = await runProcess('/usr/bin/curl', curl, { environment: { HOME: home.path } });
  expect(JSON.parse(stdout)).toMatchObject({ pid: await mainPid(), version: OLD });
});

test.skipIf(!isThere)(
  'a daemon that is killed is back by itself, signed in as before',
  { timeout: 150_000 },
  async () => {
    const killed = await mainPid();
    process.kill(killed, 'SIGKILL');
    await waitFor('a new daemon', async () => ![0, killed].includes(await mainPid()), { deadlineMs: 50_000 });
    expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(daemonsOf(home.path)).toEqual([await mainPid()]);
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  },
);

test.skipIf(!isThere)(
  'a browser is a unit of its own, which outlives what opened it',
  { timeout: 150_000 },
  async () => {
    const programs = join(home.path, 'programs');
    const seen = join(home.path, 'seen');
    writePrivate(
      join(programs, 'xdg-open'),
      // As xdg-open does it: the browser goes on, and what started it ends at once.
      `#!/bin/sh\n(grep ^0:: /proc/self/cgroup; grep NoNewPrivs /proc/self/status; printf '%s\\n' "$1") > '${seen}.new'\nmv '${seen}.new' '${seen}'\nsleep 300 &\necho $! > '${seen}.pid'\n`,
    );
    chmodSync(join(programs, 'xdg-open'), 0o700);
    const module = new URL('../../dist/platform/programs/start-browser.js', import.meta.url).href;
    const script = `await (await import('${module}')).startBrowser('https://example.com/?a=$HOME&b=%20', { isInUnit: true })`;
    const environment = { ...systemd.environment, PATH: `${programs}:${systemd.environment['PATH']}` };
    const run = await runProcess(process.execPath, ['--input-type=module', '-e', script], { environment });
    expect(run).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const [group, privileges, url] = await waitFor('the browser', () => readFileSync(seen, 'utf8').trim().split('\n'));
    const pid = Number(await waitFor('its process', () => readFileSync(`${seen}.pid`, 'utf8').trim()));
    expect({ group, privileges, url }).toEqual({
      group: expect.stringMatching(/\/run-[^/]*\.service$/),
      privileges: 'NoNewPrivs:\t0',
      url: 'https://example.com/?a=%24HOME&b=%20',
    });
    await systemd.systemctl('restart', 'rolecall.service');
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    for (const path of [seen, `${seen}.pid`, programs]) rmSync(path, { recursive: true });
  },
);

test.skipIf(!isThere)(
  'the container port and its grants outlive a restart, a crash and an end of the service',
  { timeout: 150_000 },
  async () => {
    const body = JSON.stringify({ session: SESSION, accountId: SELECTORS[3], permissionSet: SELECTORS[5] });
    const socketPath = join(home.path, 'run', 'rolecall', 'daemon.sock');
    const issued = await requestOverSocket({ socketPath, method: 'POST', path: '/v1/grants', body });
    const { id, url, token } = JSON.parse(issued?.text ?? '') as IssuedGrantDocument;
    const stored = () => systemd.show('rolecall.service', 'NFileDescriptorStore');
    await waitFor('the port in the store', async () => (await stored()) === '1');
    const ends: readonly (() => Promise<unknown>)[] = [
      () => systemd.systemctl('restart', 'rolecall.service'),
      async () => process.kill(await mainPid(), 'SIGKILL'),
      () => systemd.systemctl('stop', 'rolecall.service'),
    ];
    for (const [index, end] of ends.entries()) {
      const before = await mainPid();
      await end();
      expect(await rolecall('status')).toMatchObject({ exitCode: 0 });
      await waitFor('another daemon', async () => ![0, before].includes(await mainPid()));
      const status = await waitFor('an answer', async () => {
        const answer = await fetch(url, { headers: { authorization: token } });
        return answer.status !== 503 && answer.status;
      });
      expect({ index, status }).toEqual({ index, status: 200 });
    }
    expect((await rolecall('doctor', '--json')).stdout).not.toContain('container-port');
    await requestOverSocket({ socketPath, method: 'DELETE', path: `/v1/grants/${id}` });
    await waitFor('an empty store', async () => (await stored()) === '0');
  },
);

test.skipIf(!isThere)('settings that can not be read are told to whoever asks', { timeout: 150_000 }, async () => {
  const settings = join(home.path, '.config', 'rolecall', 'config.toml');
  writePrivate(settings, 'nonsense = 1\n');
  await systemd.systemctl('stop', 'rolecall.service');
  const [asSdk, byHand] = [await askAsSdk(), await rolecall('status')];
  expect(asSdk).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('unknown key "nonsense"') });
  expect(byHand).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('unknown key "nonsense"') });
  writePrivate(settings, '');
  await rolecall('daemon', 'restart');
  expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
});

test.skipIf(!isThere)(
  'stop closes the socket too, and the next command starts the service and no other daemon',
  { timeout: 150_000 },
  async () => {
    expect(await rolecall('daemon', 'stop')).toEqual({ exitCode: 0, stdout: 'The daemon has stopped.\n', stderr: '' });
    expect(daemonsOf(home.path)).toEqual([]);
    expect(existsSync(join(home.path, 'run', 'rolecall', 'daemon.sock'))).toBe(false);
    expect((await rolecall('service', 'status')).stdout).toContain('stopped');
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? askAsSdk() : rolecall('status'))),
    );
    expect(answers.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== '')).toEqual([]);
    expect(daemonsOf(home.path)).toEqual([await mainPid()]);
  },
);

test.skipIf(!isThere)(
  'the service takes over from a daemon that was started while no manager was there',
  { timeout: 150_000 },
  async () => {
    await rolecall('daemon', 'stop');
    const withoutManager = { ...shell, XDG_RUNTIME_DIR: '', DBUS_SESSION_BUS_ADDRESS: '' };
    const run = (args: readonly string[]) =>
      runProcess(process.execPath, [installation.rolecall, ...args], { environment: withoutManager });
    expect(await run(['daemon', 'start'])).toMatchObject({ exitCode: 0 });
    const [direct = 0] = daemonsOf(home.path);
    await systemd.systemctl('start', 'rolecall.socket', 'rolecall.service');
    expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
    expect({ direct: isAlive(direct), daemons: daemonsOf(home.path) }).toEqual({
      direct: false,
      daemons: [await mainPid()],
    });
  },
);

test.skipIf(!isThere)(
  `${CALLERS} callers at once see nothing of an upgrade in place`,
  { timeout: 240_000 },
  async () => {
    const failed: ProcessRun[] = [];
    let asked = 0;
    const over = new AbortController();
    async function keepAsking(ask: () => Promise<ProcessRun>): Promise<void> {
      while (!over.signal.aborted) {
        const run = await ask();
        asked += 1;
        if (run.exitCode !== 0) failed.push(run);
      }
    }
    const callers = Array.from({ length: CALLERS }, () => keepAsking(askAsSdk));
    const before = await mainPid();
    await waitFor('an answer for each', () => asked >= CALLERS, { deadlineMs: 50_000 });
    installation.replaceBy(NEW);
    const askedBefore = asked;
    // The first commands of the new version are what replaces the daemon.
    const firsts = await Promise.all(Array.from({ length: 4 }, () => rolecall('status', '--json')));
    const askedAfter = asked;
    await waitFor('another answer for each', () => asked >= askedAfter + 2 * CALLERS, { deadlineMs: 50_000 });
    over.abort();
    await Promise.all(callers);

    expect(failed).toEqual([]);
    const versions = firsts.map(({ stdout }) => (JSON.parse(stdout) as { version: string }).version);
    expect(versions).toEqual([NEW, NEW, NEW, NEW]);
    const note = `${JSON.stringify({ type: 'note', message: `Restarted the daemon, because it was older than this command (now ${NEW}).` })}\n`;
    expect(firsts.map(({ stderr }) => stderr).filter((text) => text !== '' && text !== note)).toEqual([]);
    expect(firsts.map(({ stderr }) => stderr)).toContain(note);
    expect(askedBefore).toBeGreaterThanOrEqual(CALLERS);
    expect(asked - askedBefore).toBeGreaterThanOrEqual(CALLERS);
    expect(isAlive(before)).toBe(false);
    expect(daemonsOf(home.path)).toEqual([await mainPid()]);
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    process.stdout.write(`an upgrade under ${CALLERS} callers: ${asked} answers, none failed\n`);
  },
);

test.skipIf(!isThere)(
  'a service of an installation that is gone is moved by the next command',
  { timeout: 150_000 },
  async () => {
    await rolecall('daemon', 'stop');
    const moved = createInstallation(join(home.path, 'my tools 100%', 'node v24', 'rolecall'), NEW);
    installation.remove();
    installation = moved;
    expect((await rolecall('service', 'status')).stdout).toContain('dist/daemon/main.js no longer exists');
    expect(await rolecall('status')).toMatchObject({ exitCode: 0 });
    expect(
      await rolecall('service', 'status', '--json').then(({ stdout }) => JSON.parse(stdout) as object),
    ).toMatchObject({
      pid: await mainPid(),
      problems: [],
    });
    expect(await askAsSdk()).toMatchObject({ exitCode: 0, stderr: '' });
  },
);

test.skipIf(!isThere)(
  'uninstall leaves what was there before, and nothing that runs',
  { timeout: 150_000 },
  async () => {
    const { exitCode, stdout } = await rolecall('service', 'uninstall');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout:
        'Removed ~/.config/systemd/user/rolecall.socket\n' +
        'Removed ~/.config/systemd/user/rolecall.service\n' +
        'Removed ~/.local/state/rolecall/service.env\n' +
        'Removed the service. The first command that needs the daemon now starts it.\n',
    });
    expect(daemonsOf(home.path)).toEqual([]);
    const added = treeOf(home.path).filter((name) => !filesBefore.includes(name));
    const missing = filesBefore.filter((name) => !existsSync(join(home.path, name)));
    expect({ added, missing }).toEqual({ added: ['.config/rolecall/config.toml'], missing: [] });
    expect((await systemd.systemctl('list-unit-files', 'rolecall*')).stdout).toContain('0 unit files');
    expect(await systemd.systemctl('is-failed', 'rolecall.service')).toMatchObject({ stdout: 'inactive\n' });

    // And the first command that needs the daemon starts it, as before.
    expect(await rolecall('daemon', 'start')).toMatchObject({ exitCode: 0 });
    expect(await rolecall('daemon', 'stop')).toMatchObject({ exitCode: 0 });
    expect((await rolecall('service', 'uninstall')).stdout).toBe('No service was installed.\n');
  },
);

test.skipIf(!isThere)(
  '`rolecall uninstall` removes the service with everything else, and nothing starts it again',
  { timeout: 150_000 },
  async () => {
    expect(await rolecall('service', 'install')).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout, stderr } = await rolecall('uninstall', '--yes');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(
      '  Service   ~/.config/systemd/user/rolecall.socket\n            ~/.config/systemd/user/rolecall.service\n',
    );
    expect(daemonsOf(home.path)).toEqual([]);
    expect((await systemd.systemctl('list-unit-files', 'rolecall*')).stdout).toContain('0 unit files');
    const left = treeOf(home.path).filter((name) => !filesAtFirst.includes(name));
    expect(left).toEqual([]);
    expect(existsSync(join(home.path, '.local', 'state', 'rolecall'))).toBe(false);
  },
);
