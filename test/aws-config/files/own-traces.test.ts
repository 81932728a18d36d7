// What an uninstall takes from the AWS files: the block with its markers, and token files with our mark.
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  findConfigTraces,
  findOwnTokenFiles,
  removeOwnBlock,
  removeOwnTokenFiles,
} from '../../../src/aws-config/files/own-traces.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { CONFIG, configWithOurs, writePrivate } from '../../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
let path: string;
beforeEach(() => {
  home = createTemporaryHome();
  path = join(home.path, '.aws', 'config');
});
afterEach(() => home.remove());

const clock = createSystemClock();
const BLOCK = '# >>> rolecall >>>\n[profile a]\nregion = x\n# <<< rolecall <<<';

test.each([
  ['at the end', `${CONFIG}${BLOCK}\n`, CONFIG],
  ['between others', `${CONFIG}${BLOCK}\n[profile b]\n`, `${CONFIG}[profile b]\n`],
  ['without a newline after it', `${CONFIG}${BLOCK}`, CONFIG],
  ['with CRLF', `[profile b]\r\n${BLOCK.replaceAll('\n', '\r\n')}\r\n`, '[profile b]\r\n'],
  ['absent', CONFIG, CONFIG],
])('removes the block and no other byte: %s', async (_name, before, after) => {
  writePrivate(path, before);
  await removeOwnBlock(path, clock);
  expect(readFileSync(path, 'utf8')).toBe(after);
});

test('counts our profiles and knows the start URLs; a file that is absent has none', async () => {
  writePrivate(path, configWithOurs('taylor'));
  expect(await findConfigTraces(path, clock)).toEqual({
    profiles: 1,
    startUrls: ['https://d-1234567890.awsapps.com/start'],
  });
  expect(await findConfigTraces(`${path}-absent`, clock)).toEqual({ profiles: undefined, startUrls: [] });
  await removeOwnBlock(`${path}-absent`, clock);
});

test('changes nothing if a marker is missing', async () => {
  writePrivate(path, '# >>> rolecall >>>\n[profile a]\n');
  await expect(removeOwnBlock(path, clock)).rejects.toMatchObject({ code: 'config-section-not-ours' });
  await expect(findConfigTraces(path, clock)).rejects.toMatchObject({ code: 'config-section-not-ours' });
  expect(readFileSync(path, 'utf8')).toBe('# >>> rolecall >>>\n[profile a]\n');
});

test('deletes only token files with our mark, and their folders only if they are empty', async () => {
  const folder = join(home.path, '.aws', 'sso', 'cache');
  const file = (letter: string) => join(folder, `${letter.repeat(40)}.json`);
  expect(await findOwnTokenFiles(home.path)).toEqual([]);
  writePrivate(file('a'), '{"accessToken":"x","rolecall":true}');
  expect(await findOwnTokenFiles(home.path)).toEqual([file('a')]);
  await removeOwnTokenFiles([file('a')]);
  expect(existsSync(join(home.path, '.aws', 'sso'))).toBe(false);

  writePrivate(file('a'), '{"accessToken":"x","rolecall":true}');
  writePrivate(file('b'), '{"accessToken":"x","expiresAt":"2030-01-01T00:00:00Z"}');
  writePrivate(join(home.path, 'mine'), '{"rolecall":true}');
  symlinkSync(join(home.path, 'mine'), file('c'));
  const found = await findOwnTokenFiles(home.path);
  expect(found).toEqual([file('a')]);
  // Another program writes its own login meanwhile.
  writeFileSync(file('a'), '{"accessToken":"y"}');
  await removeOwnTokenFiles(found);
  expect([file('a'), file('b'), file('c')].map((name) => existsSync(name))).toEqual([true, true, true]);
});
