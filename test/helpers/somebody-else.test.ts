// Tests whether this machine can run programs as another user, and skips where it cannot.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canBeSomebodyElse, checkSomebodyElse } from './somebody-else.ts';
import { createTemporaryHome } from './temporary-home.ts';

test.skipIf(!canBeSomebodyElse)('a Node in a private folder cannot be executed by another user', async () => {
  const home = createTemporaryHome();
  const node = join(home.path, 'node');
  symlinkSync(process.execPath, node);
  expect(() => checkSomebodyElse(node)).toThrow('EACCES');
  await home.remove();
});
