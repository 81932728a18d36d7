// Logs, state files, folders and the copy of the sh client: written completely or not at all, for their owner only.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createCatalogFiles } from '../../src/daemon/roles/catalog-files.ts';
import { refreshCredentialProcessCopy } from '../../src/daemon/process/credential-process-copy.ts';
import { tryDaemonLock } from '../../src/daemon/process/lock.ts';
import { openLogFile } from '../../src/daemon/process/log.ts';
import { quoteForShell } from '../../src/core/text/quote-for-shell.ts';
import { ensurePrivateDirectory } from '../../src/platform/files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../../src/platform/files/private-file.ts';
import { runTicker } from '../../src/daemon/process/ticker.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createRig } from '../helpers/rig.ts';
import { openStateFiles } from '../helpers/state-files.ts';
import { CREDENTIAL_PROCESS, runProcess } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const USER_ID = process.getuid?.() ?? -1;

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

const at = (...names: string[]) => join(home.path, ...names);
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the log', () => {
  const clock = createFakeClock();

  test('has one line per event with any content, and is readable only by its owner', () => {
    const { log, close } = openLogFile(at('daemon.log'), clock);
    log('info', 'hello');
    log('warn', 'two\nlines\r\u001b[31m\u0000\u007f\u009b\u202e');
    log('error', 'é 🙂');
    close();
    expect(readFileSync(at('daemon.log'), 'utf8')).toBe(
      '2026-11-24T06:00:00Z info hello\n' +
        '2026-11-24T06:00:00Z warn two\\nlines\\r\\u001b[31m\\u0000\\u007f\\u009b\\u202e\n' +
        '2026-11-24T06:00:00Z error é 🙂\n',
    );
    expect(modeOf(at('daemon.log'))).toBe(0o600);
    // Closed is closed.
    log('info', 'too late');
    expect(readFileSync(at('daemon.log'), 'utf8')).not.toContain('too late');
  });

  test('continues an existing file, and repeats each line to a watcher', () => {
    openLogFile(at('daemon.log'), clock).log('info', 'first');
    const watched: string[] = [];
    openLogFile(at('daemon.log'), clock, { alsoTo: (line) => void watched.push(line) }).log('info', 'second');
    expect(readFileSync(at('daemon.log'), 'utf8')).toBe(
      '2026-11-24T06:00:00Z info first\n2026-11-24T06:00:00Z info second\n',
    );
    expect(watched).toEqual(['2026-11-24T06:00:00Z info second\n']);
  });

  test('has a size limit in bytes, and keeps one predecessor', () => {
    const maxBytes = 1000;
    const { log } = openLogFile(at('daemon.log'), clock, { maxBytes });
    for (let index = 0; index < 200; index += 1) log('info', `ééééé ${index}`);
    const sizes = ['daemon.log', 'daemon.log.1'].map((name) => statSync(at(name)).size);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(maxBytes);
    expect(readdirSync(home.path).filter((name) => name.startsWith('daemon.log'))).toHaveLength(2);
    expect(readFileSync(at('daemon.log'), 'utf8')).toContain('199\n');
    expect(modeOf(at('daemon.log.1'))).toBe(0o600);
  });

  test('follows no symlink and replaces no folder, but drops its lines', () => {
    writeFileSync(at('elsewhere'), 'mine');
    symlinkSync(at('elsewhere'), at('linked.log'));
    mkdirSync(at('folder.log'));
    for (const name of ['linked.log', 'folder.log', join('missing', 'daemon.log')]) {
      const { log, close } = openLogFile(at(name), clock);
      log('info', 'hello');
      close();
    }
    expect(readFileSync(at('elsewhere'), 'utf8')).toBe('mine');
  });

  test("drops lines while it can't be rotated, and continues once it can", () => {
    mkdirSync(at('daemon.log.1', 'in-the-way'), { recursive: true });
    const { log } = openLogFile(at('daemon.log'), clock, { maxBytes: 100 });
    for (let index = 0; index < 10; index += 1) log('info', `line ${index}`);
    expect(statSync(at('daemon.log')).size).toBeLessThanOrEqual(100);
  });

  test.skipIf(!existsSync('/dev/full'))('drops lines on a full disk', () => {
    const { log } = openLogFile('/dev/full', clock);
    expect(() => log('info', 'hello')).not.toThrow();
    expect(() => log('info', 'hello again')).not.toThrow();
  });
});

