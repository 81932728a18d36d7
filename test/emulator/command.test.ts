// `rolecall emulator` in-process: its arguments, what it prints, how it ends and how it fails.
import { existsSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runEmulatorCommand } from '../../src/emulator/command.ts';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { writeCaFile } from '../../src/emulator/tls/ca-file.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { call, startEmulator } from './start.ts';

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  let out = '';
  let error = '';
  let stop = () => {};
  const untilStopped = new Promise<void>((resolve) => (stop = resolve));
  const exitCode = runEmulatorCommand({
    args,
    environment,
    readFile: (path) => readFile(path, 'utf8'),
    writeCaFile,
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
Control API:   ${url}/control/v1
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
      controlUrl: `${url}/control/v1`,
      environment: {
        AWS_ENDPOINT_URL_SSO_OIDC: url,
        AWS_ENDPOINT_URL_SSO: url,
        AWS_ENDPOINT_URL_STS: url,
      },
      controlToken: expect.stringMatching(/^[\w-]{32}$/),
      user: 'taylor',
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      caFile: null,
    });
    expect((await call(`${url}/control/knobs`)).json['autoApprove']).toBe(true);
    running.stop();
    expect(await running.exitCode).toBe(0);
  });

  test('prints why it cannot start as one line of JSON for programs', async () => {
    const { exitCode, out, error } = await refusal(['--json', '--port', 'x']);
    expect({ exitCode, out, error: JSON.parse(error) as unknown }).toEqual({
      exitCode: 2,
      out: '',
      error: {
        code: 'usage',
        message: '--port must be a number from 0 to 65535, not "x".',
        hint: 'rolecall emulator --port 4000',
        exitCode: 2,
      },
    });
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
    for (const option of [
      '--port N',
      '--host ADDRESS',
      '--name NAME',
      '--tls',
      '--tls-ca FILE',
      '--directory FILE.json',
      '--auto-approve',
      '--json',
    ]) {
      expect(out).toContain(option);
    }
  });
});

