// `rolecall-credential-process` as SDKs run it: a real shell, the real curl, hostile surroundings, and Node when it has to be.
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canSeeProcesses, processesOf } from '../helpers/processes.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';

const SHELLS = ['/bin/sh', '/bin/dash', '/bin/bash', '/bin/busybox'] as const;
const SYSTEM_SOCKET = `/run/user/${process.getuid?.()}/rolecall/daemon.sock`;
const hasCurl = systemPart('curl', '/usr/bin/curl');
const ACCOUNT = '111111111111';
const ROLE = 'Admin-AF-Permission-Set';
const SELECTORS = ['--session', SESSION, '--account', ACCOUNT, '--role', ROLE];

let rig: Rig;

/** One run of the script in `/bin/sh`, or in another shell or at another path. */
function run(
  args: readonly string[],
  options: { environment?: Readonly<Record<string, string>>; shell?: string; script?: string; cwd?: string } = {},
): Promise<ProcessRun> {
  const {
    shell = '/bin/sh',
    script = CREDENTIAL_PROCESS,
    environment = rig.environment,
    cwd = rig.home.path,
  } = options;
  const applet = shell.endsWith('busybox') ? ['sh'] : [];
  return runProcess(shell, [...applet, script, ...args], { environment, cwd });
}

function without(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(rig.environment).filter(([key]) => key !== name));
}

/** A folder for PATH with these programs of ours in it, each a shell script. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(rig.home.path, 'stub-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return folder;
}

/** What the script needs besides curl. */
function pathWithoutCurl(): string {
  const folder = mkdtempSync(join(rig.home.path, 'bare-'));
  for (const program of ['id', 'readlink']) symlinkSync(`/usr/bin/${program}`, join(folder, program));
  symlinkSync(process.execPath, join(folder, 'node'));
  return folder;
}

const DOCUMENT = {
  Version: 1,
  AccessKeyId: expect.stringMatching(/^ASIA/),
  SecretAccessKey: expect.any(String),
  SessionToken: expect.any(String),
  Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  AccountId: ACCOUNT,
};

function expectDocument({ exitCode, stdout, stderr }: ProcessRun): void {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual(DOCUMENT);
  expect(stdout.endsWith('}\n')).toBe(true);
}

