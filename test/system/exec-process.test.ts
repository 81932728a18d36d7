// `rolecall exec` as a real process: status, signals, streams and background jobs as without it, and a dead URL afterwards.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRig, type Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  writeFileSync(join(rig.home.path, 'rolecall'), `#!/bin/sh\nexec ${process.execPath} ${ROLECALL} "$@"\n`, {
    mode: 0o755,
  });
});
afterAll(() => rig.remove());

/** A script of a person's, in which `rolecall` is this checkout's and `$P` a profile. */
const script = (text: string, shell = '/bin/bash') =>
  runProcess(shell, ['-c', text], { environment: { ...rig.environment, ...namesForScripts() }, cwd: rig.home.path });
const namesForScripts = () => ({
  PATH: `${rig.home.path}:${rig.environment['PATH'] ?? ''}`,
  P: PROFILE,
});
const read = (name: string) => readFileSync(join(rig.home.path, name), 'utf8');

describe('the exit status', () => {
  test.each([
    ['exit 0', 0],
    ['exit 37', 37],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['kill -INT $$', 130],
  ])('of sh -c %j is %i', async (line, code) => {
    const { stdout } = await script(`rolecall exec $P -- sh -c '${line}'; echo "status $?"`);
    expect(stdout).toBe(`status ${code}\n`);
  });

  test('of what is not there is 127, of what is no program 126, each with one sentence', async () => {
    expect(await script('rolecall exec $P -- nosuch')).toEqual({
      exitCode: 127,
      stdout: '',
      stderr: 'rolecall: "nosuch" was not found in your PATH.\nRun: type nosuch || echo "$PATH"\n',
    });
    expect(await script('rolecall exec $P -- /etc/hostname')).toMatchObject({ exitCode: 126, stdout: '' });
  });
});

