// `rolecall config path`, `show`, `edit` and `check` on a real daemon's settings.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseSettings } from '../../src/daemon/settings/settings.ts';
import type { SettingsDescription } from '../../src/local-api/settings-description.ts';
import { loadVersion } from '../../src/local-api/version.ts';
import { createRig, type Rig } from '../helpers/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.remove());
afterEach(() => {
  rmSync(rig.paths.settingsFile, { force: true });
  rmSync(join(dirname(rig.paths.settingsFile), 'team.toml'), { force: true });
});

const shown = '~/.config/rolecall/config.toml';

/** Older than the daemon, unless it is said to be new. */
function write(text: string, { isNew = false } = {}): void {
  mkdirSync(dirname(rig.paths.settingsFile), { recursive: true, mode: 0o700 });
  writeFileSync(rig.paths.settingsFile, text, { mode: 0o600 });
  if (!isNew) utimesSync(rig.paths.settingsFile, 0, 0);
}

describe('path', () => {
  test('prints the settings file, whether or not it exists', async () => {
    const path = rig.paths.settingsFile;
    expect(await rig.runCli(['config', 'path'])).toEqual({ exitCode: 0, stdout: `${path}\n`, stderr: '' });
    expect(JSON.parse((await rig.runCli(['config', 'path', '--json'])).stdout)).toEqual({ path, exists: false });
    write('');
    expect(JSON.parse((await rig.runCli(['config', 'path', '--json'])).stdout)).toEqual({ path, exists: true });
  });
});

describe('show', () => {
  const read = async () => JSON.parse((await rig.runCli(['config', 'show', '--json'])).stdout) as SettingsDescription;

  test('names the origin of each setting: default, file, team file, environment', async () => {
    write(
      'on_expired = "wait"\n[profiles]\nexclude = ["a@b"]\n[session."x.y"]\nlabel = "Mine"\n[[role]]\npin = true\n',
    );
    writeFileSync(
      join(dirname(rig.paths.settingsFile), 'team.toml'),
      '[profiles]\nexclude = ["c"]\nregion = "eu-west-1"\n[session."x.y"]\nstart_url = "https://a.awsapps.com/start"\nregion = "eu-west-1"\nlabel = "Team"\n[[role]]\nalias = "b"\n',
    );
    const { settings, ...rest } = await read();
    expect(rest).toEqual({
      path: rig.paths.settingsFile,
      exists: true,
      teamPath: join(dirname(rig.paths.settingsFile), 'team.toml'),
      problems: [
        {
          code: 'settings-session-missing',
          message: `${rig.paths.settingsFile}, line 4: [session.x.y] has no effect, because ${rig.configPath} has no [sso-session x.y].`,
          hint: `\${EDITOR:-vi} +4 ${rig.paths.settingsFile}`,
        },
      ],
    });
    // The rig sets the secret store in its environment.
    expect(settings.slice(0, 2).map(({ key }) => key)).toContain('secret_store');
    for (const expected of [
      { key: 'secret_store', value: 'memory', origin: 'environment', variable: 'ROLECALL_SECRET_STORE' },
      { key: 'on_expired', value: 'wait', origin: 'file', line: 1 },
      { key: 'wait_seconds', value: 50, origin: 'default' },
      { key: 'profiles.exclude', value: ['a@b'], origin: 'file', line: 3 },
      { key: 'profiles.region', value: 'eu-west-1', origin: 'team', line: 3 },
      { key: 'session.x.y.label', value: 'Mine', origin: 'file', line: 5 },
      { key: 'role[0]', value: { pin: true }, origin: 'file', line: 6 },
      { key: 'role[1]', value: { alias: 'b' }, origin: 'team', line: 8 },
    ]) {
      expect(settings.filter(({ key }) => key === expected.key)).toEqual([expected]);
    }
    const { stdout, exitCode } = await rig.runCli(['config', 'show']);
    expect(exitCode).toBe(0);
    expect(stdout.startsWith(`${shown}\n~/.config/rolecall/team.toml (of your team)\n\n`)).toBe(true);
    expect(stdout).toMatch(/^on_expired +"wait" +config\.toml, line 1$/m);
    expect(stdout).toMatch(/^role\[0\] +\{ pin = true \} +config\.toml, line 6$/m);
    expect(stdout).toMatch(/^wait_seconds +50 +default$/m);
    const narrow = await rig.runCli(['config', 'show'], { isTerminal: true, columns: 60 });
    expect(Math.max(...narrow.stdout.split('\n').map((row) => row.length))).toBeLessThanOrEqual(60);
  });

  test('has every setting with a default that a daemon has', async () => {
    const { settings } = await read();
    const defaults = await parseSettings({ path: '', text: undefined, environment: {} });
    const value = (key: string) => settings.find((setting) => setting.key === key)?.value;
    expect(value('on_expired')).toBe(defaults.onExpired);
    expect(value('profiles.default_follows_current')).toBe(defaults.profiles.defaultFollowsCurrent);
    expect(value('web_port')).toBe(defaults.webPort);
    expect(settings.length).toBeGreaterThan(10);
  });

  test('shows no password of a proxy or an endpoint', async () => {
    const outputs = async () => {
      const runs = [];
      for (const argv of [['show'], ['show', '--json'], ['check'], ['check', '--json']]) {
        runs.push(await rig.runCli(['config', ...argv]));
      }
      return runs.map(({ stdout, stderr }) => stdout + stderr).join('');
    };
    write('[network]\nproxy = "http://me:s3cr3t@proxy.example:3128"\n');
    expect(await outputs()).not.toContain('s3cr3t');
    expect((await rig.runCli(['config', 'show'])).stdout).toContain('"http://***@proxy.example:3128"');
    for (const table of ['endpoints', 'session.work.endpoints']) {
      write(`[${table}]\nsso = "https://u:s3cr3t/@x@host.example"\n`);
      const output = await outputs();
      expect(output).not.toContain('s3cr3t');
      expect(output).toContain(`${rig.paths.settingsFile}, line 2: The endpoint in ${table}.sso`);
    }
  });
});