const FILE_STORE = { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' };

beforeEach(async () => {
  rig = await createRig({ environment: FILE_STORE });
  await rig.runCli(['login']);
});
afterEach(async () => {
  await rig.daemon().stop();
  // Most tests have started none.
  if (!canSeeProcesses || processesOf(rig.home.path).length > 0) {
    await runRolecall(['daemon', 'stop'], { environment: rig.environment });
  }
  await rig.remove();
});

describe.skipIf(!hasCurl)('with curl and a daemon', () => {
  for (const shell of SHELLS) {
    test.skipIf(!existsSync(shell))(`${shell} prints the document and nothing else`, async () => {
      expectDocument(await run(SELECTORS, { shell }));
      const current = { session: SESSION, accountId: ACCOUNT, permissionSet: ROLE, profile: null };
      await rig.client.call('setCurrent', { body: current });
      expectDocument(await run(['--current'], { shell }));
    });
  }

  test('every class of error has its exit code, the same words as the Node client, and nothing on stdout', async () => {
    const cases: [exitCode: number, args: string[], prepare?: () => unknown][] = [
      [2, ['--session', SESSION, '--account', '999', '--role', ROLE]],
      [5, ['--session', SESSION, '--account', ACCOUNT, '--role', 'ReadOnly']],
      [6, ['--session', 'nosuch', '--account', ACCOUNT, '--role', ROLE]],
      [6, ['--current']],
      [
        1,
        ['--session', SESSION, '--account', '333333333333', '--role', 'ReadOnly'],
        () => rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'html' }),
      ],
      [
        7,
        ['--session', SESSION, '--account', '044444444444', '--role', 'ReadOnly'],
        () => rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'throttle' }),
      ],
      [5, SELECTORS, () => rig.runCli(['lock'])],
      [4, SELECTORS, () => rig.runCli(['unlock']).then(() => rig.runCli(['logout']))],
    ];
    for (const [exitCode, args, prepare] of cases) {
      rig.emulator.clearFaults();
      await prepare?.();
      const answer = await run(args);
      expect({ args, exitCode: answer.exitCode, stdout: answer.stdout }).toEqual({ args, exitCode, stdout: '' });
      expect(answer.stderr).toMatch(/^rolecall: \S.* \[[a-z-]+\]\nRun: \S.*\n$/);
      expect(await rig.runCli(['credential-process', ...args])).toEqual(answer);
    }
  });

  test('selectors are data: nothing is run, read or added to the question, with curl or without', async () => {
    const values = [
      '$(touch x)',
      '`touch x`',
      "'; touch x; '",
      '"; touch x; "',
      'a\nb',
      '%0a',
      `${SESSION}\n`,
      `${SESSION}%0a`,
      `${SESSION}&role=ReadOnly`,
      `${SESSION} `,
      '../../etc/passwd',
      '@/etc/passwd',
      '-K/etc/passwd',
      '--output=x',
      '--current',
      '*',
      'ünïcödé 🚀',
    ];
    const withoutCurl = { ...rig.environment, PATH: pathWithoutCurl() };
    for (const value of values) {
      const placements = [
        ['--session', value, '--account', ACCOUNT, '--role', ROLE],
        ['--session', SESSION, '--account', value, '--role', ROLE],
        ['--session', SESSION, '--account', ACCOUNT, '--role', value],
      ];
      const runs = await Promise.all(placements.map((args) => run(args)));
      expect({ value, stdout: runs.map(({ stdout }) => stdout) }).toEqual({ value, stdout: ['', '', ''] });
      expect({ value, exitCodes: runs.map(({ exitCode }) => exitCode) }).toEqual({
        value,
        // Some of them could be the name of a permission set, which then is not assigned.
        exitCodes: [value.includes('\n') ? 2 : 6, 2, /^[\w+=,.@-]{1,32}$/.test(value) ? 5 : 2],
      });
      expect(await run(placements[0] ?? [], { environment: withoutCurl })).toEqual(runs[0]);
    }
    expect(existsSync(join(rig.home.path, 'x'))).toBe(false);
  });

  test('what is missing, doubled or unknown is a usage error that asks nobody', async () => {
    const usage = {
      exitCode: 2,
      stdout: '',
      stderr:
        'rolecall: usage: rolecall-credential-process --session S --account A --role R | --current [usage]\nRun: rolecall profiles sync\n',
    };
    for (const args of [
      [],
      ['--session', SESSION],
      ['--session', '', '--account', ACCOUNT, '--role', ROLE],
      ['--session'],
      [...SELECTORS, '--current'],
      [...SELECTORS, 'extra'],
      ['--frobnicate', 'x'],
    ]) {
      expect(await run(args)).toEqual(usage);
    }
  });

  test('a .curlrc and proxies are not for this', async () => {
    writeFileSync(join(rig.home.path, '.curlrc'), `proxy = http://127.0.0.1:9\noutput = ${join(rig.home.path, 'x')}\n`);
    const proxy = 'http://127.0.0.1:9';
    const environment = {
      ...rig.environment,
      CURL_HOME: rig.home.path,
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      ALL_PROXY: proxy,
      all_proxy: proxy,
    };
    expectDocument(await run(SELECTORS, { environment }));
    expect(existsSync(join(rig.home.path, 'x'))).toBe(false);
  });

  // A daemon of the developer's would be found there first, as it should.
  test.skipIf(existsSync(SYSTEM_SOCKET))('a caller without XDG_RUNTIME_DIR finds the same daemon', async () => {
    const [here, there] = [await run(SELECTORS), await run(SELECTORS, { environment: without('XDG_RUNTIME_DIR') })];
    expectDocument(there);
    expect(there.stdout).toBe(here.stdout);
    expect(rig.emulator.countCalls('GetRoleCredentials')).toBe(1);
  });

  test('ROLECALL_SOCKET is the only socket that is asked', async () => {
    const environment = { ...rig.environment, ROLECALL_SOCKET: rig.paths.socketPath, XDG_RUNTIME_DIR: '/nowhere' };
    expectDocument(await run(SELECTORS, { environment }));
    const nowhere = {
      ...rig.environment,
      ROLECALL_SOCKET: join(rig.home.path, 'none.sock'),
      ROLECALL_NO_AUTOSTART: '1',
    };
    expect(await run(SELECTORS, { environment: nowhere })).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: 'rolecall: The rolecall daemon is not running. [daemon-not-running]\nRun: rolecall daemon start\n',
    });
  });

  test("curl's arguments hold no secret, and the answer to each way it can fail is told apart", async () => {
    const seen = join(rig.home.path, 'argv');
    const stub = pathWith({
      curl: `printf '%s\\n' "$@" >>'${seen}'; [ "$CURL_EXIT" = 0 ] && exec /usr/bin/curl "$@"; exit "$CURL_EXIT"`,
    });
    const answerTo = (exit: string) =>
      run(SELECTORS, {
        environment: { ...rig.environment, PATH: `${stub}:${rig.environment['PATH']}`, CURL_EXIT: exit },
      });
    const whole = await answerTo('0');
    expectDocument(whole);
    // One argument a line.
    expect(readFileSync(seen, 'utf8')).toBe(
      `-q\n--noproxy\n*\n-s\n--unix-socket\n${rig.paths.socketPath}\n--connect-timeout\n2\n--max-time\n55\n` +
        `-H\nAccept: text/plain\n-H\nPrefer: wait=55\n-H\nX-Rolecall-Process: ${process.pid}\n-w\n\\n%{http_code} %{time_total}\n-G\n` +
        `--data-urlencode\nsession=${SESSION}\n--data-urlencode\naccount=${ACCOUNT}\n--data-urlencode\nrole=${ROLE}\n` +
        'http://localhost/v1/credentials\n',
    );

    expect(await answerTo('28')).toEqual({
      exitCode: 7,
      stdout: '',
      stderr: 'rolecall: The daemon did not answer in time. [daemon-not-answering]\nRun: rolecall status\n',
    });
    for (const exit of ['52', '56', '3']) {
      expect(await answerTo(exit)).toEqual({
        exitCode: 3,
        stdout: '',
        stderr: `rolecall: The daemon closed the connection before it answered (curl ${exit}). [daemon-not-answering]\nRun: rolecall daemon restart\n`,
      });
    }
    // Nobody there, no curl, or one that cannot ask: Node asks, and finds the daemon after all.
    for (const exit of ['7', '126', '127', '1', '2', '4', '6']) {
      expect({ exit, stdout: (await answerTo(exit)).stdout }).toEqual({ exit, stdout: whole.stdout });
    }
  });

  test.each(['18', '52', '55', '56'])(
    'an answer that was broken off (curl %s) is asked for once more',
    async (exit) => {
      const seen = join(rig.home.path, 'argv');
      const breaksOff = (seconds: string) =>
        `if [ ! -e '${seen}' ]; then echo "$*" >'${seen}'; printf '\\n000 ${seconds}'; exit ${exit}; fi; echo "$*" >>'${seen}'`;
      const answerAfter = (seconds: string) =>
        run(SELECTORS, {
          environment: {
            ...rig.environment,
            PATH: `${pathWith({ curl: `${breaksOff(seconds)}; exec /usr/bin/curl "$@"` })}:${rig.environment['PATH']}`,
          },
        });
      // Where a comma is the decimal sign, an old curl writes one.
      for (const [seconds, left] of [
        ['12.345678', '42'],
        ['47,9', '7'],
      ] as const) {
        expectDocument(await answerAfter(seconds));
        const deadlines = [...readFileSync(seen, 'utf8').matchAll(/--max-time (\d+) .*wait=(\d+)/g)];
        expect(deadlines.map(([, most, wait]) => [most, wait])).toEqual([
          ['55', '55'],
          [left, left],
        ]);
        rmSync(seen);
      }

      // Should nobody listen any more, there would be no time left for those who are asked then.
      expect(await answerAfter('48.1')).toEqual({
        exitCode: 3,
        stdout: '',
        stderr: `rolecall: The daemon closed the connection before it answered (curl ${exit}). [daemon-not-answering]\nRun: rolecall daemon restart\n`,
      });
    },
  );

  test('daemon after daemon that breaks off its answer is followed by the next, up to five times', async () => {
    const seen = join(rig.home.path, 'argv');
    const answerAfter = (times: number) =>
      run(SELECTORS, {
        environment: {
          ...rig.environment,
          PATH: `${pathWith({
            curl: `echo >>'${seen}'; [ $(wc -l <'${seen}') -gt ${times} ] && exec /usr/bin/curl "$@"; printf '\n000 0.1'; exit 52`,
          })}:${rig.environment['PATH']}`,
        },
      });
    expectDocument(await answerAfter(5));
    rmSync(seen);
    expect(await answerAfter(6)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('closed the connection before it answered'),
    });
    expect(readFileSync(seen, 'utf8')).toBe('\n'.repeat(6));
  });

  test('the deadline shrinks with each try and is handed on to Node', async () => {
    await rig.daemon().stop();
    const stale = createServer();
    const original = join(rig.home.path, 'stale.sock');
    await new Promise<void>((resolve) => stale.listen(original, resolve));
    mkdirSync(dirname(rig.paths.socketPath), { recursive: true, mode: 0o700 });
    const [first = '', second = ''] = rig.paths.socketCandidates;
    mkdirSync(dirname(second), { recursive: true, mode: 0o700 });
    for (const path of [first, second]) linkSync(original, path);
    await new Promise((resolve) => stale.close(resolve));
    const seen = join(rig.home.path, 'argv');
    const stub = pathWith({
      curl: `printf '%s\\n' "$*" >>'${seen}'; exec /usr/bin/curl "$@"`,
      node: `printf '%s\\n' "$*" >>'${seen}'; echo from-node`,
    });
    const { stdout } = await run(SELECTORS, {
      environment: { ...rig.environment, PATH: `${stub}:${rig.environment['PATH']}` },
    });
    expect(stdout).toBe('from-node\n');
    const lines = readFileSync(seen, 'utf8').trim().split('\n');
    expect(lines.map((line) => /--max-time (\d+)|--deadline-seconds (\d+)/.exec(line)?.slice(1).join(''))).toEqual([
      '55',
      '53',
      '51',
    ]);
    expect(lines[2]).toMatch(/dist\/cli\/main\.js credential-process --deadline-seconds 51 --session /);
  });
});