describe('beyond loopback, and with TLS', () => {
  test('says who can reach it, and accepts its names as Host', async () => {
    const running = run(['--json', '--host', '0.0.0.0', '--name', 'Emulator', '--name', 'idc.test']);
    const printed = JSON.parse(await waitFor('the line', running.out)) as { port: number; controlToken: string };
    const { port, controlToken } = printed;
    expect(printed).toMatchObject({
      url: `http://emulator:${port}`,
      host: '0.0.0.0',
      environment: { AWS_ENDPOINT_URL_STS: `http://emulator:${port}` },
    });
    expect(JSON.parse(running.error())).toEqual({
      type: 'note',
      message:
        'Every machine and container that can connect to this one can sign in here. Its credentials open nothing; the control API needs the control token.',
    });
    const ask = async (path: string, headers: Record<string, string>) =>
      (await call(`http://127.0.0.1:${port}${path}`, { headers })).status;
    const authorization = `Bearer ${controlToken}`;
    expect([
      await ask('/control/v1/time', { authorization, host: `emulator:${port}` }),
      await ask('/control/v1/time', { authorization, host: `IDC.test:${port}` }),
      await ask('/start', { host: `idc.test:${port}` }),
      await ask('/control/v1/time', { host: `emulator:${port}` }),
      await ask('/control/v1/time', { authorization, host: `other:${port}` }),
      await ask('/control/v1/health', { host: `other:${port}` }),
      await ask('/start', { host: `other:${port}` }),
      await ask('/start', { host: 'emulator' }),
    ]).toEqual([200, 200, 200, 403, 403, 403, 403, 403]);
    running.stop();
    expect(await running.exitCode).toBe(0);
  });

  test('takes its control token from the environment, if that is long enough', async () => {
    const token = 'a-token-of-the-team.1234';
    const running = run(['--json'], { ROLECALL_EMULATOR_TOKEN: token });
    const out = await waitFor('the line', running.out);
    expect(JSON.parse(out)).toMatchObject({ controlToken: token });
    running.stop();
    const refused = run([], { ROLECALL_EMULATOR_TOKEN: 'short' });
    expect(await refused.exitCode).toBe(2);
    expect(refused.error()).toBe(
      'ROLECALL_EMULATOR_TOKEN must be 20 to 200 letters, digits and - . _ ~ + /\n  rolecall emulator --help\n',
    );
  });

  test('writes the CA file where it should be, also over its own, and points clients to it', async () => {
    const file = join(temporaryFolder(), 'ca.pem');
    for (const servername of ['emulator', 'localhost']) {
      const running = run(['--tls-ca', file, '--name', 'emulator']);
      const out = await waitFor('the welcome', running.out);
      const url = /https:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0] ?? '';
      expect(out).toContain(`export AWS_ENDPOINT_URL_STS=${url}
export AWS_CA_BUNDLE=${file}
export NODE_EXTRA_CA_CERTS=${file}
export SSL_CERT_FILE=${file}
`);
      expect(out).toContain(`CA file:       ${file}\n`);
      const ca = await readFile(file, 'utf8');
      const statusOf = (target: string, servername: string) =>
        new Promise((resolve, reject) => {
          httpsRequest(target, { ca, servername, agent: false }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
            .on('error', reject)
            .end();
        });
      expect(await statusOf(`${url}/control/v1/health`, servername)).toBe(200);
      await expect(statusOf(`${url}/control/v1/health`, 'other')).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
      running.stop();
      expect(await running.exitCode).toBe(0);
    }
  });

  test('chooses a place for the CA file, and removes it at the end', async () => {
    const running = run(['--tls', '--json']);
    const { caFile } = JSON.parse(await waitFor('the line', running.out)) as { caFile: string };
    expect(statSync(dirname(caFile)).mode & 0o777).toBe(0o700);
    expect(await readFile(caFile, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
    running.stop();
    expect(await running.exitCode).toBe(0);
    expect(existsSync(dirname(caFile))).toBe(false);
  });

  test('refuses to write the CA file over another one, or where it cannot', async () => {
    const folder = temporaryFolder();
    const key = join(folder, 'id_ed25519');
    await writeFile(key, 'a key');
    const hint = '\n  rolecall emulator --help\n';
    expect(await refusal(['--tls-ca', key])).toEqual({
      exitCode: 2,
      out: '',
      error: `Cannot write the CA file ${key}: it exists, and is no CA file of an emulator.${hint}`,
    });
    expect(await readFile(key, 'utf8')).toBe('a key');
    const nowhere = join(folder, 'none', 'ca.pem');
    expect((await refusal(['--tls-ca', nowhere])).error).toBe(`Cannot write the CA file ${nowhere}: ENOENT.${hint}`);
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
    [
      ['--host', 'example.com'],
      '--host must be an IP address or localhost, not "example.com".\n  rolecall emulator --host 0.0.0.0 --name emulator\n',
    ],
    [
      ['--host', 'fe80::1%lo'],
      '--host must be an IP address or localhost, not "fe80::1%lo".\n  rolecall emulator --host 0.0.0.0 --name emulator\n',
    ],
    [['--host', '192.0.2.1'], '192.0.2.1 is no address of this machine.\n  rolecall emulator --host 0.0.0.0\n'],
    [
      ['--name', '*.example.com'],
      '--name must be a host name or an IPv4 address, not "*.example.com".\n  rolecall emulator --name emulator\n',
    ],
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
      environment: {},
      readFile: () => Promise.reject(new Error('broken')),
      writeCaFile,
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
        environment: {},
        readFile: () => Promise.resolve(''),
        writeCaFile,
        writeOut: () => {
          throw new Error('the pipe is gone');
        },
        writeError: () => {},
        untilStopped: Promise.resolve(),
      }),
    ).rejects.toThrow('the pipe is gone');
  });
});
