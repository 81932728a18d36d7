// Adoption and undo on real files: undo restores every byte, for realistic and for random files.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ForeignSession } from '../../../src/aws-config/adoption/session-book.ts';
import { createConfigFile } from '../../../src/aws-config/files/config-file.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { createAdoption, type Adoption } from '../../../src/daemon/profiles/adoption.ts';
import { ensurePrivateDirectory } from '../../../src/platform/files/private-directory.ts';
import { ADOPTION_CONFIGS } from '../../aws-config/adoption-configs.ts';
import { adoptionText, AWS_SSO } from '../../aws-config/adoption-text.ts';
import { writePrivate } from '../../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
/** What another program does to the file between our read and our write. */
let meanwhile = (): void => undefined;
let path: string;
let records: string;
let adoption: Adoption;
beforeEach(() => {
  home = createTemporaryHome();
  path = join(home.path, '.aws', 'config');
  records = join(home.path, 'adoptions');
  ensurePrivateDirectory(records, process.getuid?.() ?? -1);
  meanwhile = () => undefined;
  const file = createConfigFile({ path, clock: createSystemClock() });
  adoption = createAdoption({
    configFile: {
      ...file,
      async read() {
        const snapshot = await file.read();
        meanwhile();
        return snapshot;
      },
    },
    directory: records,
    homeDirectory: home.path,
    environment: home.environment,
    credentialProcessPath: join(home.path, 'bin', 'rolecall-credential-process'),
  });
});
afterEach(() => home.remove());

/** JSON is YAML. */
function writeAwsSsoSettings(sessions: readonly ForeignSession[]): void {
  const entries = sessions.map(({ name, startUrl, region }) => [name, { StartUrl: startUrl, SSORegion: region }]);
  writePrivate(
    join(home.path, '.aws-sso', 'config.yaml'),
    JSON.stringify({ SSOConfig: Object.fromEntries(entries) as unknown }),
  );
}

/** The number of profiles that were adopted and undone. */
async function adoptAndUndo(text: string): Promise<number> {
  writePrivate(path, text);
  const before = readFileSync(path);
  const { adopted, written } = await adoption.adopt(undefined, false);
  expect(written).toBe(adopted.length > 0);
  // Undo proves nothing if nothing was adopted.
  expect(readFileSync(path).equals(before)).toBe(!written);
  if (written) {
    expect(readdirSync(records)).toEqual(['1.json']);
    await adoption.undo(false);
  }
  expect(readFileSync(path, 'latin1')).toBe(before.toString('latin1'));
  expect(readdirSync(records)).toEqual([]);
  await expect(adoption.undo(false)).rejects.toMatchObject({ code: 'profile-not-found' });
  return adopted.length;
}

describe('undo restores every byte', () => {
  test.each(ADOPTION_CONFIGS)('of $name', async ({ text, awsSso = [], adopted }) => {
    writeAwsSsoSettings(awsSso);
    expect(await adoptAndUndo(text)).toBe(adopted.length);
  });

  test('of random files', async () => {
    writeAwsSsoSettings(AWS_SSO);
    let changedFiles = 0;
    await fc.assert(
      fc.asyncProperty(adoptionText(), async (text) => {
        if ((await adoptAndUndo(text)) > 0) changedFiles += 1;
      }),
      { numRuns: 80 },
    );
    expect(changedFiles).toBeGreaterThan(40);
  });
});

test('keeps concurrent changes of another program, and reports one that never stops', async () => {
  const { text = '', awsSso = [] } = ADOPTION_CONFIGS.find(({ adopted }) => adopted.length > 0) ?? {};
  writeAwsSsoSettings(awsSso);
  writePrivate(path, text);
  meanwhile = () => appendFileSync(path, '\n# never stops\n');
  await expect(adoption.adopt(undefined, false)).rejects.toMatchObject({ code: 'config-changed-meanwhile' });
  expect(readdirSync(records)).toEqual([]);

  meanwhile = () => {
    appendFileSync(path, '\n# once\n');
    meanwhile = () => undefined;
  };
  expect(await adoption.adopt(undefined, false)).toMatchObject({ written: true });
  expect(readFileSync(path, 'utf8')).toContain('# once\n');
  expect(readdirSync(records)).toEqual(['1.json']);
});
