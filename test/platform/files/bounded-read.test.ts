// Bounded reads: what is no regular file, or too large, is told by name and never waited for.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readBoundedBytes,
  readBoundedFile,
  readBoundedFileSync,
  type OpenFile,
} from '../../../src/platform/files/bounded-read.ts';

const MIB = 1024 * 1024;

const READERS: readonly (readonly [string, (path: string, maxBytes: number) => Promise<string>])[] = [
  ['readBoundedFile', readBoundedFile],
  ['readBoundedFileSync', async (path, maxBytes) => readBoundedFileSync(path, maxBytes)],
];

describe.each(READERS)('%s', (_name, read) => {
  let folder: string;
  const socket = createServer();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bounded-read-'));
    await new Promise<void>((resolve) => void socket.listen(join(folder, 'socket'), resolve));
  });
  afterAll(() => {
    socket.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads a file of exactly the limit, through a symlink, and an empty one', async () => {
    const text = 'ä'.repeat(MIB / 2);
    writeFileSync(join(folder, 'file'), text);
    symlinkSync('file', join(folder, 'link'));
    writeFileSync(join(folder, 'empty'), '');
    expect(await read(join(folder, 'link'), MIB)).toBe(text);
    expect(await read(join(folder, 'empty'), MIB)).toBe('');
  });

  it('reads a file whose size is not known in advance, up to the limit', async () => {
    expect(await read('/proc/self/status', MIB)).toContain('Pid:');
    await expect(read('/proc/self/status', 16)).rejects.toThrow('/proc/self/status is larger than');
  });

  it('reads /dev/null as an empty file', async () => {
    expect(await read('/dev/null', MIB)).toBe('');
  });

  it('refuses a file above the limit without reading it', async () => {
    writeFileSync(join(folder, 'large'), '');
    truncateSync(join(folder, 'large'), 1024 * MIB);
    await expect(read(join(folder, 'large'), MIB)).rejects.toThrow(`${join(folder, 'large')} is larger than 1 MiB`);
  });

  it('refuses anything but a file, and tells what it is', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    symlinkSync('/dev/zero', join(folder, 'zero'));
    await expect(read(join(folder, 'pipe'), MIB)).rejects.toThrow(
      `${join(folder, 'pipe')} is a named pipe, not a file`,
    );
    await expect(read(join(folder, 'zero'), MIB)).rejects.toThrow(`${join(folder, 'zero')} is a device, not a file`);
    await expect(read(folder, MIB)).rejects.toThrow(`${folder} is a folder, not a file`);
    await expect(read(join(folder, 'socket'), MIB)).rejects.toThrow(
      `${join(folder, 'socket')} is a socket or a device, not a file`,
    );
  });

  it("passes on Node's error if nothing is there", async () => {
    await expect(read(join(folder, 'missing'), MIB)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a file that somebody saves in place while it is read', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bounded-read-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the file, and saves another text in it once the first piece was read. */
  const savedMeanwhile =
    (path: string, nextText: () => string | undefined) =>
    async (name: string, flags: number): Promise<OpenFile> => {
      const file = await open(name, flags);
      let pieces = 0;
      return {
        stat: () => file.stat(),
        close: () => file.close(),
        async read(buffer, offset, length, position) {
          const piece = await file.read(buffer, offset, length, position);
          pieces += 1;
          const text = pieces === 1 ? nextText() : undefined;
          if (text !== undefined) writeFileSync(path, text);
          return piece;
        },
      };
    };

  it('is read again, so that no beginning has the end of another text', async () => {
    const path = join(folder, 'config');
    writeFileSync(path, '[profile old]\n');
    const texts = ['[profile new]\nregion = eu-west-1\n'];
    const content = await readBoundedBytes(
      path,
      MIB,
      savedMeanwhile(path, () => texts.shift()),
    );
    expect(content.toString()).toBe('[profile new]\nregion = eu-west-1\n');
  });

  it('is used as it was read last if it keeps changing', async () => {
    const path = join(folder, 'restless');
    writeFileSync(path, '.');
    let text = '.';
    const content = await readBoundedBytes(
      path,
      MIB,
      savedMeanwhile(path, () => (text += '.')),
    );
    expect(content.toString()).toMatch(/^\.+$/);
    expect(text.length).toBeLessThan(20);
  });
});
