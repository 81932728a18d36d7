// The config file on disk: replaced atomically under a lock, keeping mode, owner and symlinks; unchanged after a failure.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfigFile } from '../../../src/aws-config/files/config-file.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { canForbidChanges, withoutChanges } from '../../helpers/forbid-changes.ts';
import type { TemporaryHome } from '../../helpers/temporary-home.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const isRoot = process.getuid?.() === 0;
const canMount = isRoot && process.platform === 'linux' && spawnSync('mount', ['--version']).status === 0;

let home: TemporaryHome;
let folder: string;
let path: string;

beforeEach(() => {
  home = createTemporaryHome();
  folder = join(home.path, '.aws');
  path = join(folder, 'config');
});

afterEach(async () => {
  await home.remove();
});

const configFile = (at = path) => createConfigFile({ path: at, clock: createSystemClock() });
const modeOf = (at: string) => statSync(at).mode & 0o777;
const unwritable = (reason: string, at = path): unknown =>
  expect.objectContaining({ code: 'file-not-writable', exitCode: 7, message: `${at} cannot be written: ${reason}.` });
const changed: unknown = expect.objectContaining({
  code: 'config-changed-meanwhile',
  exitCode: 1,
  message: expect.stringContaining('was changed by another program at the same time.'),
});

function writeExisting(text: string, mode = 0o600): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe('reading', () => {
  it('gives an empty document for a missing file and for a dangling symlink', async () => {
    mkdirSync(folder);
    expect(await configFile().read()).toMatchObject({ document: { path, text: '', problems: [] }, exists: false });
    symlinkSync('nowhere', path);
    expect(await configFile().read()).toMatchObject({ document: { text: '' }, exists: false });
  });

  it('gives the document and the modification time', async () => {
    writeExisting('[default]\r\nregion = x');
    expect(await configFile().read()).toMatchObject({
      document: { text: '[default]\r\nregion = x', sections: [{ kind: 'default' }] },
      exists: true,
      modifiedAtMs: statSync(path).mtimeMs,
    });
  });

  it('parses a long file once for concurrent readers, and again for a reader that finds it changed', async () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `[profile p${index}]\nregion = us-east-1\n`).join('');
    writeExisting(text);
    const file = configFile();
    // One read may finish after the other's parse; then both are repeated.
    await waitFor('two readers at a time to get one parse', async () => {
      const [one, other] = await Promise.all([file.read(), file.read()]);
      return other.document === one.document;
    });

    const before = file.read();
    await nextTurn();
    writeExisting(`${text}[profile last]\n`);
    expect((await file.read()).document.sections.at(-1)?.name).toBe('last');
    await before;
  });

  it('keeps a byte order mark and reports bytes that are not UTF-8', async () => {
    mkdirSync(folder);
    writeFileSync(path, Buffer.from([0xef, 0xbb, 0xbf, 0x5b, 0x61, 0x5d, 0x0a, 0xff, 0x3d, 0x0a]));
    const { document } = await configFile().read();
    expect(document.problems.map(({ line, reason }) => [line, reason])).toEqual([
      [1, 'the file starts with a byte order mark, which AWS clients cannot read'],
      [2, 'this line is not valid UTF-8'],
    ]);
    await expect(configFile().write(document.text, '[a]\n')).rejects.toMatchObject({
      code: 'config-malformed',
      message: `${path}, line 1: the file starts with a byte order mark, which AWS clients cannot read (and 1 more).`,
    });
    await expect(configFile().write('[other]\n', '[a]\n')).rejects.toEqual(changed);
  });

  it('accepts a replacement character that is really in the file', async () => {
    writeExisting('# \ufffd\n');
    expect((await configFile().read()).document.problems).toEqual([]);
  });

  it('names the obstacle', async () => {
    writeExisting('x');
    const below = join(path, 'config');
    await expect(configFile(below).read()).rejects.toMatchObject({
      code: 'file-not-writable',
      message: `${below} cannot be read: ${path} is not a folder.`,
    });
    await expect(configFile(folder).read()).rejects.toMatchObject({
      message: `${folder} cannot be read: it is a folder, not a file.`,
    });
  });
});