describe('check', () => {
  test('refuses an endpoint that the daemon would refuse', async () => {
    write('[session.work.endpoints]\nsso = "http://relay.example.com"\n');
    expect(await rig.runCli(['config', 'check'])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(
        'The endpoint in session.work.endpoints.sso names http://relay.example.com; it must be https, or http on this machine.',
      ),
    });
  });

  test('says that the file is valid, and whether the daemon has read it', async () => {
    expect(await rig.runCli(['config', 'check'])).toEqual({
      exitCode: 0,
      stdout: `There is no ${shown}, so every setting has its default.\n`,
      stderr: '',
    });
    write('on_expired = "wait"\n');
    const { startedAt } = await rig.client.call('status', {});
    // Edited and restarted within one second, which is as exact as the daemon says when it started.
    utimesSync(rig.paths.settingsFile, new Date(), new Date(Date.parse(startedAt) + 500));
    expect((await rig.runCli(['config', 'check'])).stdout).toBe(`${shown} is valid.\n`);
    write('on_expired = "notify"\n', { isNew: true });
    utimesSync(rig.paths.settingsFile, new Date(), new Date(Date.now() + 3_600_000));
    expect((await rig.runCli(['config', 'check'])).stdout).toBe(
      `${shown} is valid.\nThe daemon has not read the change yet. To apply it: rolecall daemon restart\n`,
    );
    expect(JSON.parse((await rig.runCli(['config', 'check', '--json'])).stdout)).toEqual({
      path: rig.paths.settingsFile,
      exists: true,
      teamPath: null,
      valid: true,
      restartNeeded: true,
      problems: [],
    });
  });

  test('warns of what is wrong and keeps nothing from working, and exits with 0', async () => {
    write('written_for = "99.1"\nnewer = 1\n[session.wrok]\nlabel = "Work"\n[profiles]\nname = "x"\n');
    const { exitCode, stdout } = await rig.runCli(['config', 'check']);
    const path = rig.paths.settingsFile;
    const edit = (line: number) => `Run: \${EDITOR:-vi} +${line} ${path}\n`;
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout:
        `${shown} is valid.\n` +
        `Warning: ${path}, line 1: the file is for rolecall 99.1, and this is ${loadVersion()}. Ignored: "newer" (line 2). To update, run npm install -g rolecall@latest.\n${edit(1)}` +
        `Warning: ${path}, line 6: profiles.name gives all roles the same name, so rolecall adds account ids and hashes. Use {account_name} and {permission_set}.\n${edit(6)}` +
        `Warning: ${path}, line 3: [session.wrok] has no effect, because ${rig.configPath} has no [sso-session wrok].\n${edit(3)}`,
    });
  });

  test.each([
    ['on_expird = "wait"\n', 1, 'unknown key "on_expird"'],
    ['\n[profiles]\nname = "{nope}"\n', 3, '"profiles.name": '],
    ['[network]\n\nproxy = "proxy:3128"\n', 3, '"network.proxy": must be a URL'],
    ['a = [', 1, ''],
  ])('exits with 2 for %j, and names file and line', async (text, line, words) => {
    write(text);
    const { exitCode, stdout, stderr } = await rig.runCli(['config', 'check']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`${rig.paths.settingsFile}, line ${line}: ${words}`);
    expect(stderr).toContain(' [settings-invalid]\n');
  });
});

