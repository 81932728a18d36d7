// The far side of `rolecall ssh`, in every shell of this machine: its folder, its files, and that they go away.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { bootstrapScript, LOADER } from '../../../src/cli/reach/bootstrap.ts';
import { openBootstrapChannel } from '../../../src/cli/reach/bootstrap-channel.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { systemPart } from '../../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

/** Of this run: one of the folders is in /tmp. */
const NONCE = randomBytes(16).toString('hex');
const SHELLS = ['/bin/dash', '/bin/bash', '/usr/bin/zsh', '/usr/bin/fish', '/usr/bin/busybox', '/usr/bin/tcsh'].filter(
  (path) => systemPart(path, path),
);
const NO_TERMS = { tokens: new Map<string, string>(), ports: [] };

let home: TemporaryHome;
let runtime: string;
let children: ChildProcessWithoutNullStreams[];

beforeEach(() => {
  home = createTemporaryHome();
  runtime = join(home.path, 'run');
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await home.remove();
});

function start(shell: string, environment: Readonly<Record<string, string>> = {}) {
  const args = shell.endsWith('busybox') ? ['ash', '-c', LOADER] : ['-c', LOADER];
  const child = spawn(shell, args, {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', HOME: home.path, XDG_RUNTIME_DIR: runtime, SHELL: shell, ...environment },
  });
  children.push(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const channel = openBootstrapChannel(child, NONCE, createSystemClock());
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { child, channel, ended, stderr: () => stderr };
}

describe('the bootstrap', () => {
  it.each(SHELLS)('keeps the files private and as they are, and deletes them at the end (%s)', async (shell) => {
    const { channel, ended, stderr } = start(shell);
    const directory = join(runtime, `rolecall.${NONCE}`);
    expect(await channel.place).toEqual({ directory, shell, files: {}, areFilesUnread: false });
    const text = 'a \\n %s $HOME `id` \'"\n\n  # !x\n';
    const files = [
      { name: 'run', text },
      { name: 'roles/a', text, isExecutable: true as const },
    ];
    const terms = { tokens: new Map([['token', 't\\o%s']]), ports: [1] };
    expect(await channel.install(files, terms)).toEqual({ isOpenToNetwork: false });
    const mode = (name: string) => (statSync(join(directory, name)).mode & 0o777).toString(8);
    expect(['', 'token', 'run', 'roles', 'roles/a', 'beat'].map(mode)).toEqual([
      '700',
      '600',
      '600',
      '700',
      '700',
      '600',
    ]);
    expect(['token', 'run', 'roles/a'].map((name) => readFileSync(join(directory, name), 'utf8'))).toEqual([
      't\\o%s',
      text,
      text,
    ]);
    channel.end();
    await ended;
    expect({ left: readdirSync(runtime), stderr: stderr() }).toEqual({ left: [], stderr: '' });
  });

  it.each<[string, (child: ChildProcessWithoutNullStreams) => void]>([
    ['its input ends', ({ stdin }) => void stdin.end()],
    ['its input ends in the middle of a file', ({ stdin }) => void stdin.end('file token\nabc')],
    ['it is terminated', (child) => void child.kill('SIGTERM')],
    ['it gets SIGHUP', (child) => void child.kill('SIGHUP')],
  ])('deletes the files when %s', async (_, end) => {
    const { child, channel, ended } = start('/bin/sh');
    await channel.place;
    await channel.install([], NO_TERMS);
    end(child);
    await ended;
    expect(readdirSync(runtime)).toEqual([]);
  });

  it('deletes them when no sign of life arrives, when it is killed, and keeps them otherwise', async () => {
    const [silent, killed] = ['a', 'b'].map((name) => {
      mkdirSync(join(runtime, name), { mode: 0o700 });
      return { name, ...start('/bin/sh', { XDG_RUNTIME_DIR: join(runtime, name) }) };
    });
    const living = start('/bin/sh');
    const stopping = new AbortController();
    await living.channel.place;
    await living.channel.install([], NO_TERMS);
    const kept = living.channel.keepAlive(stopping.signal);
    for (const each of [silent, killed]) {
      await each?.channel.place;
      await each?.channel.install([], NO_TERMS);
    }
    killed?.child.kill('SIGKILL');
    for (const { name } of [killed, silent] as { name: string }[]) {
      await waitFor(`the end of ${name}`, () => readdirSync(join(runtime, name)).length === 0);
    }
    expect(readdirSync(join(runtime, `rolecall.${NONCE}`))).toContain('beat');
    stopping.abort();
    await kept;
  });

  it('hides only the keys of a default profile, in copies, and leaves the files alone', async () => {
    mkdirSync(join(home.path, '.aws'), { recursive: true });
    const config =
      '[ profile "default" ]\nregion = a\nCREDENTIAL_PROCESS = x\nsso_session = y\n[profile b]\nrole_arn = r\n';
    const credentials = '[b]\naws_access_key_id = 1\n[default]\naws_access_key_id=2\naws_secret_access_key = 3';
    writeFileSync(join(home.path, '.aws', 'config'), config);
    writeFileSync(join(home.path, '.aws', 'credentials'), credentials);
    const { channel } = start('/bin/sh');
    const { files = {} } = (await channel.place) ?? {};
    expect(Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'utf8')])).toEqual([
      ['AWS_CONFIG_FILE', '[ profile "default" ]\nregion = a\n[profile b]\nrole_arn = r\n'],
      ['AWS_SHARED_CREDENTIALS_FILE', '[b]\naws_access_key_id = 1\n[default]\n'],
    ]);
    expect(readFileSync(join(home.path, '.aws', 'config'), 'utf8')).toBe(config);
  });

  it('takes no folder whose path needs quotes, and says so when there is none', async () => {
    symlinkSync(runtime, join(home.path, 'a b'));
    onTestFinished(() => rmSync(`/tmp/rolecall.${NONCE}`, { recursive: true, force: true }));
    const environment = { XDG_RUNTIME_DIR: join(home.path, 'a b'), HOME: '/proc' };
    const { channel, child } = start('/bin/sh', environment);
    expect(await channel.place).toMatchObject({ directory: `/tmp/rolecall.${NONCE}` });
    // The next one finds the name taken.
    const second = start('/bin/sh', environment);
    expect(await second.channel.place).toBeUndefined();
    await second.ended;
    expect(existsSync(`/tmp/rolecall.${NONCE}`)).toBe(true);
    child.stdin.end();
    await waitFor('the end', () => !existsSync(`/tmp/rolecall.${NONCE}`));
  });

  it('runs nothing of a script that arrives in part', async () => {
    const whole = bootstrapScript(NONCE);
    for (const part of [whole.length - 12, Math.floor(whole.length / 2), 100]) {
      const child = spawn('/bin/sh', ['-c', LOADER], { env: { PATH: '/usr/bin:/bin', XDG_RUNTIME_DIR: runtime } });
      child.stdin.end(whole.slice(0, part));
      await new Promise((resolve) => child.once('close', resolve));
      expect(readdirSync(runtime)).toEqual([]);
    }
  });

  it('believes no line that is not its own', async () => {
    const { channel, child } = start('/bin/sh');
    child.stdout.unshift(`ready\nat /tmp/x /bin/sh\n${NONCE}\n${NONCE} at /tmp/$(id)/rolecall.${NONCE} /bin/sh\n`);
    expect(await channel.place).toBeUndefined();
    expect(channel.noise()).toContain('at /tmp/x /bin/sh\n');
  });
});
