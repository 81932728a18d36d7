// Long output goes through the user's pager, and is printed as it is without one.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PageOptions } from '../../../src/cli/context.ts';
import { pageText } from '../../../src/cli/terminal/pager.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolecall-pager-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LONG = Array.from({ length: 400 }, (_, index) => `row ${index}\n`).join('');

async function page(
  environment: Readonly<Record<string, string>>,
  options: PageOptions = { usesPager: true },
  stream: { readonly isTTY?: boolean; readonly rows?: number } = { isTTY: true, rows: 24 },
  text = LONG,
) {
  let printed = '';
  await pageText(text, options, {
    environment: { PATH: '/usr/bin:/bin', ...environment },
    homeDirectory: folder,
    userId: process.getuid?.() ?? -1,
    platform: process.platform,
    stdout: { ...stream, write: (part) => void (printed += part) },
  });
  const file = join(folder, 'paged');
  return { printed, paged: existsSync(file) ? readFileSync(file, 'utf8') : undefined };
}

describe('a long text', () => {
  test('goes to $PAGER, which is a command line of the shell', async () => {
    const seen = await page({ PAGER: `sed s/row/line/ > '${folder}/paged'` });
    expect(seen).toEqual({ printed: '', paged: LONG.replaceAll('row', 'line') });
  });

  test('goes to less if PAGER is not set, with the names from the environment as they are', async () => {
    writeFileSync(
      join(folder, 'less'),
      `#!/bin/sh\n{ echo "$@ $LESS $ROLECALL_PASSPHRASE"; cat; } > "${folder}/paged"\n`,
    );
    chmodSync(join(folder, 'less'), 0o755);
    const environment = { PATH: `${folder}:/usr/bin:/bin`, ROLECALL_PASSPHRASE: 'secret' };
    expect(await page(environment)).toEqual({ printed: '', paged: `-FRX FRX \n${LONG}` });
    const wide = await page(environment, { usesPager: true, keepsRows: true });
    expect(wide.paged).toBe(`-FRXS FRX \n${LONG}`);
  });

  test.each([
    ['with PAGER=', { PAGER: '' }],
    ['with --no-pager', { PAGER: 'false' }, { usesPager: false }],
    ['in a pipe', { PAGER: 'false' }, { usesPager: true }, {}],
    ['in a dumb terminal', { PAGER: 'false', TERM: 'dumb' }],
    ['if less is missing', { PATH: '/nowhere' }],
    ['if the pager is missing', { PAGER: 'exec /nowhere/pager 2>/dev/null' }],
    ['if the pager fails', { PAGER: 'exit 3' }],
  ] as const)('is printed as it is %s', async (_name, environment, options?: PageOptions, stream?: object) => {
    expect(await page(environment, options, stream)).toEqual({ printed: LONG, paged: undefined });
  });

  test('a pager that is left early, or dies, is no error', async () => {
    expect(await page({ PAGER: `head -n 1 > '${folder}/paged'` })).toEqual({ printed: '', paged: 'row 0\n' });
    rmSync(join(folder, 'paged'));
    expect((await page({ PAGER: 'kill -TERM $$' })).printed).toBe('');
  });
});

test('a short text is printed at once', async () => {
  const text = 'row\n'.repeat(22);
  expect(await page({ PAGER: 'false' }, { usesPager: true }, { isTTY: true, rows: 24 }, text)).toEqual({
    printed: text,
    paged: undefined,
  });
});

test('Ctrl-C belongs to the pager, and afterwards to the command again', async () => {
  const before = process.listeners('SIGINT');
  const { printed } = await page({ PAGER: `kill -INT ${process.pid}; cat > '${folder}/paged'` });
  expect(printed).toBe('');
  expect(process.listeners('SIGINT')).toEqual(before);
});
