// Retries of work on the shared config file: a few times, and only if another program changed the file.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createConfigFile } from '../../../src/aws-config/files/config-file.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { ConflictError } from '../../../src/core/errors.ts';
import type { Caller } from '../../../src/daemon/http/caller.ts';
import { createSetupHandlers } from '../../../src/daemon/settings/setup-routes.ts';
import { loadSettings } from '../../../src/daemon/settings/settings.ts';
import { untilUnchanged } from '../../../src/aws-config/files/until-unchanged.ts';
import { CONFIG, writePrivate } from '../../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

const CALLER: Caller = {
  surface: 'socket',
  lastEventId: undefined,
  waitBudgetMs: undefined,
  processId: undefined,
  gone: () => new AbortController().signal,
  program: async () => undefined,
};
const changed = new ConflictError('config-changed-meanwhile', 'The file was changed.');

test.each([
  ['a change or two', [changed, changed], 3, undefined],
  ['changes without an end', [changed, changed, changed, changed, changed], 4, changed],
  ['another conflict', [new ConflictError('config-section-not-ours', 'Not ours.')], 1, { message: 'Not ours.' }],
] as const)('after %s', async (_, failures, tries, thrown) => {
  let tried = 0;
  const outcome = untilUnchanged(async () => {
    const failure = failures[tried];
    tried += 1;
    if (failure !== undefined) throw failure;
    return 'done';
  });
  if (thrown === undefined) expect(await outcome).toBe('done');
  else await expect(outcome).rejects.toMatchObject({ message: thrown.message });
  expect(tried).toBe(tries);
});

test('setup keeps concurrent changes of another program', async () => {
  const path = join(home.path, '.aws', 'config');
  const settingsPath = join(home.path, 'config.toml');
  writePrivate(path, CONFIG);
  const file = createConfigFile({ path, clock: createSystemClock() });
  let reads = 0;
  const { setup } = createSetupHandlers({
    configFile: {
      ...file,
      async read() {
        const snapshot = await file.read();
        reads += 1;
        if (reads === 1) appendFileSync(path, '# by another\n');
        return snapshot;
      },
    },
    settingsPath,
    settings: await loadSettings(settingsPath, {}),
    audit: { record: () => undefined },
    findRegion: async () => undefined,
    followStartUrl: async (startUrl) => startUrl,
  });
  const session = { name: 'other', startUrl: 'https://d-1234567890.awsapps.com/start', region: 'us-east-1' };
  expect(await setup({ body: { session } }, CALLER)).toMatchObject({ config: { written: true } });
  expect(readFileSync(path, 'utf8')).toMatch(/# by another\n[^]*\[sso-session other\]\n/);
});
