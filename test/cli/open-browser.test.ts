// Which browser a command opens, on a machine without a display.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBrowser } from '../../src/cli/open-browser.ts';
import { BrowserFailure } from '../../src/core/text/browser-command.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const PAGE = 'https://example.awsapps.com/start/#/device';

let home: TemporaryHome;
let browser: string;
const { PATH } = process.env;
beforeEach(() => {
  home = createTemporaryHome();
  browser = join(home.path, 'browser');
  writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > ${browser}.args\n`);
  chmodSync(browser, 0o700);
});
afterEach(() => {
  // Only trusted folders are left in it.
  process.env['PATH'] = PATH;
  return home.remove();
});

const open = (environment: Readonly<Record<string, string>>, template?: string) =>
  openBrowser(PAGE, template, {
    environment,
    homeDirectory: home.path,
    userId: process.getuid?.() ?? 0,
    platform: 'linux',
  });
const opened = () =>
  existsSync(`${browser}.args`) ? readFileSync(`${browser}.args`, 'utf8').split('\n').slice(0, -1) : [];

test('opens what BROWSER names, and under WSL too', async () => {
  expect(await open({ BROWSER: `w3m:${browser} --new-tab %s` })).toBe(true);
  expect(opened()).toEqual(['--new-tab', PAGE]);
  expect(await open({ BROWSER: browser, WSL_DISTRO_NAME: 'Debian', DISPLAY: ':0' })).toBe(true);
  expect(opened()).toEqual([PAGE]);
});

test('prefers the setting to BROWSER', async () => {
  expect(await open({ BROWSER: '/nowhere/browser' }, `${browser} -P work`)).toBe(true);
  expect(opened()).toEqual(['-P', 'work', PAGE]);
});

test('opens nothing without a browser, over SSH, or if BROWSER fails', async () => {
  expect(await open({})).toBe(false);
  expect(await open({ BROWSER: 'w3m' })).toBe(false);
  expect(await open({ BROWSER: '/nowhere/browser' })).toBe(false);
  expect(await open({ BROWSER: browser, SSH_CONNECTION: '10.0.0.2 5000 10.0.0.1 22' })).toBe(false);
  expect(opened()).toEqual([]);
});

test('reports a browser of the settings that cannot be started', async () => {
  await expect(open({ BROWSER: browser }, '/nowhere/browser')).rejects.toBeInstanceOf(BrowserFailure);
});
