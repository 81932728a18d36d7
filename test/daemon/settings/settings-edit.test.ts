// Settings that setup adds to config.toml: only missing keys, everything else unchanged.
import { expect, test } from 'vitest';
import { editSettings } from '../../../src/daemon/settings/settings-edit.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';

const WANTED = { secretStore: 'file', nameTemplate: '{account_id}-{permission_set}' } as const;
const STORE = 'secret_store = "file"\n';
const NAME = 'name = "{account_id}-{permission_set}"\n';

test.each([
  ['nothing', '', `${STORE}\n[profiles]\n${NAME}`],
  ['a key of the top', '# mine\nweb_port = 0', `# mine\nweb_port = 0\n${STORE}\n[profiles]\n${NAME}`],
  ['a table', '[network]\nproxy = "http://p:1"\n', `${STORE}\n[network]\nproxy = "http://p:1"\n\n[profiles]\n${NAME}`],
  [
    'the table itself',
    'flow = "device"\n[profiles] # mine\nsync = "manual"\n',
    `flow = "device"\n${STORE}[profiles] # mine\n${NAME}sync = "manual"\n`,
  ],
  ['the table written in one line', 'profiles.sync = "manual"\n', `profiles.sync = "manual"\n${STORE}profiles.${NAME}`],
])('adds settings to %s', async (_what, before, after) => {
  const edited = editSettings('config.toml', before, WANTED);
  expect(edited).toEqual({ text: after, kept: [] });
  expect(editSettings('config.toml', after, WANTED)).toEqual({ text: after, kept: [] });
  const settings = await parseSettings({ path: 'config.toml', text: after, environment: {} });
  expect(settings).toMatchObject({ secretStore: 'file', profiles: { name: WANTED.nameTemplate } });
});

test('keeps and reports what the user has set', () => {
  const text = 'secret_store = "memory"\n[profiles]\nname = "{account_id}"\n';
  expect(editSettings('config.toml', text, WANTED)).toEqual({ text, kept: ['secret_store', 'profiles.name'] });
});

test('does not write a default', () => {
  const wanted = { secretStore: 'keychain', nameTemplate: '{account_name}.{permission_set}' } as const;
  expect(editSettings('config.toml', '', wanted)).toEqual({ text: '', kept: [] });
});

test('refuses an invalid file and names the line', () => {
  expect(() => editSettings('config.toml', 'a = 1\nsecret_stor = "x"\n', WANTED)).toThrow(/config.toml, line 1/);
});
