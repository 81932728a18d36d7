// Merging a listing with the previous catalog: what stays, what is suspiciously lost, and what was another user's.
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/core/model.ts';
import { isLost, mergeListing, rolesOf, settleUser, type Listing } from '../../../src/sso/roles/merge-listing.ts';
import { SESSION } from '../world.ts';

const idOf = (index: number) => String(index).padStart(12, '0');
const range = (from: number, until: number) => Array.from({ length: until - from }, (_, index) => from + index);

interface Sketch {
  /** Accounts with one permission set each. */
  readonly has: readonly number[];
  readonly failed?: readonly number[];
  readonly user?: string;
  readonly previousUser?: string;
}

function list({ has, failed = [], ...users }: Sketch, before?: Catalog) {
  const listing: Listing = {
    session: SESSION,
    asOfMs: 0,
    accounts: [...has, ...failed].map((index) => ({ accountId: idOf(index) })),
    found: new Map(has.map((index) => [idOf(index), ['Admin']])),
    failed: new Set(failed.map(idOf)),
    ...users,
  };
  return mergeListing(listing, before);
}

const numbersOf = (roles: readonly { readonly accountId: string }[] = []) =>
  roles.map(({ accountId }) => Number(accountId));
const listedIn = (catalog: Catalog) => numbersOf(rolesOf(catalog));

describe('a listing that lost', () => {
  it.each([
    ['the only role', [1], [], [1]],
    ['every role', range(0, 12), [], range(0, 12)],
    ['every role, and has others', [1, 2], [3], [1, 2]],
    ['more than half of ten', range(0, 10), range(0, 4), range(4, 10)],
    ['half of ten', range(0, 10), range(0, 5), []],
    ['all but one of nine', range(0, 9), [0], []],
    ['a third of 833', range(0, 833), range(0, 556), []],
    ['more than half of 833', range(0, 833), range(0, 416), range(416, 833)],
    ['nothing', [1, 2], [1, 2, 3], []],
  ])('%s', (_, had, has, lost) => {
    const { catalog, removed } = list({ has }, list({ has: had }).catalog);
    expect(numbersOf(catalog.lost)).toEqual(lost);
    expect(listedIn(catalog)).toEqual(has);
    // What is lost suspiciously is not said to be gone.
    expect(numbersOf(removed)).toEqual(had.filter((index) => !has.includes(index) && !lost.includes(index)));
  });

  it('keeps lost roles until they are back, however many others are added and removed', () => {
    const first = list({ has: range(0, 12) }).catalog;
    const lost = list({ has: [0, 1] }, first).catalog;
    const again = list({ has: [0, 1, ...range(100, 200)] }, lost).catalog;
    expect(numbersOf(again.lost)).toEqual(range(2, 12));
    const partlyBack = list({ has: [1, 2, 3, ...range(100, 199)] }, again);
    expect(numbersOf(partlyBack.catalog.lost)).toEqual(range(4, 12));
    expect(numbersOf(partlyBack.removed)).toEqual([0, 199]);
    expect(numbersOf(partlyBack.added)).toEqual([]);
    const { catalog } = list({ has: [...range(0, 12), ...range(100, 199)] }, partlyBack.catalog);
    expect(catalog.lost).toBeUndefined();
  });

  it('tells for each role whether it is lost', () => {
    const { catalog } = list({ has: [] }, list({ has: [1] }).catalog);
    const role = { accountId: idOf(1), permissionSet: 'Admin' };
    expect([
      isLost(catalog, role),
      isLost(catalog, { ...role, permissionSet: 'Other' }),
      isLost(undefined, role),
    ]).toEqual([true, false, false]);
  });
});

describe('an account that cannot be listed', () => {
  const ofAlice = list({ has: [1, 2, 3], user: 'alice' }).catalog;

  it('keeps its roles for the same user, and for an unknown one', () => {
    for (const user of ['alice', undefined]) {
      const { catalog } = list({ has: [1, 2], failed: [3], ...(user === undefined ? {} : { user }) }, ofAlice);
      expect({ user, roles: listedIn(catalog), startsAnew: catalog.startsAnew }).toEqual({ user, roles: [1, 2, 3] });
    }
  });

  it('has no roles of another user, and no profile is kept for that user', () => {
    const { catalog } = list({ has: [1], failed: [3], user: 'bob' }, ofAlice);
    expect(catalog).toMatchObject({ user: 'bob', complete: false, startsAnew: true });
    expect([listedIn(catalog), catalog.lost]).toEqual([[1], undefined]);
    // Nor at the next listing, until one is complete.
    const next = list({ has: [1], failed: [3], user: 'bob' }, catalog).catalog;
    expect([listedIn(next), next.startsAnew]).toEqual([[1], true]);
    expect(list({ has: [1, 3], user: 'bob' }, next).catalog.startsAnew).toBeUndefined();
  });

  it('loses them once it is known that another user signed in', () => {
    const unknown = list({ has: [1], failed: [3] }, ofAlice).catalog;
    expect(listedIn(unknown)).toEqual([1, 3]);
    const ofBob = settleUser(unknown, 'bob');
    expect([listedIn(ofBob), ofBob.user, ofBob.startsAnew]).toEqual([[1], 'bob', true]);
    const stillAlices = settleUser(unknown, 'alice');
    expect([listedIn(stillAlices), stillAlices.user, stillAlices.startsAnew]).toEqual([[1, 3], 'alice', undefined]);
    expect(settleUser(ofBob, 'alice')).toBe(ofBob);
  });

  it('belongs to the last confirmed user in a list of an earlier version', () => {
    const old = list({ has: [1, 3] }).catalog;
    expect(old.user).toBeUndefined();
    const unknown = list({ has: [1], failed: [3], previousUser: 'alice' }, old).catalog;
    expect(listedIn(settleUser(unknown, 'bob'))).toEqual([1]);
    expect(listedIn(settleUser(unknown, 'alice'))).toEqual([1, 3]);
  });

  it('and lost roles carry over several listings of an unknown user', () => {
    const first = list({ has: [], failed: [3] }, ofAlice).catalog;
    const second = list({ has: [7], failed: [3] }, first).catalog;
    expect([listedIn(second), numbersOf(second.lost)]).toEqual([[3, 7], []]);
    const all = list({ has: [7] }, ofAlice).catalog;
    expect(numbersOf(all.lost)).toEqual([1, 2, 3]);
    expect(settleUser(all, 'bob').lost).toBeUndefined();
    expect(numbersOf(settleUser(all, 'alice').lost)).toEqual([1, 2, 3]);
  });
});
