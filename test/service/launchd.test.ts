// The LaunchAgent, by the commands that launchctl would get: there is no launchd here.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolvePaths } from '../../src/local-api/paths.ts';
import { createService } from '../../src/service/create-service.ts';
import type { ProgramRun, Service } from '../../src/service/service.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const DONE: ProgramRun = { exitCode: 0, stdout: '', stderr: '' };
const TARGET = 'gui/501/io.github.rolecall.daemon';

let home: TemporaryHome;
let told: string[];
let file: string;
beforeEach(() => {
  home = createTemporaryHome();
  told = [];
  file = join(home.path, 'Library', 'LaunchAgents', 'io.github.rolecall.daemon.plist');
});
afterEach(() => home.remove());

const stopDaemon = async () => void told.push('stop the daemon');

/** A Mac whose launchctl answers by the first word of what it is told. */
function createMac(
  answers: Readonly<Record<string, ProgramRun>> = {},
  environment: Readonly<Record<string, string>> = {},
): Service {
  const surroundings = { environment, homeDirectory: home.path, platform: 'darwin', userId: 501 } as const;
  return createService({
    ...surroundings,
    paths: resolvePaths(surroundings),
    version: '1.0.0',
    nodePath: process.execPath,
    mainPath: join(home.path, 'rolecall', 'dist', 'daemon', 'main.js'),
    async run([program, ...args]) {
      told.push([program, ...args].join(' '));
      return answers[args[0] ?? ''] ?? DONE;
    },
  });
}

