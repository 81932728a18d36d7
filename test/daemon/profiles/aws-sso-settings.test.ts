// Reading aws-sso-cli's settings file, valid or broken: only its Identity Center instances are used.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAwsSsoSettings, readAwsSsoSettings } from '../../../src/daemon/profiles/aws-sso-settings.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

function write(path: string, text: string): string {
  const full = join(home.path, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const WHOLE = `# mine
SSOConfig:
    Default: &corp
        SSORegion: us-east-1   # Virginia
        StartUrl: https://d-1234567890.awsapps.com/start
        Accounts:
            111111111111:
                Name: "Log: Archive"
                Roles: { ReadOnly: { Profile: logs } }
    "Other Corp": {SSORegion: eu-west-1, StartUrl: 'https://acme.awsapps.com/start'}
    Broken:
        StartUrl: 12
ProfileFormat: '{{ .AccountIdPad }}:{{ .RoleName }}'
SecureStore: keychain
`;
const SESSIONS = [
  { name: 'Default', startUrl: 'https://d-1234567890.awsapps.com/start', region: 'us-east-1' },
  { name: 'Other Corp', startUrl: 'https://acme.awsapps.com/start', region: 'eu-west-1' },
];

test.each(['.aws-sso/config.yaml', '.config/aws-sso/config.yaml'])('reads ~/%s', async (place) => {
  const path = write(place, WHOLE);
  expect(await readAwsSsoSettings(home.path, {})).toEqual({
    path,
    sessions: SESSIONS,
    profileFormat: '{{ .AccountIdPad }}:{{ .RoleName }}',
  });
});

test('reads the file that AWS_SSO_CONFIG names, or none', async () => {
  expect(await readAwsSsoSettings(home.path, {})).toBeUndefined();
  const path = write('elsewhere.yaml', WHOLE);
  expect(await readAwsSsoSettings(home.path, { AWS_SSO_CONFIG: '~/elsewhere.yaml' })).toMatchObject({
    path,
    sessions: SESSIONS,
  });
});

test.each([
  ['nothing', ''],
  ['no YAML', 'SSOConfig: [: {'],
  ['a list', '- a\n- b\n'],
  ['another kind of file', 'SSOConfig: yes\nProfileFormat: [1]\n'],
  [
    'a bomb of aliases',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(`*${'abcdefghi'[index] ?? ''}`)
            .join(',')}]`,
      )
      .join('\n')}\n`,
  ],
  ['a prototype', '__proto__: {SSOConfig: {x: {StartUrl: a, SSORegion: b}}}\n'],
])('finds no Identity Center in %s', async (_what, text) => {
  write('.aws-sso/config.yaml', text);
  expect(await readAwsSsoSettings(home.path, {})).toMatchObject({ sessions: [] });
});

test('refuses deep nesting that follows closing brackets in a comment', async () => {
  const text = `# ${']'.repeat(500)}\na: ${'['.repeat(200)}${']'.repeat(200)}\n`;
  await expect(parseAwsSsoSettings(text)).rejects.toThrow('nested too deeply');
});