describe('edit', () => {
  const environment = { EDITOR: '"/bin/true" -w', VISUAL: '' };
  const text = () => readFileSync(rig.paths.settingsFile, 'utf8');

  test('creates a private file with examples that are valid, and removes it if nothing was changed', async () => {
    const seen: unknown[] = [];
    const look = (program: string, args: readonly string[]) => {
      seen.push(program, args, statSync(rig.paths.settingsFile).mode & 0o777, text());
      return 0;
    };
    expect(await rig.runCli(['config', 'edit'], { environment, edits: [look] })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'Nothing changed.\n',
    });
    expect(seen.slice(0, 3)).toEqual(['/bin/true', ['-w', rig.paths.settingsFile], 0o600]);
    expect(existsSync(rig.paths.settingsFile)).toBe(false);
    // Each example is valid without its comment sign.
    const examples = String(seen[3]).replaceAll(/^#(?=[a-z[])/gm, '');
    const { file } = await parseSettings({ path: 'config.toml', text: examples, environment: {} });
    expect(Object.keys(file).length).toBeGreaterThan(5);
  });

  test('checks what was written, offers to edit again, and keeps the file private', async () => {
    write('on_expired = "wait"\n');
    const edits = [
      () => {
        writeFileSync(rig.paths.settingsFile, 'on_expired = "wat"\n');
        chmodSync(rig.paths.settingsFile, 0o644);
        return 0;
      },
      () => {
        write('on_expired = "login"\n', { isNew: true });
        utimesSync(rig.paths.settingsFile, new Date(), new Date(Date.now() + 3_600_000));
        return 0;
      },
    ];
    const { exitCode, stdout, stderr } = await rig.runCli(['config', 'edit'], { environment, edits, answers: [''] });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toBe(
      `rolecall: ${rig.paths.settingsFile}, line 1: "on_expired" must be one of "notify", "wait", "login". [settings-invalid]\n` +
        `Run: \${EDITOR:-vi} +1 ${rig.paths.settingsFile}\n` +
        `Edit again? [Y/n] ${shown} is valid.\n` +
        'The daemon has not read the change yet. To apply it: rolecall daemon restart\n',
    );
    expect(statSync(rig.paths.settingsFile).mode & 0o777).toBe(0o600);
  });

  test.each([[['n']], [undefined]])('exits with 2 if invalid settings stay, with the answers %j', async (answers) => {
    write('');
    const edits = [
      () => {
        write('nonsense\n');
        return 0;
      },
    ];
    const run = await rig.runCli(['config', 'edit'], { environment, edits, ...(answers && { answers: [...answers] }) });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('Note: a daemon that starts now refuses these settings.');
    expect(text()).toBe('nonsense\n');
  });

  test('without a terminal needs $EDITOR', async () => {
    expect(await rig.runCli(['config', 'edit'], { environment: { EDITOR: '', VISUAL: '' } })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'rolecall: Not a terminal, and $EDITOR names no editor that needs none. [usage]\nRun: rolecall config path\n',
    });
    expect(existsSync(rig.paths.settingsFile)).toBe(false);
  });

  test('names an editor that is missing or fails, and leaves no new file behind', async () => {
    for (const [EDITOR, message] of [
      ['nosuch-editor', 'The editor cannot be started: "nosuch-editor" was not found in your PATH.'],
      ['"unclosed', 'is not a command: a quote is not closed.'],
      ['/bin/true', 'The editor /bin/true ended with status 3'],
    ] as const) {
      const { exitCode, stderr } = await rig.runCli(['config', 'edit'], {
        environment: { EDITOR, VISUAL: '' },
        edits: [() => 3],
      });
      expect(exitCode).toBe(2);
      expect(stderr).toContain(message);
      expect(existsSync(rig.paths.settingsFile)).toBe(false);
    }
  });
});