test('install unloads what was there, writes the agent for its owner alone, and loads it', async () => {
  const mac = createMac({ bootout: { ...DONE, exitCode: 3 } }, { HTTPS_PROXY: 'http://p', ROLECALL_PASSPHRASE: 's' });
  expect(await mac.install(stopDaemon)).toEqual({ files: [file], variables: ['HTTPS_PROXY'] });
  expect(told).toEqual(['stop the daemon', `launchctl bootout ${TARGET}`, `launchctl bootstrap gui/501 ${file}`]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toContain('<string>http://p</string>');
});

test("reports launchctl's refusal in its words", async () => {
  const mac = createMac({
    bootstrap: { exitCode: 5, stdout: '', stderr: 'Bootstrap failed: 5: Input/output\n error\n' },
  });
  await expect(mac.install(stopDaemon)).rejects.toMatchObject({
    code: 'no-service-manager',
    message: `launchctl bootstrap gui/501 ${file} failed: Bootstrap failed: 5: Input/output error`,
    exitCode: 7,
  });
});

test('installs nothing if the shell has a socket of its own', async () => {
  await expect(createMac({}, { ROLECALL_SOCKET: '/x' }).install(stopDaemon)).rejects.toMatchObject({
    code: 'usage',
    hint: 'unset ROLECALL_SOCKET',
  });
  expect({ told, isThere: existsSync(file) }).toEqual({ told: [], isThere: false });
});

test('stop unloads it, restart loads and restarts it', async () => {
  const mac = createMac({ bootstrap: { ...DONE, exitCode: 37 } });
  await mac.stop();
  await mac.restart();
  expect(told).toEqual([
    `launchctl bootout ${TARGET}`,
    `launchctl bootstrap gui/501 ${file}`,
    `launchctl kickstart -k ${TARGET}`,
  ]);
});

test('status reads what launchctl prints', async () => {
  const printed = `${TARGET} = {\n\tactive count = 1\n\tpath = ${file}\n\tstate = running\n\n\tpid = 4242\n\tlast exit code = 0\n}\n`;
  const mac = createMac({ print: { ...DONE, stdout: printed } });
  expect(await mac.status()).toMatchObject({ installed: false, daemonState: null, pid: null, files: [] });
  const mainPath = join(home.path, 'rolecall', 'dist', 'daemon', 'main.js');
  mkdirSync(dirname(mainPath), { recursive: true });
  writeFileSync(mainPath, '');
  await mac.install(stopDaemon);
  const running = {
    manager: 'launchd',
    installed: true,
    startsWithDesktop: true,
    socketState: null,
    daemonState: 'running',
    pid: 4242,
    files: [file],
    droppedVariables: [],
  };
  expect(await mac.status()).toEqual({ ...running, problems: [] });

  writeFileSync(join(home.path, 'rolecall', 'package.json'), '{"version":"0.9.0"}');
  expect((await mac.status()).problems).toEqual([
    {
      code: 'service-broken',
      message: 'The service is out of date: it starts rolecall 0.9.0.',
      hint: 'rolecall service install',
    },
  ]);
  rmSync(mainPath);
  expect((await mac.status()).problems).toEqual([
    {
      code: 'service-broken',
      message: `The service is out of date: ${mainPath} no longer exists.`,
      hint: 'rolecall service install',
    },
  ]);
  writeFileSync(mainPath, '');
  rmSync(join(home.path, 'rolecall', 'package.json'));
  expect(await createMac({ print: { ...DONE, exitCode: 113 } }).status()).toEqual({
    ...running,
    daemonState: 'not loaded',
    pid: null,
    problems: [
      {
        code: 'service-stopped',
        message: 'The service is stopped; the first command that needs the daemon starts it.',
        hint: 'rolecall daemon start',
      },
    ],
  });
});

test('uninstall removes the agent, and succeeds if there is none', async () => {
  const mac = createMac();
  await mac.install(stopDaemon);
  expect(await mac.uninstall()).toEqual([file]);
  expect(existsSync(file)).toBe(false);
  expect(await mac.uninstall()).toEqual([]);
});

test('repair moves it to this installation, for the next client to load', async () => {
  const mac = createMac();
  await mac.repair();
  expect(told).toEqual([`launchctl bootout ${TARGET}`]);
  expect(readFileSync(file, 'utf8')).toContain(`<string>${process.execPath}</string>`);
});

describe('the agent of an older version, under its earlier label', () => {
  const EARLIER = 'gui/501/rolecall.daemon';
  let earlierFile: string;
  beforeEach(() => {
    earlierFile = join(dirname(file), 'rolecall.daemon.plist');
    const command = [process.execPath, join(home.path, 'rolecall', 'dist', 'daemon', 'main.js')];
    const list = command.map((word) => `<string>${word}</string>`).join('');
    mkdirSync(dirname(command[1] ?? ''), { recursive: true });
    writeFileSync(command[1] ?? '', '');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(earlierFile, `<key>ProgramArguments</key><array>${list}</array>`);
  });
  const agents = () => readdirSync(dirname(file));

  test('is unloaded and replaced by an install', async () => {
    expect(await createMac().install(stopDaemon)).toEqual({ files: [file], variables: [] });
    expect(told).toEqual([
      'stop the daemon',
      `launchctl bootout ${TARGET}`,
      `launchctl bootout ${EARLIER}`,
      `launchctl bootstrap gui/501 ${file}`,
    ]);
    expect(agents()).toEqual([basename(file)]);
  });

  test('is replaced by the repair that the first command after an upgrade does', async () => {
    await createMac().repair();
    expect(told).toEqual([`launchctl bootout ${TARGET}`, `launchctl bootout ${EARLIER}`]);
    expect(agents()).toEqual([basename(file)]);
  });

  test('is shown as out of date until then', async () => {
    const { installed, files, problems } = await createMac().status();
    expect({ installed, files, problems }).toEqual({
      installed: true,
      files: [earlierFile],
      problems: [
        {
          code: 'service-broken',
          message: 'The service is out of date: an older rolecall wrote its agent.',
          hint: 'rolecall service install',
        },
      ],
    });
    expect(told).toEqual([`launchctl print ${EARLIER}`]);
  });

  test('still restarts, stops and goes with an uninstall', async () => {
    const mac = createMac();
    await mac.restart();
    await mac.stop();
    expect(await mac.uninstall()).toEqual([earlierFile]);
    expect(told).toEqual([
      `launchctl bootstrap gui/501 ${earlierFile}`,
      `launchctl kickstart -k ${EARLIER}`,
      ...[1, 2].flatMap(() => [`launchctl bootout ${TARGET}`, `launchctl bootout ${EARLIER}`]),
    ]);
    expect(agents()).toEqual([]);
  });
});
