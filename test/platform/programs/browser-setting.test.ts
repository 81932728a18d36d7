// The browser of an sso-session as a client reads it from the user's own settings.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserFailure } from '../../../src/core/text/browser-command.ts';
import { readBrowserSetting } from '../../../src/platform/programs/browser-setting.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
let file: string;
beforeAll(() => {
  home = createTemporaryHome();
  file = join(home.path, 'config.toml');
});
afterAll(() => home.remove());

test('reads the template of the session, if it has one', async () => {
  expect(await readBrowserSetting(file, 'work', 1024)).toBeUndefined();
  writeFileSync(file, '[session.work]\nbrowser = "firefox -P work"\n[session.other]\nlabel = "Other"\n');
  expect(await readBrowserSetting(file, 'work', 1024)).toBe('firefox -P work');
  for (const name of ['other', 'none', '__proto__', 'constructor']) {
    expect(await readBrowserSetting(file, name, 1024)).toBeUndefined();
  }
});

test('explains settings that are invalid or not a file', async () => {
  writeFileSync(file, '[session');
  await expect(readBrowserSetting(file, 'work', 1024)).rejects.toEqual(
    new BrowserFailure('the settings are not valid'),
  );
  const folder = join(home.path, 'folder');
  mkdirSync(folder);
  await expect(readBrowserSetting(folder, 'work', 1024)).rejects.toEqual(
    new BrowserFailure(`the settings can't be read (${folder} is a folder, not a file)`),
  );
});
