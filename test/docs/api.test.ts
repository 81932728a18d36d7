// Runs the examples of docs/api.md exactly as printed, against a daemon and the emulator.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSignedInRig, type Rig } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { asPattern, findExamples, readerEnvironment, runExample } from './examples.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), 'utf8');
const isThere: Readonly<Record<string, boolean>> = {
  sh: systemPart('curl', '/usr/bin/curl') && systemPart('jq', '/usr/bin/jq'),
  python: systemPart('Python', '/usr/bin/python3'),
  js: true,
};
const examples = findExamples(page);
const [watcher] = findExamples(page, 'watch');

let rig: Rig;
let environment: Record<string, string>;
beforeAll(async () => {
  rig = await createSignedInRig();
  environment = readerEnvironment(rig);
});
afterAll(() => rig.remove());

test('there are examples in three languages, and a program that listens to events', () => {
  expect([...new Set(examples.map(({ language }) => language))].toSorted()).toEqual(['js', 'python', 'sh']);
  expect(examples.filter(({ shown }) => shown.length === 0)).toEqual([]);
  expect(watcher?.shown).toEqual(['my-sso-session is live']);
});

describe('docs/api.md', () => {
  for (const example of examples) {
    test.skipIf(isThere[example.language] !== true)(example.name, async () => {
      const { exitCode, stdout, stderr } = await runExample(example, { environment, directory: rig.home.path });
      expect({ exitCode, lines: stdout.trimEnd().split('\n'), stderr }).toEqual({
        exitCode: 0,
        lines: example.shown.map(asPattern),
        stderr: expect.any(String),
      });
    });
  }

  test('its listener hears changes, and connects again after a restart of the daemon', async () => {
    const file = join(rig.home.path, 'watch.mjs');
    writeFileSync(file, watcher?.text ?? '');
    const child = spawn(process.execPath, [file], { env: environment });
    try {
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      const count = (line: string) => printed.split('\n').filter((one) => one.startsWith(line)).length;
      await waitFor('the first status', () => count('my-sso-session is live') >= 1);
      await rig.client.call('signOut', { session: 'my-sso-session' });
      await waitFor('the sign-out', () => count('my-sso-session is signed-out') >= 1);
      const before = count('my-sso-session is');
      await rig.restartDaemon();
      await waitFor('the status of the next daemon', () => count('my-sso-session is') > before);
    } finally {
      child.kill();
    }
  });
});