describe('a new file', () => {
  it('is created 0600 in a new folder 0700, with no other files', async () => {
    expect(await configFile().write('', '[default]\n')).toBe('written');
    expect([readFileSync(path, 'utf8'), modeOf(path), modeOf(folder), readdirSync(folder)]).toEqual([
      '[default]\n',
      0o600,
      0o700,
      ['config'],
    ]);
  });

  it('is not created for an empty text', async () => {
    expect(await configFile().write('', '')).toBe('unchanged');
    expect(existsSync(folder)).toBe(false);
  });

  it('is created by one of several writers, and the others get an error', async () => {
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((text) => configFile().write('', `[${text}]\n`)),
    );
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(reasons).toEqual([changed, changed, changed]);
    expect(readdirSync(folder)).toEqual(['config']);
  });

  it('is created at the target of a dangling symlink if the folder exists', async () => {
    mkdirSync(folder);
    mkdirSync(join(home.path, 'dotfiles'));
    symlinkSync('../dotfiles/aws-config', path);
    expect(await configFile().write('', '[a]\n')).toBe('written');
    expect([readlinkSync(path), readFileSync(join(home.path, 'dotfiles', 'aws-config'), 'utf8')]).toEqual([
      '../dotfiles/aws-config',
      '[a]\n',
    ]);

    const other = join(folder, 'other');
    symlinkSync('../unmounted/aws-config', other);
    await expect(configFile(other).write('', '[a]\n')).rejects.toEqual(
      unwritable('a folder in its path does not exist', other),
    );
    expect(existsSync(join(home.path, 'unmounted'))).toBe(false);
  });
});

