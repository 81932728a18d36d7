// Special or oversized files in place of files that we read: refused by name, without blocking.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConfigFile } from '../../src/aws-config/files/config-file.ts';
import { readTokenFileState, tokenFilePath } from '../../src/aws-config/files/token-file.ts';
import { copyConfigFiles } from '../../src/cli/commands/exec/config-copies.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { readAwsSsoSettings } from '../../src/daemon/profiles/aws-sso-settings.ts';
import { loadSettings } from '../../src/daemon/settings/settings.ts';
import { loadCaBundle } from '../../src/identity-center/certificate-authorities.ts';
import { createFileStore } from '../../src/secret-store/file.ts';
import { createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { openStateFiles } from '../helpers/state-files.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { resolvePaths } from '../../src/local-api/paths.ts';

const kinds = mkdtempSync(join(tmpdir(), 'special-files-'));
const socket = createServer();
beforeAll(async () => {
  mkdirSync(join(kinds, 'folder'));
  execFileSync('mkfifo', [join(kinds, 'pipe')]);
  symlinkSync('/dev/zero', join(kinds, 'device'));
  writeFileSync(join(kinds, 'large'), '');
  truncateSync(join(kinds, 'large'), 1024 ** 3);
  await new Promise<void>((resolve) => void socket.listen(join(kinds, 'socket'), resolve));
});
afterAll(() => {
  socket.close();
  rmSync(kinds, { recursive: true, force: true });
});

const KINDS = [
  ['folder', 'is a folder, not a file'],
  ['pipe', 'is a named pipe, not a file'],
  ['device', 'is a device, not a file'],
  ['socket', 'is a socket or a device, not a file'],
  ['large', 'is larger than'],
] as const;

/** Each file that is read and that another program may have replaced; `read` gets the home folder. */
const FILES: readonly (readonly [string, string, (home: string, path: string) => Promise<unknown>])[] = [
  ['the settings', 'config.toml', (_home, path) => loadSettings(path, {})],
  ['the team file', 'team.toml', (home) => loadSettings(join(home, 'config.toml'), {})],
  [
    'the shared config file',
    '.aws/config',
    (_home, path) => createConfigFile({ path, clock: createSystemClock() }).read(),
  ],
  ["the AWS CLI's token file", '.aws/sso/cache/1.json', (_home, path) => readTokenFileState(path, 0)],
  ["aws-sso's settings, for moving in", '.aws-sso/config.yaml', (home) => readAwsSsoSettings(home, {})],
  ['the config file that exec copies', '.aws/config', (home) => copyFor(home)],
  ['the credentials file that exec copies', '.aws/credentials', (home) => copyFor(home)],
  ['a state file', 'state.json', (_home, path) => openStateFiles()(path, { version: 1 }).read()],
  [
    'the encrypted secrets',
    'secrets.json',
    (_home, path) => createFileStore({ path, passphrase: new Secret('x') }).load('x'),
  ],
  ['the CA bundle', 'ca.pem', async (_home, path) => loadCaBundle(path, 'network.ca_bundle')],
];

const copyFor = (home: string) => copyConfigFiles({ environment: {}, homeDirectory: home, directory: home });

describe.each(FILES)('in place of %s', (_what, name, read) => {
  test.each(KINDS)('a %s is refused by name', async (kind, reason) => {
    const home = mkdtempSync(join(kinds, 'home-'));
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(kinds, kind), path);
    const error = await read(home, path).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error?.message).toContain(path);
    expect(error?.message.replace('it is', 'is')).toContain(reason);
  });
});

/** Replaces the path with a named pipe. */
function putPipe(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { recursive: true, force: true });
  execFileSync('mkfifo', ['-m', '600', path]);
}

describe('a daemon', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await createSignedInRig();
  });
  afterAll(() => rig.remove());

  test("fails an adoption, naming the other tool's file, and keeps running", async () => {
    const path = join(rig.home.path, '.aws-sso', 'config.yaml');
    putPipe(path);
    const run = await rig.runCli(['profiles', 'adopt', '--dry-run']);
    expect(run).toMatchObject({ exitCode: 7, stdout: '' });
    expect(run.stderr).toContain(`${path} cannot be read: it is a named pipe, not a file. [file-not-writable]\n`);
    expect((await rig.client.call('status', {})).sessions).toHaveLength(1);
  });

  test('treats a special credentials file as one without profiles', async () => {
    const path = join(rig.home.path, '.aws', 'credentials');
    for (const [kind] of KINDS) {
      symlinkSync(join(kinds, kind), path);
      for (const argv of [
        ['use', '--current', 'taylor.Admin-AF-Permission-Set'],
        ['profiles', 'sync'],
      ]) {
        expect([kind, await rig.runCli(argv)]).toEqual([kind, expect.objectContaining({ exitCode: 0 })]);
      }
      rmSync(path);
    }
  });

  test('reports that it could not write the token file for native profiles', async () => {
    const path = tokenFilePath(rig.home.path, SESSION);
    putPipe(path);
    await rig.restartDaemon();
    await rig.runCli(['login', SESSION]);
    const { problems } = await rig.client.call('status', {});
    expect(problems).toContainEqual(
      expect.objectContaining({ message: `${path} cannot be read: it is a named pipe, not a file.` }),
    );
  });

  test('starts with named pipes in place of all its state files, signs in, and names those that it needs', async () => {
    const state = rig.paths.stateDirectory;
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    expect(paths).toContain(rig.paths.auditFile);
    for (const path of paths) putPipe(path);
    await rig.restartDaemon();
    const login = await rig.runCli(['login', SESSION]);
    expect(login.stderr).toContain(`Signed in to ${SESSION}.\n`);
    expect(login.stderr).toContain(
      '/profile-names.json cannot be read: it is a named pipe, not a file. [file-not-writable]\n',
    );
    const { problems } = await rig.client.call('status', {});
    expect(problems).toContainEqual(
      expect.objectContaining({
        message: `${rig.paths.auditFile} cannot be written: it is a named pipe, a socket or a device, not a file.`,
      }),
    );
  });
});

test('a daemon process with named pipes as settings, lock and log tells its caller why it exits', async () => {
  const home = createTemporaryHome();
  try {
    const environment = { ...home.environment, ROLECALL_SECRET_STORE: 'memory' };
    const userId = process.getuid?.() ?? -1;
    const paths = resolvePaths({ environment, homeDirectory: home.path, platform: process.platform, userId });
    for (const path of [paths.settingsFile, paths.logFile, paths.lockFile]) putPipe(path);
    expect(await runRolecall(['status'], { environment })).toEqual({
      exitCode: 7,
      stdout: '',
      stderr: `rolecall: ${paths.settingsFile} cannot be read: it is a named pipe, not a file. [file-not-writable]\nRun: mv ${paths.settingsFile} ${paths.settingsFile}.old\n`,
    });
  } finally {
    await home.remove();
  }
});
