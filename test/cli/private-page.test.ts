// The folder of pages with a secret in them: made for their owner alone, and refused when it is anybody else's.
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePrivatePage } from '../../src/cli/commands/console/private-page.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../helpers/somebody-else.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const userId = process.getuid?.() ?? -1;
let home: TemporaryHome;
beforeAll(() => {
  home = createTemporaryHome();
});
afterAll(() => home.remove());

const write = (directory: string) => writePrivatePage(directory, 'https://secret.example/', { nowMs: 0, userId });

async function expectRefused(directory: string, reason: string): Promise<void> {
  await expect(write(directory)).rejects.toMatchObject({
    code: 'file-not-writable',
    message: `The page for your browser cannot be written to ${directory}. ${reason}`,
    hint: 'rolecall console --federated --print',
  });
  expect(readdirSync(directory)).toEqual([]);
}

test('creates the folder with mode 0700, and refuses one that others may enter or that is a symbolic link', async () => {
  const made = join(home.path, 'made');
  await write(made);
  expect(statSync(made).mode & 0o777).toBe(0o700);

  const open = join(home.path, 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  await expectRefused(open, `The directory ${open} can't be used: other users can enter it.`);
  chmodSync(open, 0o700);
  const link = join(home.path, 'link');
  symlinkSync(open, link);
  await expectRefused(link, `The directory ${link} can't be used: it is a symbolic link.`);
});

test.skipIf(!canBeSomebodyElse)('refuses a folder that belongs to another user, or whose parent does', async () => {
  const theirs = join(home.path, 'theirs');
  const pages = join(theirs, 'pages');
  mkdirSync(pages, { recursive: true, mode: 0o700 });
  chownSync(theirs, SOMEBODY_ELSE, SOMEBODY_ELSE);
  await expectRefused(
    pages,
    `${pages} is not safe to use, because other users could replace it: ${theirs} belongs to another user (uid ${SOMEBODY_ELSE}).`,
  );
  chownSync(pages, SOMEBODY_ELSE, SOMEBODY_ELSE);
  await expectRefused(pages, `The directory ${pages} can't be used: it belongs to another user.`);
});
