// `rolecall emulator` in-process: its arguments, what it prints, how it ends and how it fails.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runEmulatorCommand } from '../../src/emulator/command.ts';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { call, startEmulator } from './start.ts';

function run(args: readonly string[]) {
  let out = '';
  let error = '';
  let stop = () => {};
  const untilStopped = new Promise<void>((resolve) => (stop = resolve));
  const exitCode = runEmulatorCommand({
    args,
    readFile: (path) => readFile(path, 'utf8'),
    writeOut: (text) => (out += text),
    writeError: (text) => (error += text),
    untilStopped,
  });
  return { exitCode, stop, out: () => out, error: () => error };
}

async function refusal(args: readonly string[]) {
  const running = run(args);
  return { exitCode: await running.exitCode, out: running.out(), error: running.error() };
}

function temporaryFolder(): string {
  const home = createTemporaryHome();
  onTestFinished(() => home.remove());
  return home.path;
}

describe('a start', () => {
  test('prints the environment, the sso-session and the pages, serves requests, and exits with 0', async () => {
    const running = run([]);
    const out = await waitFor('the welcome', running.out);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0] ?? '';
    const token = /^Control token: ([\w-]{32})$/m.exec(out)?.[1] ?? '';
    expect(out).toBe(`IAM Identity Center emulator on ${url}
Sign-ins wait for Allow or Deny in the browser.

Point AWS's tools to it:

export AWS_ENDPOINT_URL_SSO_OIDC=${url}
export AWS_ENDPOINT_URL_SSO=${url}
export AWS_ENDPOINT_URL_STS=${url}

Add this to ~/.aws/config:

[sso-session my-sso-session]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

Access portal: ${url}/start
Device page:   ${url}/device
Control token: ${token}
Users:         taylor, sam

Press Ctrl-C to stop.
`);
    expect((await call(`${url}/control/status`)).status).toBe(200);
    running.stop();
    expect(await running.exitCode).toBe(0);
    await expect(call(`${url}/control/status`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(running.error()).toBe('');
  });

  test('prints one line of JSON for programs, and approves automatically on request', async () => {
    const running = run(['--json', '--auto-approve', '--port', '0']);
    const out = await waitFor('the line', running.out);
    const printed = JSON.parse(out) as { url: string };
    const { url } = printed;
    expect(out.split('\n')).toEqual([expect.any(String), '']);
    expect(printed).toEqual({
      url,
      startUrl: 'https://d-1234567890.awsapps.com/start',
      region: 'us-east-1',
      portalUrl: `${url}/start`,
      deviceUrl: `${url}/device`,
      environment: {
        AWS_ENDPOINT_URL_SSO_OIDC: url,
        AWS_ENDPOINT_URL_SSO: url,
        AWS_ENDPOINT_URL_STS: url,
      },
      controlToken: expect.stringMatching(/^[\w-]{32}$/),
      user: 'taylor',
    });
    expect((await call(`${url}/control/knobs`)).json['autoApprove']).toBe(true);
    running.stop();
    expect(await running.exitCode).toBe(0);
  });

  test('loads a directory with its users from a file', async () => {
    const file = join(temporaryFolder(), 'team.json');
    const users = Array.from({ length: 10 }, (_, index) => ({ userName: `user-${index}` }));
    const directory = { ...createDefaultDirectory(), users, assignments: [], region: 'eu-central-1' };
    await writeFile(file, JSON.stringify(directory));
    const running = run(['--directory', file, '--auto-approve']);
    const out = await waitFor('the welcome', running.out);
    expect(out).toContain('Every sign-in is approved automatically, as user-0.');
    expect(out).toContain('sso_region = eu-central-1');
    expect(out).toContain('user-7, …\n');
    running.stop();
    expect(await running.exitCode).toBe(0);
  });

  test('starts with a directory without users', async () => {
    const file = join(temporaryFolder(), 'empty.json');
    await writeFile(file, JSON.stringify({ ...createDefaultDirectory(), users: [], assignments: [] }));
    for (const [flags, expected] of [
      [['--json'], '"user":null'],
      [['--auto-approve'], 'as nobody (the directory has no user).'],
    ] as const) {
      const running = run(['--directory', file, ...flags]);
      expect(await waitFor('the output', running.out)).toContain(expected);
      running.stop();
      expect(await running.exitCode).toBe(0);
    }
  });

  test.each([['--help'], ['-h']])('%s prints the usage', async (flag) => {
    const { exitCode, out, error } = await refusal([flag]);
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
    for (const option of ['--port N', '--directory FILE.json', '--auto-approve', '--json']) {
      expect(out).toContain(option);
    }
  });
});

describe('a failure prints one sentence and one command, and exits 2', () => {
  test('a port in use', async () => {
    const { url } = await startEmulator();
    const { port } = new URL(url);
    expect(await refusal(['--port', port])).toEqual({
      exitCode: 2,
      out: '',
      error: `Port ${port} of 127.0.0.1 is in use by another program.\n  rolecall emulator --port 0\n`,
    });
  });

  test.each<[readonly string[], string]>([
    [['--port', 'many'], '--port must be a number from 0 to 65535, not "many".\n  rolecall emulator --port 4000\n'],
    [['--port', '65536'], '--port must be a number from 0 to 65535, not "65536".\n  rolecall emulator --port 4000\n'],
    [['--port', '123456'], '--port must be a number from 0 to 65535, not "123456".\n  rolecall emulator --port 4000\n'],
    [['--colour'], "Unknown option '--colour'.\n  rolecall emulator --help\n"],
    [['--port'], "Option '--port <value>' argument missing.\n  rolecall emulator --help\n"],
    [['--json=yes'], "Option '--json' does not take an argument.\n  rolecall emulator --help\n"],
    [['team.json'], "Unexpected argument 'team.json'.\n  rolecall emulator --help\n"],
  ])('%j', async (args, error) => {
    expect(await refusal(args)).toEqual({ exitCode: 2, out: '', error });
  });

  test('a directory file that is missing, a folder, not JSON, or has an invalid field', async () => {
    const folder = temporaryFolder();
    const write = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const noJson = await write('none.json', '{"startUrl":');
    const wrong = await write(
      'wrong.json',
      JSON.stringify({ ...createDefaultDirectory(), accounts: [{ accountId: 'x' }] }),
    );
    const hint = '\n  rolecall emulator --help\n';
    const errorOf = async (path: string) => (await refusal(['--directory', path])).error;
    expect(await errorOf('/nonexistent/team.json')).toBe(
      `Cannot read the directory file /nonexistent/team.json: the file does not exist.${hint}`,
    );
    expect(await errorOf(folder)).toBe(`Cannot read the directory file ${folder}: EISDIR.${hint}`);
    expect(await errorOf(noJson)).toBe(`${noJson} is not JSON: Unexpected end of JSON input.${hint}`);
    expect(await errorOf(wrong)).toBe(`${wrong}: accounts[0].accountId must be a string of twelve digits.${hint}`);
  });

  test('a file system error without a code', async () => {
    let error = '';
    const exitCode = await runEmulatorCommand({
      args: ['--directory', 'team.json'],
      readFile: () => Promise.reject(new Error('broken')),
      writeOut: () => {},
      writeError: (text) => (error += text),
      untilStopped: Promise.resolve(),
    });
    expect({ exitCode, error }).toEqual({
      exitCode: 2,
      error: 'Cannot read the directory file team.json: it cannot be read.\n  rolecall emulator --help\n',
    });
  });

  test('other errors are not hidden', async () => {
    await expect(
      runEmulatorCommand({
        args: [],
        readFile: () => Promise.resolve(''),
        writeOut: () => {
          throw new Error('the pipe is gone');
        },
        writeError: () => {},
        untilStopped: Promise.resolve(),
      }),
    ).rejects.toThrow('the pipe is gone');
  });
});
