// Loading the page's list of roles: its beginning first, never two requests at once, and every change asked for.
import { expect, test, vi } from 'vitest';
import type { RolesDocument } from '../../src/local-api/schemas.ts';
import { aRole, aSession, aStatus } from '../helpers/documents.ts';
import { createRolesLoader, isAbout, isWhole } from '../../src/web/connection/roles-loader.js';

const list = (rowCount: number, more: Partial<RolesDocument> = {}): RolesDocument => ({
  asOf: null,
  complete: true,
  roles: Array.from({ length: rowCount }, () => aRole()),
  ...more,
});

/** A loader, what it asked for, and what came of it. */
function createLoader(first: RolesDocument, whole: () => Promise<RolesDocument>) {
  const asked: string[] = [];
  const shown: number[] = [];
  const errors: unknown[] = [];
  const loader = createRolesLoader({
    loadFirst: async () => {
      asked.push('first');
      return first;
    },
    load: () => {
      asked.push('all');
      return whole();
    },
    onRoles: ({ roles }) => shown.push(roles.length),
    onError: (error) => errors.push(error),
  });
  return { loader, asked, shown, errors };
}

test('a long list is shown from its beginning, then whole, and whole alone from then on', async () => {
  const { loader, asked, shown } = createLoader(list(2, { total: 5, leading: 2 }), async () => list(5));
  await loader.load();
  expect([asked, shown]).toEqual([
    ['first', 'all'],
    [2, 5],
  ]);
  await loader.load();
  expect([asked, shown]).toEqual([
    ['first', 'all', 'all'],
    [2, 5, 5],
  ]);
});

test('a short list is one request', async () => {
  const { loader, asked, shown } = createLoader(list(2, { total: 2, leading: 2 }), async () => list(2));
  await loader.load();
  expect([asked, shown]).toEqual([['first'], [2]]);
});

test('what changes during a request is asked for once more after it, however much it is', async () => {
  let answer = (_roles: RolesDocument): void => undefined;
  const { loader, asked, shown } = createLoader(
    list(1, { total: 3, leading: 1 }),
    () => new Promise((resolve) => (answer = resolve)),
  );
  const loading = loader.load();
  // Before the beginning is there: the request for the whole list comes after it.
  void loader.load();
  await vi.waitFor(() => expect(asked).toEqual(['first', 'all']));
  void loader.load();
  void loader.load();
  answer(list(3));
  await vi.waitFor(() => expect(asked).toEqual(['first', 'all', 'all']));
  answer(list(4));
  await loading;
  expect([asked, shown]).toEqual([
    ['first', 'all', 'all'],
    [1, 3, 4],
  ]);
});

test('a failure is told, and the next try begins where it was', async () => {
  let fails = true;
  const { loader, asked, shown, errors } = createLoader(list(1, { total: 3, leading: 1 }), async () => {
    if (fails) throw new Error('gone');
    return list(3);
  });
  await loader.load();
  expect(errors).toEqual([new Error('gone')]);
  fails = false;
  await loader.load();
  expect([asked, shown]).toEqual([
    ['first', 'all', 'all'],
    [1, 3],
  ]);
});

test('what failed is loaded once more when the daemon is heard of again, and nothing else is', async () => {
  let fails = true;
  const { loader, asked, shown } = createLoader(list(1, { total: 3, leading: 1 }), async () => {
    if (fails) throw new Error('gone');
    return list(3);
  });
  await loader.loadAgain();
  expect(asked).toEqual([]);
  await loader.load();
  fails = false;
  await loader.loadAgain();
  await loader.loadAgain();
  expect([asked, shown]).toEqual([
    ['first', 'all', 'all'],
    [1, 3],
  ]);
});

test('is up to date if it has each permission set that the status counts, whatever chained roles it has', () => {
  const catalog = { asOf: '2026-11-24T08:00:00Z', complete: true, accounts: 1, permissionSets: 3 };
  const status = aStatus({ sessions: [aSession({ catalog })] });
  const { asOf } = catalog;
  expect([
    isAbout(status, list(3, { asOf })),
    isAbout(status, list(5, { asOf, chains: 2 })),
    isAbout(status, list(2, { asOf, total: 5, chains: 2 })),
    isAbout(status, list(5, { asOf })),
    isAbout(status, list(5, { asOf, chains: 1 })),
  ]).toEqual([true, true, true, false, false]);
});

test('whole is what is not said to be more', () => {
  expect([isWhole(list(3)), isWhole(list(3, { total: 3 })), isWhole(list(3, { total: 4 }))]).toEqual([
    true,
    true,
    false,
  ]);
});
