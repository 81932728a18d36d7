// Tests that every test file is in exactly one layer, and that the unit layer starts nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findTestLayers, LONGEST, ON_DEMAND, STARTERS } from './test-layers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const layers = findTestLayers(ROOT);

it('has every test file in exactly one layer', () => {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .filter((path) => ON_DEMAND[path] === undefined);
  expect([...layers.unit, ...layers.shared, ...layers.isolated, ...layers.alone].toSorted()).toEqual(files.toSorted());
});

it('knows only starters that exist', () => {
  expect(STARTERS.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
});

it('tells by what a file and its helpers import', () => {
  expect(layers.unit).toContain('test/core/errors.test.ts');
  expect(layers.isolated).toContain('test/system/keychain.test.ts');
  expect(layers.shared).toEqual(
    expect.arrayContaining([
      'test/core/text/unified-diff.test.ts', // node:child_process
      'test/cli/adopt.test.ts', // a helper that runs processes
      'test/cli/login.test.ts', // a daemon of its own
      'test/emulator/aws-sdk.test.ts', // an emulator of its own
      'test/system/canary.test.ts', // processes of the product
    ]),
  );
});

it('names long files that are there', () => {
  expect(layers.shared).toEqual(expect.arrayContaining([...LONGEST]));
});

it('stops a test of the unit layer that starts a process', async () => {
  const { spawn } = await import('node:child_process');
  expect(() => spawn('true')).toThrow('A test of the unit layer starts a process');
});
