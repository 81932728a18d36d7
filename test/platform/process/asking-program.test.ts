// Which program asks, by what /proc says about the process at the other end and its parents.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findAskingProgram } from '../../../src/platform/process/asking-program.ts';
import { describeProcess } from '../../../src/platform/process/describe-process.ts';
import { readClaimedProgram } from '../../../src/platform/process/process-table.ts';
import { createSocketOwnerLookup } from '../../../src/platform/process/socket-owner.ts';
import { writeProc, type ProcFile } from '../../helpers/proc-folder.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
let procPath: string;
let helper: string;
let client: string;
beforeEach(() => {
  home = createTemporaryHome();
  procPath = join(home.path, 'proc');
  mkdirSync(procPath);
  helper = join(home.path, 'rolecall-credential-process');
  client = join(home.path, 'main.js');
  for (const path of [helper, client, join(home.path, 'deploy.py')]) writeFileSync(path, '');
});
afterEach(() => home.remove());

const BASH: ProcFile = { executable: '/usr/bin/bash', words: ['-bash'], parentId: 1 };
const find = (processId: number, { isVerified = true } = {}) =>
  findAskingProgram(processId, { ownFiles: new Set([helper, client]), isVerified, procPath });

describe('a process', () => {
  test('is described by its program, script, folder, terminal and session', async () => {
    writeProc(procPath, {
      20: {
        parentId: 10,
        startedAtTicks: 4711,
        name: 'a) S 1 (b',
        sessionId: 10,
        terminal: 136 * 256 + 3,
        executable: '/usr/bin/python3.13',
        workingDirectory: home.path,
        words: ['python3', '-u', '-W', 'ignore', 'deploy.py', '--token', 'secret'],
        environment: { HOME: '/root', CLAUDECODE: '1' },
      },
    });
    expect(await describeProcess(20, procPath)).toEqual({
      processId: 20,
      startedAtTicks: '4711',
      parentId: 10,
      executable: '/usr/bin/python3.13',
      script: join(home.path, 'deploy.py'),
      workingDirectory: home.path,
      terminal: '/dev/pts/3',
      sessionId: 10,
      agent: 'Claude Code',
      isShellCommand: false,
    });
  });

  test.each([
    ['an argument that is no file', ['python3', 'secret-token'], null],
    ['code', ['python3', '-c', 'import boto3', 'deploy.py'], null],
    ['a module', ['python3', '-m', 'awscli', 's3', 'ls'], '-m awscli'],
    ['a module with a name that is none', ['python3', '-m', 'x y\n'], null],
    ['nothing', ['python3'], null],
  ])('shows no argument but the script: %s', async (_what, words, script) => {
    writeProc(procPath, { 20: { executable: '/usr/bin/python3', workingDirectory: home.path, words } });
    expect((await describeProcess(20, procPath))?.script).toBe(script);
  });

  test.each([
    [0, null],
    [136 * 256 + 3, '/dev/pts/3'],
    [137 * 256 + 4, '/dev/pts/260'],
    [4 * 256 + 2, '/dev/tty2'],
    [4 * 256 + 64, '/dev/ttyS0'],
    [5 * 256 + 1, null],
  ])('has the terminal of device %i: %s', async (terminal, name) => {
    writeProc(procPath, { 20: { terminal } });
    expect((await describeProcess(20, procPath))?.terminal).toBe(name);
  });

  test('of another user has only a name; one that has ended, or a zombie, is not there', async () => {
    writeProc(procPath, { 20: { name: 'sudo' }, 30: { state: 'Z' } });
    expect(await describeProcess(20, procPath)).toMatchObject({ executable: '[sudo]', workingDirectory: null });
    expect(await describeProcess(30, procPath)).toBeUndefined();
    expect(await describeProcess(40, procPath)).toBeUndefined();
  });

  test('whose program was upgraded meanwhile keeps its path', async () => {
    writeProc(procPath, { 20: { executable: '/usr/bin/node (deleted)', words: ['node', client] } });
    expect(await describeProcess(20, procPath)).toMatchObject({ executable: '/usr/bin/node', script: client });
  });
});