describe('a private folder', () => {
  test('is created with its parents, all of them for their owner only', () => {
    ensurePrivateDirectory(at('a', 'b', 'c'), USER_ID);
    expect([at('a'), at('a', 'b'), at('a', 'b', 'c')].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
    // Once more is no error.
    ensurePrivateDirectory(at('a', 'b', 'c'), USER_ID);
  });

  const refusal = (path: string, userId = USER_ID): unknown => {
    try {
      ensurePrivateDirectory(path, userId);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  test('is refused if it is not private, with the reason and a command', () => {
    mkdirSync(at('open to all'));
    chmodSync(at('open to all'), 0o755);
    mkdirSync(at('mine'), { mode: 0o700 });
    symlinkSync(at('mine'), at('link'));
    symlinkSync(at('nowhere'), at('dangling'));
    writeFileSync(at('file'), '');
    const rows = [
      [refusal(at('open to all')), 'other users can enter it', `chmod 700 '${at('open to all')}'`],
      [refusal(at('link')), 'it is a symbolic link', `rm ${at('link')} && mv ${at('mine')} ${at('link')}`],
      [refusal(at('dangling')), 'it is a symbolic link', `mv ${at('dangling')} ${at('dangling')}.old`],
      [refusal(at('file')), 'it is not a directory', `mv ${at('file')} ${at('file')}.old`],
      [refusal(at('mine'), USER_ID + 1), 'it belongs to another user', `ls -ld ${at('mine')}`],
    ] as const;
    for (const [error, reason, hint] of rows) {
      expect(error).toMatchObject({ code: 'file-not-writable', exitCode: 7, hint });
      expect((error as Error).message).toMatch(new RegExp(`^The directory /.* can't be used: ${reason}\\.$`));
    }
    if (USER_ID === 0) {
      mkdirSync(at('theirs'), { mode: 0o700 });
      chownSync(at('theirs'), 1, 1);
      expect(refusal(at('theirs'))).toMatchObject({ hint: `sudo chown -R "$(id -u)" ${at('theirs')}` });
    }
    expect(refusal(at('file', 'below', 'it'))).toMatchObject({
      message: `${at('file', 'below', 'it')} cannot be used: ${at('file')} is not a folder.`,
      hint: `mv ${at('file')} ${at('file')}.old`,
    });
  });

  test('is refused, and not created, if others could replace it through a folder above', async () => {
    mkdirSync(at('shared', 'home', 'state'), { recursive: true, mode: 0o700 });
    chmodSync(at('shared'), 0o777);
    const path = at('shared', 'home', 'state', 'rolecall');
    const expected = {
      code: 'file-not-writable',
      exitCode: 7,
      message: `${path} is not safe to use, because other users could replace it: ${at('shared')} is writable by other users.`,
      hint: `chmod go-w ${at('shared')}`,
    };
    expect(refusal(path)).toMatchObject(expected);
    expect(existsSync(path)).toBe(false);
    mkdirSync(path, { mode: 0o700 });
    expect(refusal(path)).toMatchObject(expected);
    await expect(writePrivateFile(join(path, 'state.json'), 'x')).rejects.toMatchObject({
      message: expect.stringContaining(`${at('shared')} is writable by other users`),
      hint: expected.hint,
    });
    expect(readdirSync(path)).toEqual([]);
    chmodSync(at('shared'), 0o1777);
    expect(refusal(path)).toBeUndefined();
  });

  test('is quoted in commands if its name needs it', () => {
    expect([quoteForShell('/a/b-c_d.e+f@g'), quoteForShell('/a b'), quoteForShell("/it's $HOME")]).toEqual([
      '/a/b-c_d.e+f@g',
      "'/a b'",
      `'/it'\\''s $HOME'`,
    ]);
  });
});

describe('a state file', () => {
  test('is written completely, with 0600, in new folders, and read back', async () => {
    expect(await readPrivateFile(at('new', 'state.json'))).toBeUndefined();
    await writePrivateFile(at('new', 'state.json'), 'one');
    await writePrivateFile(at('new', 'state.json'), 'two');
    expect(await readPrivateFile(at('new', 'state.json'))).toBe('two');
    expect([modeOf(at('new')), modeOf(at('new', 'state.json'))]).toEqual([0o700, 0o600]);
    expect(readdirSync(at('new'))).toEqual(['state.json']);
  });

  test('contains one of the complete texts after many concurrent writes', async () => {
    const texts = Array.from({ length: 30 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(texts.map((text) => writePrivateFile(at('state.json'), text)));
    expect(texts).toContain(readFileSync(at('state.json'), 'utf8'));
    expect(readdirSync(home.path).filter((name) => name.includes('state.json'))).toEqual(['state.json']);
  });

  test('that is a folder is an error, for reads and writes', async () => {
    mkdirSync(at('folder', 'full'), { recursive: true });
    for (const attempt of [readPrivateFile(at('folder')), writePrivateFile(at('folder'), 'text')]) {
      await expect(attempt).rejects.toMatchObject({
        code: 'file-not-writable',
        message: expect.stringContaining(at('folder')),
      });
    }
  });
});

describe('the lock', () => {
  test('has one holder at a time, and the next once it is released', () => {
    const first = tryDaemonLock(at('daemon.lock'));
    expect(tryDaemonLock(at('daemon.lock'))).toBeUndefined();
    first?.release();
    const second = tryDaemonLock(at('daemon.lock'));
    expect(second).toBeDefined();
    second?.release();
    expect(modeOf(at('daemon.lock'))).toBe(0o600);
  });

  test('follows no symlink', () => {
    symlinkSync(at('elsewhere'), at('daemon.lock'));
    expect(() => tryDaemonLock(at('daemon.lock'))).toThrow(/ELOOP/);
    expect(existsSync(at('elsewhere'))).toBe(false);
  });
});

describe('the list of a session on disk', () => {
  const session = { sessionName: 's', startUrl: 'https://a', region: 'us-east-1', registrationScopes: [] };
  const catalog = {
    asOfMs: 1000,
    complete: true,
    accounts: [{ sessionName: 's', accountId: '011111111111', permissionSets: ['A'] }],
  };
  const logged: string[] = [];
  const files = (endpoints = {}) =>
    createCatalogFiles({
      directory: at('catalog'),
      endpointsOf: () => endpoints,
      openStateFile: openStateFiles(),
      log: (_level, message) => void logged.push(message),
    });

  test('is read back unchanged, for the same Identity Center only', async () => {
    expect(await files().load(session)).toBeUndefined();
    await files().save(session, catalog);
    expect(await files().load(session)).toEqual(catalog);
    expect(await files().load({ ...session, startUrl: 'https://b' })).toBeUndefined();
    expect(await files({ sso: 'http://127.0.0.1:1' }).load(session)).toBeUndefined();
  });

  test.each([
    'no JSON',
    'null',
    '{}',
    '{"schemaVersion":1}',
    'OURS{"asOfMs":"x"}',
    'OURS{"asOfMs":1e300}',
    'OURS{"accounts":[null]}',
    'OURS{"accounts":[{"accountId":1,"permissionSets":[]}]}',
    'OURS{"accounts":[{"accountId":"1","permissionSets":[2]}]}',
    'OURS{"accounts":[{"accountId":"1","permissionSets":[],"accountName":2}]}',
    'OURS{"accounts":[{"accountId":"1","permissionSets":[],"emailAddress":{}}]}',
  ])('counts as never listed when it holds %s', async (text) => {
    await files().save(session, catalog);
    const [name = ''] = readdirSync(at('catalog'));
    const ours = JSON.parse(readFileSync(at('catalog', name), 'utf8')) as object;
    const changed = text.startsWith('OURS')
      ? JSON.stringify({ ...ours, ...(JSON.parse(text.slice(4)) as object) })
      : text;
    writeFileSync(at('catalog', name), changed);
    expect(await files().load(session)).toBeUndefined();
  });
});

describe('the copy of rolecall-credential-process', () => {
  const template = CREDENTIAL_PROCESS;

  test('contains the paths of this installation, and is written only if it differs', async () => {
    const clientPath = at(`it's "$(touch x)" & a space`, 'main.js');
    mkdirSync(join(clientPath, '..'), { recursive: true });
    writeFileSync(clientPath, 'console.log("client", ...process.argv.slice(2))');
    const sources = {
      templatePath: template,
      copyPath: at('bin', 'copy'),
      nodePath: process.execPath,
      clientPath,
    };
    const mask = process.umask(0o177);
    try {
      expect(await refreshCredentialProcessCopy(sources)).toBe(true);
    } finally {
      process.umask(mask);
    }
    expect(modeOf(sources.copyPath)).toBe(0o700);
    const { ino, mtimeMs } = lstatSync(sources.copyPath);
    expect(await refreshCredentialProcessCopy(sources)).toBe(false);
    expect(lstatSync(sources.copyPath)).toMatchObject({ ino, mtimeMs });
    // Without a daemon it hands over to the client at exactly that path.
    const ran = await runProcess(sources.copyPath, ['--current'], { environment: home.environment });
    expect({ ...ran, stdout: ran.stdout.trim() }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^client credential-process --deadline-seconds \d+ --current$/),
      stderr: '',
    });
    expect(await refreshCredentialProcessCopy({ ...sources, nodePath: '/another/node' })).toBe(true);
    expect(readFileSync(sources.copyPath, 'utf8')).toContain('\nnode=/another/node\n');
    expect(readdirSync(at('bin'))).toEqual(['copy']);
  });

  test('gets its content and mode back', async () => {
    const sources = { templatePath: template, copyPath: at('copy'), nodePath: '/n', clientPath: '/c' };
    await refreshCredentialProcessCopy(sources);
    chmodSync(at('copy'), 0o600);
    expect(await refreshCredentialProcessCopy(sources)).toBe(true);
    expect(modeOf(at('copy'))).toBe(0o700);
    writeFileSync(at('copy'), '');
    expect(await refreshCredentialProcessCopy(sources)).toBe(true);
  });

  test("that can't be written is an error that names it", async () => {
    writeFileSync(at('file'), '');
    await expect(
      refreshCredentialProcessCopy({
        templatePath: template,
        copyPath: at('file', 'copy'),
        nodePath: '/n',
        clientPath: '/c',
      }),
    ).rejects.toMatchObject({ code: 'file-not-writable', message: expect.stringContaining(at('file', 'copy')) });
  });
});

describe('timed work', () => {
  test('runs soon after the start, then on each tick; a failure is logged, and a slow task delays only itself', async () => {
    const clock = createFakeClock();
    const signal = new AbortController();
    const logged: string[] = [];
    const runs = { good: 0, bad: 0, slow: 0 };
    let finishSlow: () => void = () => undefined;
    const ended = runTicker({
      clock,
      signal: signal.signal,
      log: (level, message) => void logged.push(`${level} ${message}`),
      tasks: [
        {
          name: 'slow',
          run: () => {
            runs.slow += 1;
            return new Promise((resolve) => (finishSlow = resolve));
          },
        },
        {
          name: 'bad',
          run: () => {
            runs.bad += 1;
            return Promise.reject(new Error('broken'));
          },
        },
        {
          name: 'good',
          run: async () => {
            runs.good += 1;
          },
        },
      ],
    });
    await clock.advance(999);
    expect(runs).toEqual({ good: 0, bad: 0, slow: 0 });
    await clock.advance(1);
    expect(runs).toEqual({ good: 1, bad: 1, slow: 1 });
    await clock.advance(30_000);
    expect(runs).toEqual({ good: 3, bad: 3, slow: 1 });
    expect(logged).toEqual(['warn bad: broken', 'warn bad: broken', 'warn bad: broken']);
    finishSlow();
    await clock.advance(15_000);
    expect(runs).toEqual({ good: 4, bad: 4, slow: 2 });
    signal.abort();
    finishSlow();
    await ended;
    expect(clock.pendingSleeps()).toBe(0);
  });
});

test('a starting daemon removes all temporary files of killed ones', async () => {
  const rig = await createRig();
  onTestFinished(() => rig.remove());
  const { switchDirectory, stateDirectory } = rig.paths;
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const leftover = (folder: string, name: string, pid: number) =>
    join(folder, `.${name}.rolecall-${pid}-abc-0123456789ab.tmp`);
  const go = [
    leftover(stateDirectory, 'users.json', dead),
    leftover(join(stateDirectory, 'catalog'), 'e80b9d5503e352c3.json', dead),
    leftover(switchDirectory, 'used', dead),
  ];
  const stay = [leftover(stateDirectory, 'users.json', process.ppid), join(stateDirectory, '.notes.tmp')];
  for (const path of [...go, ...stay]) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, '');
  }
  await rig.restartDaemon();
  expect([...go, ...stay].filter((path) => existsSync(path))).toEqual(stay);
});
