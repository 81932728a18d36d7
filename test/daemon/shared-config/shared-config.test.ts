// The shared config file is parsed once per version of the file, however many callers there are.
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createConfigFile } from '../../../src/aws-config/files/config-file.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { findCaBundle } from '../../../src/daemon/shared-config/ca-bundle.ts';
import { createSharedConfig, type SharedConfigReading } from '../../../src/daemon/shared-config/shared-config.ts';
import { CONFIG, SESSION, writePrivate } from '../../helpers/rig.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

function open(config: string) {
  const home = createTemporaryHome();
  onTestFinished(() => home.remove());
  const path = join(home.path, '.aws', 'config');
  writePrivate(path, config);
  const file = createConfigFile({ path, clock: createSystemClock() });
  let reads = 0;
  let afterRead = (): void => undefined;
  const sharedConfig = createSharedConfig({
    ...file,
    async read() {
      reads += 1;
      const snapshot = await file.read();
      afterRead();
      return snapshot;
    },
  });
  const onRead = (listener: () => void) => {
    afterRead = listener;
  };
  return { path, sharedConfig, reads: () => reads, onRead };
}

test('shares one parse among concurrent callers and caches it until the file changes', async () => {
  const { path, sharedConfig, reads } = open(CONFIG);
  const readings = await Promise.all([1, 2, 3, 4, 5].map(() => sharedConfig.read()));
  expect(new Set([...readings, await sharedConfig.read()]).size).toBe(1);
  expect(reads()).toBe(1);
  writeFileSync(path, '');
  expect((await sharedConfig.read()).sessions).toEqual([]);
  expect(reads()).toBe(2);
});

test('notices an edit in place that keeps the size and the modification time', async () => {
  const { path, sharedConfig } = open(CONFIG);
  const restoreTime = () => utimesSync(path, 1_700_000_000, 1_700_000_000);
  restoreTime();
  const before = statSync(path, { bigint: true });
  await sharedConfig.read();
  const renamed = SESSION.replace(/./u, 'x');
  // The kernel's clock for file times advances every few milliseconds.
  do {
    writeFileSync(path, CONFIG.replaceAll(SESSION, renamed));
    restoreTime();
  } while (statSync(path, { bigint: true }).ctimeNs === before.ctimeNs);
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  expect({ ino, size, mtimeNs }).toEqual({ ino: before.ino, size: before.size, mtimeNs: before.mtimeNs });
  expect((await sharedConfig.read()).sessions.map(({ sessionName }) => sessionName)).toContain(renamed);
});

test('reuses the parse of the CA bundle lookup at startup for the first call', async () => {
  const { sharedConfig, reads } = open(`${CONFIG}[default]\nca_bundle = /from/config.pem\n`);
  const readBundle = await findCaBundle(undefined, {}, sharedConfig);
  expect(() => readBundle()).toThrow('/from/config.pem');
  expect(await sharedConfig.findSession(SESSION)).toMatchObject({ sessionName: SESSION });
  expect(reads()).toBe(1);
});

test('does not share a running parse with a caller that comes after a change', async () => {
  const { path, sharedConfig, reads, onRead } = open('');
  const later = new Promise<SharedConfigReading>((resolve, reject) => {
    onRead(() => {
      writeFileSync(path, CONFIG);
      onRead(() => undefined);
      sharedConfig.read().then(resolve, reject);
    });
  });
  expect((await sharedConfig.read()).sessions).toEqual([]);
  expect((await later).sessions.map(({ sessionName }) => sessionName)).toEqual([SESSION]);
  expect(reads()).toBe(2);
});

test('drops the document once the profiles are known, and reads it again if somebody needs it', async () => {
  const { sharedConfig, reads } = open(CONFIG);
  const reading = await sharedConfig.read();
  const document = await reading.document();
  expect(document.text).toBe(CONFIG);
  await reading.profiles();
  expect(reads()).toBe(1);
  const again = await reading.document();
  expect([again.text, again === document, reads()]).toEqual([CONFIG, false, 2]);
});
