// config.toml and team file of earlier versions: later versions read them with the same effect.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../fixtures/settings-0-1-0/${name}`, import.meta.url));
const read = (name: string) => readFileSync(pathOf(name), 'utf8');

/** Maps become objects, and keys that are undefined are left out. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, inner: unknown): unknown =>
      inner instanceof Map ? Object.fromEntries(inner) : inner,
    ),
  );

test.each([
  ['alone', false],
  ['with a team file', true],
] as const)('the settings of 0.1.0 %s have the recorded effect', async (_name, hasTeam) => {
  const { file: _written, ...effective } = await parseSettings({
    path: '/config.toml',
    text: read('config.toml'),
    environment: {},
    ...(hasTeam ? { team: { path: '/team.toml', text: read('team.toml') } } : {}),
  });
  const recorded = JSON.parse(read(hasTeam ? 'effective-with-team.json' : 'effective.json')) as object;
  // Later versions may add settings, and change none of these.
  expect(plain(effective)).toMatchObject(recorded);
});
