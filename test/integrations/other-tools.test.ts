// Runs the Raycast scripts, the direnv function and the dev container feature against a real daemon, and checks the autostart entry.
import { spawn, spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BEFORE_PROFILE } from '../../src/cli/environment/child-environment.ts';
import { createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const folder = fileURLToPath(new URL('../../integrations/', import.meta.url));
const BASH = '/bin/bash';
const DIRENV = '/usr/bin/direnv';
const SOCAT = '/usr/bin/socat';
const VALIDATE = '/usr/bin/desktop-file-validate';
const PROFILE = 'taylor.Admin-AF-Permission-Set';
const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };

let rig: Rig;
beforeAll(async () => {
  rig = await createSignedInRig();
  // The first of the folders that the scripts look into, and that of a user.
  const bin = join(rig.home.path, '.local', 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\nexec '${process.execPath}' '${ROLECALL}' "$@"\n`, { mode: 0o755 });
});
afterAll(() => rig.remove());

describe('Raycast', () => {
  const scripts = readdirSync(join(folder, 'raycast'));
  const run = (name: string, ...args: string[]) =>
    runProcess(BASH, [join(folder, 'raycast', name), ...args], { environment: rig.environment, cwd: rig.home.path });

  test.each(scripts)('%s can be run, and has what Raycast requires in its first lines', (name) => {
    const path = join(folder, 'raycast', name);
    expect(statSync(path).mode & 0o111).toBe(0o111);
    const fields = Object.fromEntries(
      [...readFileSync(path, 'utf8').matchAll(/^# @raycast\.(\w+) (.*)$/gm)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    );
    expect(fields).toMatchObject({ schemaVersion: '1', title: expect.any(String), packageName: 'rolecall' });
    expect(['inline', 'compact', 'fullOutput', 'silent']).toContain(fields['mode']);
    // Raycast ignores an inline script without it.
    expect(fields['refreshTime'] !== undefined).toBe(fields['mode'] === 'inline');
    const argument = JSON.parse(fields['argument1'] ?? '{ "type": "text", "placeholder": "" }') as unknown;
    expect(argument).toMatchObject({ type: 'text', placeholder: expect.any(String) });
  });

  test('switches by words, shows the role, and evaluates nothing of the words', async () => {
    expect(await run('rolecall-switch.sh', 'taylor admin')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('taylor'),
    });
    await waitFor('the role', async () => (await run('rolecall-role.sh')).stdout === `${PROFILE}\n`);
    for (const words of ['$(touch owned)', '*', '--off']) {
      const { exitCode, stdout } = await run('rolecall-switch.sh', words);
      expect({ words, exitCode, lines: stdout.split('\n').length }).toEqual({ words, exitCode: 6, lines: 2 });
    }
    expect(readdirSync(rig.home.path)).not.toContain('owned');
    expect(await rig.client.call('current', {})).toMatchObject({ profile: PROFILE });
  });

  test('signs in only when that is needed', async () => {
    expect(await run('rolecall-login.sh', SESSION)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(SESSION),
    });
  });

  test('shows nothing where rolecall is missing', async () => {
    const environment = { HOME: '/nonexistent', PATH: '/usr/bin:/bin' };
    expect(await runProcess(BASH, [join(folder, 'raycast/rolecall-role.sh')], { environment })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe.skipIf(!systemPart('direnv', DIRENV))('direnv', () => {
  /** What direnv would change in a shell in a folder with this .envrc. */
  function enter(envrc: string, environment: Readonly<Record<string, string>> = {}) {
    const cwd = mkdtempSync(join(rig.home.path, 'repository-'));
    writeFileSync(join(cwd, '.envrc'), envrc);
    const env = { ...rig.environment, ...environment };
    expect(spawnSync(DIRENV, ['allow', cwd], { env, encoding: 'utf8' }).status).toBe(0);
    const { stdout, stderr } = spawnSync(DIRENV, ['export', 'json'], { cwd, env, encoding: 'utf8' });
    expect(readdirSync(cwd)).toEqual(['.envrc']);
    const changes = JSON.parse(stdout === '' ? '{}' : stdout) as Record<string, string | null>;
    return {
      changes: Object.fromEntries(Object.entries(changes).filter(([name]) => !name.startsWith('DIRENV_'))),
      stderr,
    };
  }
  beforeAll(() => {
    const library = join(rig.environment['XDG_CONFIG_HOME'] ?? '', 'direnv', 'lib');
    mkdirSync(library, { recursive: true });
    symlinkSync(join(folder, 'direnv/rolecall.sh'), join(library, 'rolecall.sh'));
  });

  test('sets the profile, and takes away all that AWS clients prefer to it', () => {
    const before = { ...Object.fromEntries(BEFORE_PROFILE.map((name) => [name, 'x'])), AWS_BEARER_TOKEN_BEDROCK: 'x' };
    const after = Object.fromEntries(Object.keys(before).map((name) => [name, null]));
    expect(enter(`use rolecall ${PROFILE}\n`, before).changes).toEqual({ ...after, AWS_PROFILE: PROFILE });
  });

  test('leaves no other profile in force when the one of the folder does not exist', () => {
    const { changes, stderr } = enter('use rolecall Nope.Admin\n', { AWS_PROFILE: PROFILE });
    expect(changes).toEqual({ AWS_PROFILE: 'Nope.Admin' });
    expect(stderr).toContain('no profile "Nope.Admin". Run: rolecall login');
  });

  test.each(["'$(touch owned)'", "'a b'", '-e', "'--' x", '', "$'x\\ny'", "'%F{red}'"])(
    'takes no name like %s',
    (name) => {
      const { changes, stderr } = enter(`use rolecall ${name}\n`, { AWS_PROFILE: PROFILE });
      expect(changes).toEqual({ AWS_PROFILE: 'no-such-profile' });
      expect(stderr).toContain('takes the name of one profile');
    },
  );
});

describe('the dev container feature', () => {
  const feature = join(folder, 'devcontainer/rolecall');
  const { containerEnv, entrypoint } = JSON.parse(readFileSync(join(feature, 'devcontainer-feature.json'), 'utf8')) as {
    containerEnv: Record<string, string>;
    entrypoint: string;
  };

  test.skipIf(!systemPart('socat', SOCAT))('gives a container exactly one role, through a relay', async () => {
    const target = join(rig.home.path, 'image');
    expect(
      spawnSync('/bin/sh', [join(feature, 'install.sh')], { env: { PATH: '/usr/bin:/bin', ROLECALL_TARGET: target } })
        .status,
    ).toBe(0);
    expect(readdirSync(target)).toEqual([entrypoint.split('/').at(-1)]);

    const { stdout } = await rig.runCli(['container-env', PROFILE, '--json']);
    const access = JSON.parse(stdout) as { folder: string; variables: Record<string, string> };
    // The feature has all variables but the region, with a port of its own.
    const own = new URL(containerEnv['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '');
    const theirs = new URL(access.variables['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '');
    expect([own.hostname, own.pathname]).toEqual([theirs.hostname, theirs.pathname]);
    const { AWS_REGION: _region, AWS_DEFAULT_REGION: _other, ...rest } = access.variables;
    expect({ ...containerEnv, AWS_CONTAINER_CREDENTIALS_FULL_URI: theirs.href }).toEqual(rest);

    const url = `http://127.0.0.1:${await freePort()}${own.pathname}`;
    const env = {
      PATH: '/usr/bin:/bin',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(access.folder, 'token'),
    };
    const container = spawn(join(target, 'relay.sh'), ['sleep', '60'], { env, detached: true, stdio: 'ignore' });
    try {
      const ask = (token: string) => fetch(url, { headers: { authorization: token, connection: 'close' } });
      const token = readFileSync(join(access.folder, 'token'), 'utf8');
      const answer = await waitFor('the relay', () => ask(token));
      expect(await answer.json()).toMatchObject({ AccountId: ADMIN.accountId, Token: expect.any(String) });
      expect((await ask('guess')).status).toBe(401);
    } finally {
      process.kill(-(container.pid ?? 0), 'SIGKILL');
    }
    await rig.runCli(['container-env', '--end', 'all']);
  });

  test('runs the command of the container when nothing is mounted', () => {
    const env = { PATH: '/usr/bin:/bin', ...containerEnv };
    const { status, stdout, stderr } = spawnSync(join(feature, 'relay.sh'), ['echo', 'a b'], { env, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'a b\n',
      stderr: 'rolecall: nothing is mounted at /run/rolecall, so this container has no role.\n',
    });
  });
});

describe('the autostart entry', () => {
  const path = join(folder, 'autostart/rolecall-tray.desktop');

  test('starts a tray that waits for its panel', async () => {
    const [, command = ''] = /^Exec=(.*)$/m.exec(readFileSync(path, 'utf8')) ?? [];
    expect(command).toBe('rolecall tray --wait');
    expect((await rig.runCli(['tray', '--help'])).stdout).toContain('--wait');
  });

  test.skipIf(!systemPart('desktop-file-validate', VALIDATE))('is valid', () => {
    const { status, stdout, stderr } = spawnSync(VALIDATE, [path], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
