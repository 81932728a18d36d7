// The digest of a file's content, which is read in pieces.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestFile, digestText } from '../../../src/platform/files/digest.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

function createFile(content: string): string {
  const home = createTemporaryHome();
  onTestFinished(() => home.remove());
  const path = join(home.path, 'file');
  writeFileSync(path, content);
  return path;
}

test.each([
  ['of an empty file', ''],
  ['of text with other characters than ASCII', 'Ünï 🚀\n'],
  ['of several pieces', 'a line of text\n'.repeat(50_000)],
])('is that of the text: %s', async (_, text) => {
  expect(await digestFile(createFile(text), 1024 * 1024)).toBe(digestText(text));
});

test('takes /dev/null for an empty file', async () => {
  expect(await digestFile('/dev/null', 10)).toBe(digestText(''));
});

test('refuses what is too large or not a file, and names it', async () => {
  const path = createFile('12345');
  await expect(digestFile(path, 4)).rejects.toThrow(`${path} is larger than`);
  const folder = join(path, '..', 'folder');
  mkdirSync(folder);
  await expect(digestFile(folder, 4)).rejects.toThrow(`${folder} is a folder, not a file`);
});
