// `rolecall container-env` without a command: files for a container, what to paste, and the end of the access.
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createSignedInRig, type Rig } from '../helpers/rig.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';

let rig: Rig;
beforeAll(async () => {
  rig = await createSignedInRig();
});
afterEach(async () => {
  for (const { id } of await grants()) await rig.client.call('revokeGrant', { id });
});
afterAll(() => rig.remove());

const grants = async () => (await rig.client.call('grants', {})).grants;
const run = (...words: string[]) => rig.runCli(['container-env', ...words]);

test('writes the files of a socket grant, and says what to do with them and when they end', async () => {
  const { exitCode, stdout, stderr } = await run(PROFILE, '--for', '2h');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [grant, ...more] = await grants();
  expect(more).toEqual([]);
  expect(grant).toMatchObject({ socket: true, purpose: 'container-env', processId: null });
  expect(Date.parse(grant?.expiresAt ?? '') - Date.parse(grant?.createdAt ?? '')).toBe(2 * 3600_000);
  const folder = join(dirname(rig.paths.socketPath), 'grants', grant?.id ?? '');
  const token = readFileSync(join(folder, 'token'), 'utf8');
  expect(stdout).toContain(folder);
  expect(stdout).toContain(`container-env --end ${grant?.id}`);
  expect(stdout).toContain(readFileSync(join(folder, 'env'), 'utf8').split('\n')[0]);
  expect(stdout).not.toContain(token);
  expect(stdout.split('\n').filter((line) => line.length > 80 && !line.includes(folder))).toEqual([]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);

  expect(await run('--end', 'all')).toMatchObject({ exitCode: 0, stderr: 'Ended 1 grant.\n' });
  expect(await grants()).toEqual([]);
  expect(existsSync(folder)).toBe(false);
});

test('prints as JSON what a script needs, without a secret', async () => {
  const { stdout } = await run(PROFILE, '--json', '--network', 'host');
  const [grant] = await grants();
  const folder = join(rig.paths.stateDirectory, 'grants', grant?.id ?? '');
  const printed = JSON.parse(stdout) as { variables: Record<string, string> };
  expect(printed).toMatchObject({ id: grant?.id, network: 'host', folder, envFile: join(folder, 'env') });
  expect(printed.variables['AWS_CONTAINER_CREDENTIALS_FULL_URI']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/container\//);
  expect(stdout).not.toContain(readFileSync(join(folder, 'token'), 'utf8'));
  expect(grant).toMatchObject({ socket: false, purpose: 'container-env' });
});

test.each(['docker', 'compose', 'devcontainer', 'k8s'])('prints only what to paste for %s', async (format) => {
  const { stdout, stderr } = await run(PROFILE, '--format', format);
  expect(stdout).toContain('/run/rolecall');
  expect(stderr).toMatch(/^The access ends at \S+, or with:\n {2}rolecall container-env --end [0-9a-f]{16}\n$/);
});

test.each([
  [[PROFILE, '--for', 'ever'], '--for takes'],
  [[PROFILE, '--', 'ls'], 'container-env runs only: podman run …, docker run …'],
  [[PROFILE, '--json', '--format', 'k8s'], '--json or --format'],
  [[PROFILE, '--format', 'k8s', '--', 'podman', 'run', 'x'], 'takes no --format'],
  [[PROFILE, '--end', 'all'], '--end takes no profile'],
  [[], 'container-env needs a profile'],
])('refuses %j', async (words, message) => {
  const { exitCode, stderr } = await run(...words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
  expect(await grants()).toEqual([]);
});

test('ends only the access of containers', async () => {
  const role = { session: 'my-sso-session', accountId: '222222222222', permissionSet: 'ReadOnly' };
  const other = await rig.client.call('createGrant', { body: { ...role, purpose: 'ssh build-host' } });
  expect(await run('--end', other.id)).toMatchObject({ exitCode: 6, stderr: expect.stringContaining(other.id) });
  await run('--end', 'all');
  expect((await grants()).map(({ id }) => id)).toEqual([other.id]);
});

test('names a container engine that is not installed, without a grant', async () => {
  const environment = { PATH: '/nonexistent' };
  expect(await rig.runCli(['container-env', PROFILE, '--', 'docker', 'run', 'image'], { environment })).toMatchObject({
    exitCode: 127,
    stderr: 'rolecall: "docker" was not found in your PATH.\nRun: type docker || echo "$PATH"\n',
  });
  expect(await grants()).toEqual([]);
});

test('leaves no grant behind when the container engine fails', async () => {
  const podman = join(mkdtempSync(join(rig.home.path, 'bin-')), 'podman');
  writeFileSync(podman, '', { mode: 0o700 });
  const { exitCode } = await rig.runCli(['container-env', PROFILE, '--', podman, 'run', 'image'], {
    runInPlace: async ({ command }) => {
      expect(command.slice(0, 3)).toEqual([podman, 'run', '--env-file']);
      expect(await grants()).toMatchObject([{ purpose: 'container-env podman run', processId: process.pid }]);
      return 125;
    },
  });
  expect(exitCode).toBe(125);
  expect(await grants()).toEqual([]);
});