describe('the asking program', () => {
  test('is what started the credential_process: curl, the script and the shell of the SDK are left out', async () => {
    writeProc(procPath, {
      10: BASH,
      20: { parentId: 10, executable: '/usr/bin/terraform', words: ['terraform', 'apply'], workingDirectory: '/srv' },
      30: { parentId: 20, executable: '/usr/bin/dash', words: ['sh', '-c', `${helper} --role x`] },
      40: { parentId: 30, executable: '/usr/bin/dash', words: ['/bin/sh', helper, '--role', 'x'] },
      50: { parentId: 40, executable: '/usr/bin/curl', words: ['curl', '-q'] },
    });
    const terraform = {
      processId: 20,
      startedAtTicks: '100',
      executable: '/usr/bin/terraform',
      script: null,
      workingDirectory: '/srv',
      terminal: null,
      sessionId: 7,
      parents: [{ processId: 10, startedAtTicks: '100', executable: '/usr/bin/bash' }],
      agent: null,
      isVerified: true,
    };
    expect(await find(50)).toEqual(terraform);
    // The script names its parent, and that is not verified.
    expect(await find(30, { isVerified: false })).toEqual({ ...terraform, isVerified: false });
  });

  test('is what called the Node client, and the agent that started it is found above', async () => {
    writeProc(procPath, {
      10: { executable: '/usr/bin/node', words: ['node', '/opt/agent.js'] },
      20: {
        parentId: 10,
        executable: '/usr/bin/bash',
        words: ['bash', '-lc', 'rolecall env prod'],
        environment: { CLAUDECODE: '1' },
      },
      30: { parentId: 20, executable: '/usr/bin/node', words: ['node', client, 'env', 'prod'] },
    });
    expect(await find(30)).toMatchObject({ processId: 10, executable: '/usr/bin/node', agent: 'Claude Code' });
  });

  test('that connects itself is the one, also if it is curl or a shell', async () => {
    writeProc(procPath, {
      10: BASH,
      20: { parentId: 10, executable: '/usr/bin/curl', words: ['curl', '--unix-socket', 'x'] },
      30: { parentId: 10, executable: '/usr/bin/bash', words: ['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/1'] },
    });
    expect(await find(20)).toMatchObject({ processId: 20, executable: '/usr/bin/curl' });
    expect(await find(30)).toMatchObject({ processId: 30, executable: '/usr/bin/bash' });
  });

  test('is not hidden by a script of another file with the name of ours', async () => {
    const stranger = join(home.path, 'tmp', 'rolecall-credential-process');
    writeFileSync(stranger, '');
    writeProc(procPath, {
      10: BASH,
      20: { parentId: 10, executable: '/usr/bin/dash', words: ['sh', stranger] },
      30: { parentId: 20, executable: '/usr/bin/curl', words: ['curl'] },
    });
    expect(await find(30)).toMatchObject({ processId: 30 });
    expect(await find(20)).toMatchObject({ processId: 20, script: stranger });
  });

  test('is our own part if nothing is above it, as when a timer of systemd starts it', async () => {
    writeProc(procPath, {
      1: { parentId: 0, executable: '/usr/lib/systemd/systemd' },
      30: { parentId: 1, executable: '/usr/bin/node', words: ['node', client, 'env', 'prod'] },
    });
    expect(await find(30)).toMatchObject({ processId: 30, script: client });
  });

  test('has no parent that is younger than it, whose id was used before by its parent', async () => {
    writeProc(procPath, {
      20: { startedAtTicks: 900, executable: '/usr/bin/firefox' },
      30: { parentId: 20, startedAtTicks: 500, executable: '/usr/bin/aws' },
    });
    expect(await find(30)).toMatchObject({ executable: '/usr/bin/aws', parents: [] });
  });

  test('has at most eight parents, and none if it has ended', async () => {
    writeProc(
      procPath,
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [index + 1, { parentId: index, executable: '/x' }])),
    );
    const found = await find(30);
    expect(found?.parents.map(({ processId }) => processId)).toEqual([29, 28, 27, 26, 25, 24, 23, 22]);
    expect(await find(99)).toBeUndefined();
  });
});

test('a claim on a system without /proc is looked up in the list of ps, and never verified', () => {
  const table = `    1     0 ??       /sbin/launchd
  400     1 ttys003  -zsh
  512   400 ttys003  /Applications/My Tool.app/Contents/MacOS/tool
`;
  expect(readClaimedProgram(table, 512)).toEqual({
    processId: 512,
    startedAtTicks: undefined,
    executable: '/Applications/My Tool.app/Contents/MacOS/tool',
    script: null,
    workingDirectory: null,
    terminal: '/dev/ttys003',
    sessionId: null,
    parents: [
      { processId: 400, startedAtTicks: undefined, executable: '-zsh' },
      { processId: 1, startedAtTicks: undefined, executable: '/sbin/launchd' },
    ],
    agent: null,
    isVerified: false,
  });
  expect(readClaimedProgram(table, 600)).toBeUndefined();
});

test('the owner of a socket is found by its inode, for many that ask at once', async () => {
  writeProc(procPath, { 20: { sockets: [4711, 4712] }, 30: { sockets: [4713] }, 40: {} });
  const findOwner = createSocketOwnerLookup(procPath);
  expect(await Promise.all(['4711', '4713', '4712', '4799'].map(findOwner))).toEqual([20, 30, 20, undefined]);
  expect(await findOwner('4713')).toBe(30);
});