describe('without a daemon', () => {
  test('Node starts one, which needs no new sign-in', async () => {
    await rig.daemon().stop();
    expectDocument(await run(SELECTORS));
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    expectDocument(await run(SELECTORS, { environment: { ...rig.environment, PATH: pathWithoutCurl() } }));
  });

  test('the copy that profiles name works without node on PATH, and with nothing on it', async () => {
    await rig.daemon().stop();
    const script = rig.paths.credentialProcessPath;
    expectDocument(await run(SELECTORS, { script, environment: { ...rig.environment, PATH: '/usr/bin:/bin' } }));
    await runRolecall(['daemon', 'stop'], { environment: rig.environment });
    expectDocument(await run(SELECTORS, { script, environment: { ...rig.environment, PATH: '/nowhere' } }));
    expectDocument(await run(SELECTORS, { script, environment: { ...rig.environment, PATH: '/nowhere' } }));
  });

  test('a copy whose Node is gone says so', async () => {
    await rig.daemon().stop();
    const script = join(rig.home.path, 'copy');
    const text = readFileSync(rig.paths.credentialProcessPath, 'utf8').replace(/^node=.*$/m, "node='/gone/node'");
    writeFileSync(script, text);
    chmodSync(script, 0o700);
    expect(await run(SELECTORS, { script })).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'rolecall: The daemon is not running, and /gone/node, which would start it, no longer exists. [daemon-not-running]\nRun: rolecall daemon start\n',
    });
  });
});

test('a home with a space and a quote in its path: the line of the profile works in a shell', async () => {
  const parent = mkdtempSync(join(tmpdir(), "it's a "));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = parent;
  const spacious = await createRig({ environment: FILE_STORE }).finally(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  try {
    await spacious.runCli(['login']);
    const config = readFileSync(spacious.configPath, 'utf8');
    const line = /\[profile taylor\.[^[]*?credential_process = (.*)\n/.exec(config)?.[1] ?? '';
    const { environment } = spacious;
    expectDocument(await runProcess('/bin/sh', ['-c', line], { environment }));
    await spacious.daemon().stop();
    expectDocument(await runProcess('/bin/sh', ['-c', line], { environment }));
    await runRolecall(['daemon', 'stop'], { environment });
  } finally {
    await spacious.remove();
    rmSync(parent, { recursive: true, force: true });
  }
});