describe('streams', () => {
  test('are those of the caller: a pipe in, a pipe out that is closed early, both kinds of output', async () => {
    expect(await script('printf "one\\ntwo\\n" | rolecall exec $P -- grep -c o')).toMatchObject({ stdout: '2\n' });
    expect(await script('rolecall exec $P -- sh -c "echo out; echo err >&2"')).toEqual({
      exitCode: 0,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    // A program that ignored SIGPIPE, as Node does, would complain here.
    expect(await script('rolecall exec $P -- yes | head -n 1')).toEqual({
      exitCode: 0,
      stdout: 'y\n',
      stderr: '',
    });
  });

  test('of a megabyte arrive whole, for nobody made them non-blocking', async () => {
    // The readers start late, so that the pipes are full and a non-blocking write would fail.
    const line = 'head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2';
    const { stdout, stderr } = await script(
      `rolecall exec $P -- sh -c '${line}' 2> >(sleep 0.2; wc -c >&2) | (sleep 0.2; wc -c); wait`,
    );
    expect([stdout.trim(), stderr.trim()]).toEqual(['1000000', '1000000']);
  });

  test('named by descriptor, as process substitution does, are open', async () => {
    expect(await script('rolecall exec $P -- cat <(echo one) <(echo two)')).toMatchObject({ stdout: 'one\ntwo\n' });
    expect(await script('rolecall exec $P -- cat /dev/fd/7 7<<< seven')).toMatchObject({ stdout: 'seven\n' });
  });
});

test('the argument list and the environment are the caller’s, byte for byte', async () => {
  const print = 'console.log(JSON.stringify([process.argv.slice(1), process.env.ODD, process.env["a.b"]]))';
  const odd = ' $(id) `id` \'"\\ \n%s';
  const { stdout } = await runProcess(
    '/usr/bin/env',
    ['a.b=dot', process.execPath, ROLECALL, 'exec', PROFILE, '--', 'node', '-e', print, odd, '', '--', '-x'],
    { environment: { ...rig.environment, ODD: odd } },
  );
  expect(JSON.parse(stdout)).toEqual([[odd, '', '--', '-x'], odd, 'dot']);
});

describe('signals', () => {
  /** A running exec whose program writes its process id and what it traps. */
  async function start(name: string) {
    const pidFile = join(rig.home.path, `${name}.pid`);
    const program = `trap 'echo got >> ${name}.got; exit 11' ${name}; echo $$ > ${name}.part; env > ${name}.env; mv ${name}.part ${pidFile}; while :; do sleep 0.05; done`;
    const child = spawn(process.execPath, [ROLECALL, 'exec', PROFILE, '--', 'sh', '-c', program], {
      env: rig.environment,
      cwd: rig.home.path,
      stdio: 'ignore',
    });
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
    const programId = Number(await waitFor('the program to start', () => existsSync(pidFile) && read(`${name}.pid`)));
    return { child, ended, programId, environment: parseEnvironment(read(`${name}.env`)) };
  }

  test.each(['TERM', 'HUP', 'USR1', 'INT'] as const)('%s to rolecall reaches the program once', async (name) => {
    const { child, ended } = await start(name);
    child.kill(`SIG${name}`);
    expect(await ended).toBe(11);
    expect(read(`${name}.got`)).toBe('got\n');
  });

  test('kill -9 of rolecall: the grant ends with it, whatever the program does', async () => {
    const { child, ended, programId, environment } = await start('QUIT');
    expect(await askDoor(environment)).toBe(200);
    child.kill('SIGKILL');
    await ended;
    expect(await askDoor(environment)).toBe(401);
    try {
      process.kill(programId, 'SIGKILL');
    } catch (error) {
      // Where Node can replace itself, the two are one process.
      expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
    }
  });
});

test('a job in the background is one: wait gives its status, and it may be ended by its id', async () => {
  const { stdout } = await script(
    'rolecall exec $P -- sh -c "exit 37" & wait $!; echo "status $?"; ' +
      'rolecall exec $P -- sh -c "touch running; exec sleep 100" & ' +
      'until [ -e running ]; do sleep 0.05; done; kill $!; wait $!; echo "status $?"',
  );
  expect(stdout).toBe('status 37\nstatus 143\n');
});

test('after the program has ended its URL is dead and its files are gone', async () => {
  await script(
    'rolecall exec $P --token-file -- sh -c "env > after.env; cp \\$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE token"',
  );
  const environment = parseEnvironment(read('after.env'));
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file = '' } = environment;
  expect(await askDoor({ ...environment, AWS_CONTAINER_AUTHORIZATION_TOKEN: read('token') })).toBe(401);
  // At once where this process is a child's parent, else with the daemon's next sweep.
  await waitFor('the grant’s folder to go', () => !existsSync(dirname(file)), { deadlineMs: 50_000 });
}, 120_000);

test('an exec inside another one is the inner role', async () => {
  const ask =
    'fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI, { headers: { authorization: process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN } })' +
    '.then(async (answer) => console.log(process.env.ROLECALL_PROFILE + "\\n" + (await answer.text())))';
  const { stdout } = await script(`rolecall exec $P -- rolecall exec professional-af.ReadOnly -- node -e '${ask}'`);
  const [name, document] = stdout.split(/\n(.*)/s);
  expect(name).toBe('professional-af.ReadOnly');
  expect(JSON.parse(document ?? '')).toMatchObject({ AccountId: '222222222222' });
});

test('a long run outlives its daemon: the next one answers at the same URL, and no passphrase is in the program', async () => {
  const lasting = await createRig({
    environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'open sesame' },
  });
  const ready = join(lasting.home.path, 'ready');
  const go = join(lasting.home.path, 'go');
  try {
    await lasting.runCli(['login']);
    const program = `env > part; mv part ${ready}; until [ -e ${go} ]; do sleep 0.05; done; exit 4`;
    const running = runProcess(process.execPath, [ROLECALL, 'exec', PROFILE, '--', 'sh', '-c', program], {
      environment: lasting.environment,
      cwd: lasting.home.path,
    });
    await waitFor('the program to start', () => existsSync(ready));
    const environment = parseEnvironment(readFileSync(ready, 'utf8'));
    expect(JSON.stringify(environment)).not.toContain('sesame');
    expect(await askDoor(environment)).toBe(200);
    await lasting.restartDaemon();
    expect(await askDoor(environment)).toBe(200);
    writeFileSync(go, '');
    expect(await running).toMatchObject({ exitCode: 4, stderr: '' });
    expect(await askDoor(environment)).toBe(401);
  } finally {
    await lasting.remove();
  }
});

test('env is what a shell evaluates, dotenv and JSON what programs read', async () => {
  const show = 'echo "${AWS_ACCESS_KEY_ID:0:4} $AWS_REGION ${AWS_PROFILE-none}"';
  const environment = 'export AWS_PROFILE=other; ';
  expect(await script(`${environment}eval "$(rolecall env $P)"; ${show}`)).toMatchObject({
    stdout: 'ASIA us-east-1 none\n',
  });
  const { stdout: dotenv } = await script('rolecall env $P --shell dotenv');
  const { stdout: json } = await script('rolecall env $P --shell json');
  expect(parseEnvironment(dotenv)).toEqual(JSON.parse(json));
});

function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

async function askDoor(environment: Readonly<Record<string, string>>): Promise<number> {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url = '', AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization = '' } =
    environment;
  return (await fetch(url, { headers: { authorization } })).status;
}
