// Tests that a temporary home passes nothing of the developer's shell to a child, and leaves nothing behind.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { createTemporaryHome } from './temporary-home.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('makes an environment from nothing, every folder of it inside the home and 0700', async () => {
  vi.stubEnv('AWS_PROFILE', 'production');
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.invalid:1');
  vi.stubEnv('DBUS_SESSION_BUS_ADDRESS', 'unix:path=/nowhere');
  const home = createTemporaryHome();
  const { PATH, LANG, TZ, ...folders } = home.environment;
  expect({ LANG, TZ, PATH: PATH?.split(':').includes('/usr/bin') }).toEqual({ LANG: 'C.UTF-8', TZ: 'UTC', PATH: true });
  expect(Object.keys(folders).toSorted()).toEqual([
    'HOME',
    'TMPDIR',
    'XDG_CACHE_HOME',
    'XDG_CONFIG_HOME',
    'XDG_DATA_HOME',
    'XDG_RUNTIME_DIR',
    'XDG_STATE_HOME',
  ]);
  for (const folder of Object.values(folders)) {
    expect(folder.startsWith(home.path)).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
  await home.remove();
});

it('finds the Node that runs the tests', async () => {
  const home = createTemporaryHome();
  const version = execFileSync('node', ['--version'], { env: home.environment, encoding: 'utf8' });
  expect(version.trim()).toBe(process.version);
  await home.remove();
});

it('leaves nothing behind, and may be removed twice', async () => {
  const home = createTemporaryHome();
  writeFileSync(join(home.path, '.config', 'left-over'), 'x');
  await home.remove();
  await home.remove();
  expect(existsSync(home.path)).toBe(false);
});

it('gives each caller a home of its own', async () => {
  const [one, other] = [createTemporaryHome(), createTemporaryHome()];
  expect(one.path).not.toBe(other.path);
  await Promise.all([one.remove(), other.remove()]);
});