describe('an existing file', () => {
  it('keeps its mode and gets exactly the given bytes', async () => {
    writeExisting('[a]\r\nb = ü', 0o664);
    expect(await configFile().write('[a]\r\nb = ü', '[a]\r\nb = 🚀')).toBe('written');
    expect([readFileSync(path, 'utf8'), modeOf(path), readdirSync(folder)]).toEqual([
      '[a]\r\nb = 🚀',
      0o664,
      ['config'],
    ]);
  });

  it('is not written when nothing changes', async () => {
    writeExisting('[a]\n');
    const before = statSync(path);
    expect(await configFile().write('[a]\n', '[a]\n')).toBe('unchanged');
    expect([statSync(path).ino, statSync(path).mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('is replaced behind its symlinks', async () => {
    writeExisting('');
    const target = join(home.path, 'dotfiles', 'config');
    mkdirSync(join(home.path, 'dotfiles'));
    writeFileSync(target, '[a]\n', { mode: 0o640 });
    symlinkSync('../dotfiles/config', join(folder, 'second'));
    const link = join(folder, 'first');
    symlinkSync('second', link);
    await configFile(link).write('[a]\n', '[b]\n');
    expect([lstatSync(link).isSymbolicLink(), readFileSync(target, 'utf8'), modeOf(target)]).toEqual([
      true,
      '[b]\n',
      0o640,
    ]);
    expect([readdirSync(join(home.path, 'dotfiles')), readdirSync(folder)]).toEqual([
      ['config'],
      ['config', 'first', 'second'],
    ]);
  });

  it.skipIf(!isRoot)('keeps its owner (as root)', async () => {
    writeExisting('[a]\n');
    chownSync(path, 1234, 2345);
    await configFile().write('[a]\n', '[b]\n');
    expect([statSync(path).uid, statSync(path).gid, modeOf(path)]).toEqual([1234, 2345, 0o600]);
  });

  it('is not overwritten when another program changed, created or removed it', async () => {
    writeExisting('[a]\nmine = 1\n');
    await expect(configFile().write('[a]\n', '[b]\n')).rejects.toEqual(changed);
    await expect(configFile().write('', '[b]\n')).rejects.toEqual(changed);
    await expect(configFile(join(folder, 'gone')).write('[a]\n', '[b]\n')).rejects.toEqual(changed);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['[a]\nmine = 1\n', ['config']]);
  });

  it('is not overwritten when an editor saves while the temporary file is written', async () => {
    writeExisting('[a]\n');
    const writing = configFile()
      .write('[a]\n', `[b]\n# ${'x'.repeat(16 * 1024 * 1024)}\n`)
      .catch((error: unknown) => error);
    while (readdirSync(folder).length === 1) await nextTurn();
    writeFileSync(path, '[saved]\n');
    expect(await writing).toEqual(changed);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['[saved]\n', ['config']]);
  });
});

describe('the lock', () => {
  async function holdLock(): Promise<FileHandle> {
    const holder = await open(path, 'r+');
    expect(tryLock(holder.fd)).toBe(true);
    return holder;
  }

  it('makes a writer wait and then check the file again', async () => {
    writeExisting('[a]\n');
    const clock = createFakeClock();
    const file = createConfigFile({ path, clock });
    const holder = await holdLock();
    const writing = file.write('[a]\n', '[b]\n').catch((error: unknown) => error);
    await waitFor('the writer to wait for the lock', () => clock.pendingSleeps() === 1);
    writeFileSync(path, '[c]\n');
    await holder.close();
    await clock.advance(20);
    expect(await writing).toEqual(changed);
  });

  it('is taken on the new file when the file was replaced meanwhile', async () => {
    writeExisting('[a]\n');
    const clock = createFakeClock();
    const holder = await holdLock();
    const writing = createConfigFile({ path, clock }).write('[a]\n', '[b]\n');
    await waitFor('the writer to wait for the lock', () => clock.pendingSleeps() === 1);
    writeFileSync(join(folder, 'new'), '[a]\n', { mode: 0o644 });
    renameSync(join(folder, 'new'), path);
    await holder.close();
    await clock.advance(20);
    expect(await writing).toBe('written');
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['[b]\n', 0o644]);
  });

  it('times out after ten seconds', async () => {
    writeExisting('[a]\n');
    const clock = createFakeClock();
    const holder = await holdLock();
    const writing = createConfigFile({ path, clock })
      .write('[a]\n', '[b]\n')
      .catch((error: unknown) => error);
    await waitFor('the writer to wait for the lock', () => clock.pendingSleeps() === 1);
    await clock.advance(10_000);
    expect(await writing).toEqual(unwritable('another program keeps it locked'));
    await holder.close();
  });
});

describe('what cannot be written', () => {
  it('is a read-only file, even as root', async () => {
    writeExisting('[a]\n', 0o444);
    await expect(configFile().write('[a]\n', '[b]\n')).rejects.toEqual(unwritable('the file is read-only'));
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['[a]\n', 0o444]);
  });

  it('is a folder, a pipe or a device, without hanging or replacing it', async () => {
    writeExisting('x');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const at of [folder, pipe, '/dev/null']) {
      await expect(configFile(at).write('', '[b]\n')).rejects.toEqual(unwritable('it is not a regular file', at));
    }
    await expect(configFile(pipe).read()).rejects.toMatchObject({
      message: `${pipe} cannot be read: it is a named pipe, not a file.`,
    });
    expect((await configFile('/dev/null').read()).document.text).toBe('');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('is a path through a file, a symlink to itself, or a name that is too long', async () => {
    writeExisting('x');
    const below = join(path, 'config');
    await expect(configFile(below).write('', 'y')).rejects.toEqual(unwritable(`${path} is not a folder`, below));
    const circle = join(folder, 'circle');
    symlinkSync('circle', circle);
    await expect(configFile(circle).write('', 'y')).rejects.toEqual(unwritable('its symlinks form a loop', circle));
    const long = join(folder, 'n'.repeat(300));
    await expect(configFile(long).write('', 'y')).rejects.toEqual(unwritable('its name is too long', long));
  });

  it.skipIf(!canForbidChanges())('is a file in a folder that takes no new files (as root, by chattr)', async () => {
    writeExisting('[a]\n');
    await withoutChanges(folder, async () => {
      await expect(configFile().write('[a]\n', '[b]\n')).rejects.toEqual(unwritable('the system does not permit it'));
    });
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['[a]\n', ['config']]);
  });

  describe.skipIf(!canMount)('on a small disk of its own (as root, by tmpfs)', () => {
    beforeEach(() => {
      mkdirSync(folder);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    });

    afterEach(() => {
      execFileSync('umount', [folder]);
    });

    it('is a text larger than the free disk space; the old file stays and no temporary file is left', async () => {
      writeExisting('[a]\n');
      await expect(configFile().write('[a]\n', 'x'.repeat(200_000))).rejects.toEqual(unwritable('the disk is full'));
      expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['[a]\n', ['config']]);
      await expect(configFile(join(folder, 'new')).write('', 'x'.repeat(200_000))).rejects.toEqual(
        unwritable('the disk is full', join(folder, 'new')),
      );
      expect(readdirSync(folder)).toEqual(['config']);
    });

    it('is anything on a read-only disk', async () => {
      writeExisting('[a]\n');
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      await expect(configFile().write('[a]\n', '[b]\n')).rejects.toEqual(unwritable('the file system is read-only'));
      expect((await configFile().read()).document.text).toBe('[a]\n');
    });
  });
});

describe('leftovers of killed writers', () => {
  it('are deleted at the next write; those of running writers and other programs stay', async () => {
    writeExisting('[a]\n');
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const stay = [
      `.config.rolecall-${process.ppid}-abc-0123456789ab.tmp`,
      '.config.rolecall-notes.tmp',
      `.other.rolecall-${dead}-abc-0123456789ab.tmp`,
      'config~',
    ];
    const go = [
      `.config.rolecall-${dead}-abc-0123456789ab.tmp`,
      // In a container every run has the same process id.
      `.config.rolecall-${process.pid}-abc-0123456789ab.tmp`,
    ];
    for (const name of [...stay, ...go]) writeFileSync(join(folder, name), '');
    await configFile().write('[a]\n', '[b]\n');
    expect(readdirSync(folder).toSorted()).toEqual(['config', ...stay].toSorted());
  });

  it('are deleted even if the dead writer is a zombie, as in a container without an init process', async () => {
    writeExisting('[a]\n');
    // The shell is replaced by a program that never waits for the child, which ends later.
    const keeper = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(keeper.stdout, 'data')) as [Buffer];
      const pid = line.toString().trim();
      // A zombie: dead, but still in the process table.
      await waitFor('the child to be dead', () => / Z /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
      writeFileSync(join(folder, `.config.rolecall-${pid}-abc-0123456789ab.tmp`), '');
      await configFile().write('[a]\n', '[b]\n');
      expect(readdirSync(folder)).toEqual(['config']);
    } finally {
      keeper.kill('SIGKILL');
    }
  });
});

describe('several processes', () => {
  const module = new URL('../../../dist/aws-config/files/config-file.js', import.meta.url).href;
  const clock = new URL('../../../dist/core/clock.js', import.meta.url).href;
  const start = (body: string, ...args: string[]) =>
    spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { createConfigFile } from '${module}';
import { createSystemClock } from '${clock}';
const [path, ...rest] = process.argv.slice(1);
const file = createConfigFile({ path, clock: createSystemClock() });
${body}`,
        path,
        ...args,
      ],
      { env: home.environment, stdio: ['ignore', 'pipe', 'inherit'] },
    );

  it('do not lose each other’s lines', async () => {
    writeExisting('[a]\n');
    const append = `
      for (let count = 0; count < 40; ) {
        const { document } = await file.read();
        try {
          await file.write(document.text, document.text + 'k' + rest[0] + count + ' = 1\\n');
          count += 1;
        } catch (error) {
          if (error.code !== 'config-changed-meanwhile') throw error;
        }
      }`;
    const writers = ['x', 'y', 'z'].map((name) => start(append, name));
    const exits = await Promise.all(writers.map(async (writer) => (await once(writer, 'exit'))[0] as unknown));
    expect(exits).toEqual([0, 0, 0]);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(new Set(lines).size).toBe(121);
    expect(readdirSync(folder)).toEqual(['config']);
  });

  it('killed at any moment leave the old or the new file, and the next write removes leftovers', async () => {
    const [one, two] = ['1', '2'].map((digit) => `[a]\nb = ${digit.repeat(300_000)}\n`) as [string, string];
    writeExisting(one);
    const flip = `
      for (let count = 0; ; count += 1) {
        const { document } = await file.read();
        const digit = document.text.includes('1') ? '2' : '1';
        await file.write(document.text, '[a]\\nb = ' + digit.repeat(300000) + '\\n');
        // The first run is the slowest.
        if (count === 0) process.stdout.write('ready');
      }`;
    let leftoverCount = 0;
    for (let round = 0; round < 30; round += 1) {
      const writer = start(flip);
      await once(writer.stdout, 'data');
      await createSystemClock().sleep(1 + ((round * 7) % 23));
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      const text = readFileSync(path, 'utf8');
      expect(text === one || text === two).toBe(true);
      leftoverCount = Math.max(leftoverCount, readdirSync(folder).length - 1);
    }
    // Proves that some were killed while writing.
    expect(leftoverCount).toBeGreaterThan(0);
    await configFile().write(readFileSync(path, 'utf8'), '[done]\n');
    expect(readdirSync(folder)).toEqual(['config']);
  });
});
