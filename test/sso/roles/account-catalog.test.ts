// The account catalog: complete within AWS's rate limit, partial if necessary, never worse than before.
import { describe, expect, it } from 'vitest';
import { rolesOf } from '../../../src/sso/roles/merge-listing.ts';
import { IdentityCenterFault, type FaultKind } from '../../../src/sso/ports.ts';
import { FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { ACCOUNT_ID, createWorld, failureOf, LOCKED, MINUTE_MS, ROLE, SESSION, settle, type World } from '../world.ts';

const SIGNED_IN_MS = FAKE_NOW_MS + 1000;
const TAYLOR = {
  sessionName: 'my-sso-session',
  accountId: ACCOUNT_ID,
  accountName: 'taylor',
  permissionSets: ['Admin-AF-Permission-Set'],
};

/** As `status` shows them: an outage is told once, by the list and by the circuit alike. */
const problemsOf = ({ problems }: World) =>
  [...new Map(problems.list().map(({ code, session }) => [code, session]))].map(([code, session]) => ({
    code,
    session,
  }));
const idOf = (index: number) => String(index).padStart(12, '0');

async function createSignedInWorld(...[settings, options]: Parameters<typeof createWorld>): Promise<World> {
  const world = createWorld({ ...settings, latencyMs: 0 }, options);
  await world.signIn();
  world.identityCenter.settings.latencyMs = settings?.latencyMs ?? 0;
  world.identityCenter.forgetArrivals();
  return world;
}

/** So many accounts `account-0…` with one permission set each, and none besides. */
async function createLargeWorld(accounts: number, ...options: Parameters<typeof createWorld>): Promise<World> {
  const world = await createSignedInWorld(...options);
  world.identityCenter.unassign(ACCOUNT_ID);
  for (let index = 0; index < accounts; index += 1) {
    world.identityCenter.assign({ accountId: idOf(index), accountName: `account-${index}` }, ['ReadOnly']);
  }
  return world;
}

/** The most arrivals at the portal within any one second. */
function busiestSecond({ identityCenter }: World): number {
  const times = identityCenter.arrivals.map(({ atMs }) => atMs);
  return Math.max(...times.map((fromMs) => times.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1000).length));
}

/** The accounts whose permission sets were asked for since accounts were listed last. */
function accountsAsked({ identityCenter: { arrivals } }: World): readonly (string | undefined)[] {
  const since = arrivals.findLastIndex(({ operation }) => operation === 'listAccounts');
  return arrivals.slice(since + 1).map(({ accountId }) => accountId);
}

describe('a listing', () => {
  it('has every account with its permission sets, sorted, spelled as by AWS', async () => {
    const world = await createSignedInWorld({}, { callsPerSecond: 10 });
    world.identityCenter.assign({ accountId: '000000000002', accountName: 'Zeta', emailAddress: 'z@example.com' }, [
      'ReadOnly',
      'Admin',
      'Admin',
    ]);
    world.identityCenter.assign({ accountId: '000000000003' }, ['b', 'B', 'a']);
    world.identityCenter.assign({ accountId: '000000000005', accountName: 'same' }, ['x']);
    world.identityCenter.assign({ accountId: '000000000004', accountName: 'Same' }, []);
    const { catalog, added, removed } = await world.list();
    const session = { sessionName: 'my-sso-session' };
    expect(catalog).toEqual({
      asOfMs: SIGNED_IN_MS + 5 * 100,
      complete: true,
      accounts: [
        { ...session, accountId: '000000000003', permissionSets: ['B', 'a', 'b'] },
        { ...session, accountId: '000000000004', accountName: 'Same', permissionSets: [] },
        { ...session, accountId: '000000000005', accountName: 'same', permissionSets: ['x'] },
        TAYLOR,
        {
          ...session,
          accountId: '000000000002',
          accountName: 'Zeta',
          emailAddress: 'z@example.com',
          permissionSets: ['Admin', 'ReadOnly'],
        },
      ],
    });
    expect(added).toEqual(rolesOf(catalog));
    expect(removed).toEqual([]);
  });

  it('has no permission set that is called like a chained role', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.assign({ accountId: '000000000002' }, ['chain:prod.deploy', 'ReadOnly']);
    const { catalog } = await world.list();
    expect(catalog.accounts.map(({ permissionSets }) => permissionSets)).toEqual([['ReadOnly'], TAYLOR.permissionSets]);
  });

  it('is empty and complete for a user without accounts', async () => {
    const world = await createLargeWorld(0);
    expect((await world.list()).catalog).toMatchObject({ complete: true, accounts: [] });
  });

  it('reports what was added and removed since the last one', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.assign({ accountId: '000000000002' }, ['a', 'b']);
    await world.list();
    world.identityCenter.unassign(ACCOUNT_ID);
    world.identityCenter.unassign('000000000002', ['a']);
    world.identityCenter.assign({ accountId: '000000000003' }, ['c']);
    const { added, removed } = await world.list();
    const role = (accountId: string, permissionSet: string) => ({ ...ROLE, accountId, permissionSet });
    expect({ added, removed }).toEqual({
      added: [role('000000000003', 'c')],
      removed: [role('000000000002', 'a'), ROLE],
    });
    expect(await world.list()).toMatchObject({ added: [], removed: [] });
  });

  it('is shared by concurrent callers', async () => {
    const world = await createSignedInWorld();
    const listings = Array.from({ length: 20 }, () => settle(world.broker.refreshCatalog(SESSION)));
    await world.clock.advance(MINUTE_MS);
    const changes = await Promise.all(listings.map((listing) => listing.result()));
    expect(new Set(changes).size).toBe(1);
    expect(world.identityCenter.count('listAccounts')).toBe(1);
  });

  it('for a person starts after the request: what a listing in flight has missed is in it', async () => {
    const world = await createLargeWorld(2);
    const release = world.identityCenter.hold('listAccountRoles');
    const daily = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.settle();
    world.identityCenter.assign({ accountId: '000000000009', accountName: 'new' }, ['ReadOnly']);
    const attended = [1, 2, 3].map(() => settle(world.broker.refreshCatalog(SESSION, { isAttended: true })));
    release();
    await world.clock.advance(MINUTE_MS);
    const accountsOf = async (listing: typeof daily) => (await listing.result()).catalog.accounts.length;
    expect(await accountsOf(daily)).toBe(2);
    expect(await Promise.all(attended.map(accountsOf))).toEqual([3, 3, 3]);
    expect(world.identityCenter.count('listAccounts')).toBe(2);
  });

  it('for a person asks again only for what a listing in flight had asked for before the request', async () => {
    const world = await createLargeWorld(40, {}, { callsPerSecond: 1 });
    const first = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(10_000);
    const askedBefore = accountsAsked(world);
    for (const index of [0, 39]) world.identityCenter.assign({ accountId: idOf(index) }, ['Admin']);
    const attended = settle(world.broker.refreshCatalog(SESSION, { isAttended: true }));
    await world.clock.advance(2 * MINUTE_MS);
    const setsOf = async (listing: typeof first) => {
      const { accounts } = (await listing.result()).catalog;
      return [0, 39].map((index) => accounts.find(({ accountId }) => accountId === idOf(index))?.permissionSets);
    };
    expect(await setsOf(first)).toEqual([['ReadOnly'], ['Admin']]);
    expect(await setsOf(attended)).toEqual([['Admin'], ['Admin']]);
    // Those that waited for their turn count as asked for.
    const askedAgain = accountsAsked(world).length;
    expect(askedAgain).toBeGreaterThanOrEqual(askedBefore.length);
    expect(askedAgain).toBeLessThanOrEqual(askedBefore.length + 10);
  });

  it('for a person asks for everything again if somebody has signed in meanwhile', async () => {
    const world = await createLargeWorld(40, {}, { callsPerSecond: 1 });
    const first = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(10_000);
    const attended = settle(world.broker.refreshCatalog(SESSION, { isAttended: true }));
    await world.clock.advance(10_000);
    await world.signIn();
    await world.clock.advance(2 * MINUTE_MS);
    await Promise.all([first.result(), attended.result()]);
    expect(accountsAsked(world)).toHaveLength(40);
  });

  it('reports its progress, and nothing before and after', async () => {
    const world = await createLargeWorld(4, {}, { callsPerSecond: 1 });
    expect(world.broker.listingProgress(SESSION)).toBeUndefined();
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.settle();
    const seen = [world.broker.listingProgress(SESSION)];
    for (let second = 1; second <= 4; second += 1) {
      await world.clock.advance(1000);
      seen.push(world.broker.listingProgress(SESSION));
    }
    expect(seen).toEqual([
      { accountsListed: 0, accountsTotal: 4 },
      { accountsListed: 1, accountsTotal: 4 },
      { accountsListed: 2, accountsTotal: 4 },
      { accountsListed: 3, accountsTotal: 4 },
      undefined,
    ]);
    expect((await listing.result()).catalog.complete).toBe(true);
  });
});

describe('paging', () => {
  it('continues to the last page, of accounts and of permission sets', async () => {
    const world = await createLargeWorld(7, { pageSize: 3 });
    const names = Array.from({ length: 8 }, (_, index) => `set-${index}`);
    world.identityCenter.assign({ accountId: idOf(3), accountName: 'account-3' }, names);
    const { catalog } = await world.list();
    expect(catalog.accounts.map(({ accountId }) => accountId)).toEqual([0, 1, 2, 3, 4, 5, 6].map(idOf));
    expect(catalog.accounts[3]?.permissionSets).toEqual(names);
    expect(world.identityCenter.count('listAccounts')).toBe(3);
    expect(world.identityCenter.count('listAccountRoles')).toBe(6 + 3);
  });

  it('keeps one entry for an account that is on two pages', async () => {
    const world = await createLargeWorld(3, { pageSize: 3, repeatsAccounts: true });
    const { catalog } = await world.list();
    expect(catalog.accounts.map(({ accountId }) => accountId)).toEqual([0, 1, 2].map(idOf));
    expect(world.identityCenter.count('listAccountRoles')).toBe(3);
  });

  it('that repeats is an unusable answer, and the old catalog stays', async () => {
    const world = await createSignedInWorld();
    await world.list();
    world.identityCenter.settings.repeatsPageTokens = true;
    expect(await failureOf(world.list())).toMatchObject({ code: 'unusable-response' });
    expect(world.identityCenter.count('listAccounts')).toBe(1 + 2);
    expect(await world.broker.cachedCatalog(SESSION)).toMatchObject({ complete: true, accounts: [TAYLOR] });
  });

  it('with more than 200,000 entries in all is one too, even on few pages', async () => {
    const world = await createSignedInWorld();
    for (const accountId of ['000000000002', '000000000003']) world.identityCenter.assign({ accountId }, ['ReadOnly']);
    const { catalog } = await world.list();
    const { identityCenter } = world;
    const { listAccounts, listAccountRoles } = identityCenter;
    let pages = 0;
    /** Ever new entries of ever new pages, 8,000 a page. */
    const newPage = <T>(create: (number: number) => T) => {
      pages += 1;
      return {
        items: Array.from({ length: 8000 }, (_, index) => create(pages * 8000 + index)),
        nextToken: `page-${pages}`,
      };
    };
    Object.assign(identityCenter, { listAccounts: async () => newPage((number) => ({ accountId: idOf(number) })) });
    expect(await failureOf(world.list())).toMatchObject({ code: 'unusable-response' });
    expect(pages).toBe(26);
    expect(await world.broker.cachedCatalog(SESSION)).toBe(catalog);

    // Of one account: its permission sets stay as they were, and the other accounts are listed.
    pages = 0;
    const rolesOfAccount: typeof listAccountRoles = async (session, token, accountId, nextToken) =>
      accountId === ACCOUNT_ID
        ? newPage((number) => `role-${number}`)
        : listAccountRoles(session, token, accountId, nextToken);
    Object.assign(identityCenter, { listAccounts, listAccountRoles: rolesOfAccount });
    expect((await world.list()).catalog).toMatchObject({ complete: false, accounts: catalog.accounts });
    expect(pages).toBe(3);
    expect(problemsOf(world)).toEqual([{ code: 'unusable-response', session: 'my-sso-session' }]);
  });

  it('without an end is one too', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.settings.hasEndlessPages = true;
    expect(await failureOf(world.list(3 * 60_000))).toMatchObject({ code: 'unusable-response' });
  });
});

describe('the rate', () => {
  it('lists 5,000 accounts in exactly the time of 19 requests a second, within 1.15 of AWS’s limit', async () => {
    const world = await createLargeWorld(5000);
    const fromMs = world.clock.nowMs();
    const listing = settle(world.broker.refreshCatalog(SESSION));
    const calls = 50 + 5000;
    const spacingMs = 1000 / 19;
    await world.clock.advance(Math.floor((calls - 1) * spacingMs) - 1);
    expect(listing.isSettled()).toBe(false);
    await world.clock.advance(2);
    const { catalog } = await listing.result();
    expect({ complete: catalog.complete, accounts: catalog.accounts.length }).toEqual({
      complete: true,
      accounts: 5000,
    });
    expect(world.identityCenter.arrivals).toHaveLength(calls);
    expect(catalog.asOfMs - fromMs).toBeLessThanOrEqual(1.15 * (calls / 20) * 1000);
    expect(catalog.asOfMs - fromMs).toBeCloseTo((calls - 1) * spacingMs, 0);
    expect(busiestSecond(world)).toBeLessThan(20);
    expect(world.identityCenter.mostInFlight('listAccountRoles')).toBe(1);
  });

  it('holds with requests of 400 ms: at most 10 are in flight, and only the pages add to the time', async () => {
    const world = await createLargeWorld(1000, { latencyMs: 400 });
    const fromMs = world.clock.nowMs();
    const { catalog } = await world.list(10 * MINUTE_MS);
    expect(catalog.complete).toBe(true);
    expect(world.identityCenter.mostInFlight('listAccountRoles')).toBeLessThanOrEqual(10);
    expect(busiestSecond(world)).toBeLessThan(20);
    expect(catalog.asOfMs - fromMs).toBeLessThanOrEqual(1.15 * (1010 / 20) * 1000);
  });

  it('never has more than 10 requests in flight, however long they take', async () => {
    const world = await createLargeWorld(100, { latencyMs: 5000 });
    await world.list(10 * MINUTE_MS);
    expect(world.identityCenter.mostInFlight('listAccountRoles')).toBe(10);
  });

  it('leaves room for credentials, which are requested at once and delay the listing', async () => {
    const world = await createLargeWorld(40, {}, { callsPerSecond: 10 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(1000);
    const beforeMs = world.clock.nowMs();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        world.broker.credentials(SESSION, { ...ROLE, accountId: idOf(index), permissionSet: 'ReadOnly' }),
      ),
    );
    expect(world.clock.nowMs()).toBe(beforeMs);
    await world.clock.advance(10_000);
    expect((await listing.result()).catalog.asOfMs - SIGNED_IN_MS).toBe(40 * 100 + 10 * 100);
  });

  it('after a 429 pauses all requests as long as the server asked, and loses nothing', async () => {
    const world = await createLargeWorld(30, {}, { callsPerSecond: 10 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(950);
    world.identityCenter.fail('listAccountRoles', { kind: 'throttled', retryAfterMs: 60_000, times: 1 });
    await world.clock.advance(50);
    const arrived = world.identityCenter.arrivals.length;
    await world.clock.advance(59_999);
    expect(world.identityCenter.arrivals).toHaveLength(arrived);
    await world.clock.advance(60_000);
    expect((await listing.result()).catalog).toMatchObject({ complete: true });
    expect(world.identityCenter.count('listAccountRoles')).toBe(31);
  });

  it('after a 429 that asks for more than a minute ends with a partial list, and the next one is complete', async () => {
    const world = await createLargeWorld(30, {}, { callsPerSecond: 10 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(950);
    world.identityCenter.fail('listAccountRoles', { kind: 'throttled', retryAfterMs: 86_400_000, times: 1 });
    await world.clock.advance(MINUTE_MS);
    expect((await listing.result()).catalog).toMatchObject({ complete: false });
    expect(world.problems.list()).toMatchObject([{ code: 'identity-center-throttled' }, {}]);
    // A person does not wait for the end of the pause.
    const again = settle(world.broker.refreshCatalog(SESSION, { isAttended: true }));
    await world.clock.advance(MINUTE_MS);
    expect((await again.result()).catalog).toMatchObject({ complete: true });
    expect(world.problems.list()).toEqual([]);
  });

  it('ends with a partial list after ten minutes plus a little for each account', async () => {
    const world = await createLargeWorld(100, { latencyMs: 100_000 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(15 * MINUTE_MS);
    expect((await listing.result()).catalog).toMatchObject({ complete: false });
    expect(world.identityCenter.count('listAccountRoles')).toBe(60);
    expect(world.problems.list()).toMatchObject([
      { code: 'identity-center-unreachable', message: expect.stringContaining('took too long') },
    ]);
  });

  it('after a 429 to GetRoleCredentials pauses the listing too', async () => {
    const world = await createLargeWorld(30, {}, { callsPerSecond: 10 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(1000);
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled', retryAfterMs: 60_000 });
    const role = { ...ROLE, accountId: idOf(0), permissionSet: 'ReadOnly' };
    expect(await failureOf(world.broker.credentials(SESSION, role))).toMatchObject({ retryAfterMs: 60_000 });
    const arrived = world.identityCenter.arrivals.length;
    await world.clock.advance(59_999);
    expect(world.identityCenter.arrivals).toHaveLength(arrived);
    await world.clock.advance(10_000);
    expect(listing.isSettled()).toBe(true);
  });

  it('after a 429 without a time pauses for a second', async () => {
    const world = await createSignedInWorld({}, { callsPerSecond: 10 });
    world.identityCenter.fail('listAccounts', { kind: 'throttled', times: 1 });
    await world.list();
    expect(world.identityCenter.arrivals.map(({ atMs }) => atMs - SIGNED_IN_MS)).toEqual([0, 1000, 1100]);
  });
});

describe('an account that cannot be listed', () => {
  it.each<[FaultKind, string, number]>([
    ['unreachable', 'identity-center-unreachable', 6],
    // One of the six tries meets the pause that the others were asked for, and makes no call.
    ['throttled', 'identity-center-throttled', 5],
    ['unusable-response', 'unusable-response', 1],
  ])(
    'because of %s keeps its permission sets; the list says that it is partial, and why',
    async (kind, code, calls) => {
      const world = await createSignedInWorld();
      world.identityCenter.assign({ accountId: '000000000002' }, ['a']);
      await world.list();
      world.identityCenter.assign({ accountId: '000000000002' }, ['a', 'b']);
      world.identityCenter.assign({ accountId: '000000000003' }, ['c']);
      world.identityCenter.fail('listAccountRoles', { kind, accountId: '000000000002' });
      world.identityCenter.forgetArrivals();
      const { catalog, added, removed } = await world.list(10 * MINUTE_MS);
      expect({ ...catalog, asOfMs: 0 }).toEqual({
        asOfMs: 0,
        complete: false,
        accounts: [
          { sessionName: 'my-sso-session', accountId: '000000000002', permissionSets: ['a'] },
          { sessionName: 'my-sso-session', accountId: '000000000003', permissionSets: ['c'] },
          TAYLOR,
        ],
      });
      expect([added, removed]).toEqual([[{ ...ROLE, accountId: '000000000003', permissionSet: 'c' }], []]);
      expect(world.identityCenter.arrivals.filter(({ accountId }) => accountId === '000000000002')).toHaveLength(calls);
      expect(problemsOf(world)).toEqual([{ code, session: 'my-sso-session' }]);
      world.identityCenter.recover();
      expect((await world.list()).catalog.complete).toBe(true);
      expect(problemsOf(world)).toEqual([]);
    },
  );

  it('and is new is listed without permission sets', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('listAccountRoles', { kind: 'unreachable' });
    const { catalog } = await world.list(10 * MINUTE_MS);
    expect(catalog).toMatchObject({ complete: false, accounts: [{ ...TAYLOR, permissionSets: [] }] });
  });

  it('for a moment is retried, and the list is complete', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('listAccountRoles', { kind: 'unreachable', times: 5 });
    expect((await world.list()).catalog).toMatchObject({ complete: true, accounts: [TAYLOR] });
  });

  it('with ten others is an outage, which ends the requests and keeps the list', async () => {
    const world = await createLargeWorld(1000);
    await world.list(MINUTE_MS);
    world.identityCenter.fail('listAccountRoles', { kind: 'unreachable' });
    world.identityCenter.forgetArrivals();
    const { catalog, removed } = await world.list(5 * MINUTE_MS);
    expect({ complete: catalog.complete, accounts: catalog.accounts.length, removed }).toEqual({
      complete: false,
      accounts: 1000,
      removed: [],
    });
    // Five before it is an outage, then one probe each time that the circuit lets one through.
    expect(world.identityCenter.count('listAccountRoles')).toBe(5 + 9);
  });

  it('now and then does not stop the others', async () => {
    const world = await createLargeWorld(60);
    const { listAccountRoles } = world.identityCenter;
    world.identityCenter.listAccountRoles = (session, token, accountId, nextToken) =>
      Number(accountId) % 2 === 0
        ? Promise.reject(new IdentityCenterFault('unusable-response', 'HTML'))
        : listAccountRoles(session, token, accountId, nextToken);
    const { catalog } = await world.list(MINUTE_MS);
    expect(catalog.accounts.filter(({ permissionSets }) => permissionSets.length > 0)).toHaveLength(30);
  });
});

describe('an account that is removed during the listing', () => {
  it('is left out, and the list is complete', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.assign({ accountId: '000000000002' }, ['a']);
    await world.list();
    const release = world.identityCenter.hold('listAccountRoles');
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(1000);
    world.identityCenter.unassign('000000000002');
    release();
    await world.clock.advance(1000);
    const { catalog, removed } = await listing.result();
    expect(catalog).toMatchObject({ complete: true, accounts: [TAYLOR] });
    expect(removed).toEqual([{ ...ROLE, accountId: '000000000002', permissionSet: 'a' }]);
    expect(problemsOf(world)).toEqual([]);
  });
});

describe('the token', () => {
  it('that expires while listing is refreshed once, and the list is complete', async () => {
    const world = await createLargeWorld(200, { accessTokenSeconds: 6 });
    const { catalog } = await world.list(MINUTE_MS);
    expect({ complete: catalog.complete, accounts: catalog.accounts.length }).toEqual({
      complete: true,
      accounts: 200,
    });
    const refreshes = world.identityCenter.count('createTokenByRefreshToken');
    expect(refreshes).toBeGreaterThanOrEqual(1);
    expect(refreshes).toBeLessThanOrEqual(4);
    expect(problemsOf(world)).toEqual([]);
  });

  it('that AWS refuses while listing costs one refresh for all requests in flight', async () => {
    const world = await createLargeWorld(100, { latencyMs: 500 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(2000);
    world.identityCenter.refuseAccessTokens();
    await world.clock.advance(MINUTE_MS);
    expect((await listing.result()).catalog).toMatchObject({ complete: true });
    expect(world.identityCenter.count('createTokenByRefreshToken')).toBe(1);
  });

  it('that cannot be refreshed because of the network makes the list partial', async () => {
    const world = await createLargeWorld(40, { accessTokenSeconds: 2 }, { callsPerSecond: 10 });
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    const { catalog } = await world.list(10 * MINUTE_MS);
    expect(catalog).toMatchObject({ complete: false });
    expect(catalog.accounts).toHaveLength(40);
    expect(catalog.accounts.filter(({ permissionSets }) => permissionSets.length === 1).length).toBeGreaterThan(10);
  });

  it('whose session ends in the middle leaves the old list unchanged', async () => {
    const world = await createLargeWorld(100);
    await world.list(MINUTE_MS);
    const before = await world.broker.cachedCatalog(SESSION);
    const saved = world.files.saved.get(SESSION.sessionName);
    world.identityCenter.assign({ accountId: '999999999999' }, ['x']);
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(2000);
    world.identityCenter.endSessions();
    await world.clock.advance(MINUTE_MS);
    expect(await failureOf(listing.result())).toMatchObject({ code: 'sign-in-expired' });
    expect(await world.broker.cachedCatalog(SESSION)).toBe(before);
    expect(world.files.saved.get(SESSION.sessionName)).toBe(saved);
    expect(world.broker.listingProgress(SESSION)).toBeUndefined();
    // It is told once, by the session.
    expect(problemsOf(world)).toEqual([{ code: 'sign-in-expired', session: 'my-sso-session' }]);
  });
});

describe('a listing that fails as a whole', () => {
  it.each<[FaultKind, string]>([
    ['unreachable', 'identity-center-unreachable'],
    ['throttled', 'identity-center-throttled'],
    ['unusable-response', 'unusable-response'],
  ])('because of %s keeps the old list, and shows a problem until the next success', async (kind, code) => {
    const world = await createSignedInWorld();
    await world.list();
    const before = await world.broker.cachedCatalog(SESSION);
    world.identityCenter.fail('listAccounts', { kind });
    expect(await failureOf(world.list(10 * MINUTE_MS))).toMatchObject({ code });
    expect(await world.broker.cachedCatalog(SESSION)).toBe(before);
    expect(problemsOf(world)).toEqual([{ code, session: 'my-sso-session' }]);
    world.identityCenter.recover();
    await world.list();
    expect(problemsOf(world)).toEqual([]);
  });

  it('because of a locked store is unavailable', async () => {
    const world = await createSignedInWorld();
    world.restart();
    world.store.refuse('load');
    expect(await failureOf(world.list())).toBe(LOCKED);
  });

  it('because of a bug stops, is internal, and shows no progress afterwards', async () => {
    const world = await createLargeWorld(100, { latencyMs: 500 });
    world.identityCenter.fail('listAccountRoles', { kind: 'unreachable', thrown: new TypeError('bug'), times: 1 });
    expect(await failureOf(world.list(MINUTE_MS))).toMatchObject({ code: 'internal' });
    expect(world.identityCenter.count('listAccountRoles')).toBeLessThanOrEqual(20);
    expect(world.broker.listingProgress(SESSION)).toBeUndefined();
  });
});

describe('a new sign-in while listing', () => {
  it('lists again for everybody who waits, without anything of the other user', async () => {
    const world = await createLargeWorld(100, {}, { callsPerSecond: 10 });
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(1000);
    for (let index = 0; index < 100; index += 1) world.identityCenter.unassign(idOf(index));
    world.identityCenter.assign({ accountId: ACCOUNT_ID, accountName: 'taylor' }, [ROLE.permissionSet]);
    await world.signIn();
    const joined = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.advance(MINUTE_MS);
    expect(await joined.result()).toBe(await listing.result());
    expect((await listing.result()).catalog).toMatchObject({ complete: true, accounts: [TAYLOR] });
    expect(world.files.saved.get(SESSION.sessionName)).toMatchObject({ accounts: [TAYLOR] });
    // The old listing is not worked off to its end: of its 100 accounts a third is asked at most.
    expect(world.identityCenter.count('listAccountRoles')).toBeLessThan(35);
  });

  it('lists again also if the old listing failed', async () => {
    const world = await createSignedInWorld();
    const release = world.identityCenter.hold('listAccounts');
    const listing = settle(world.broker.refreshCatalog(SESSION));
    await world.clock.settle();
    world.identityCenter.fail('listAccounts', { kind: 'unusable-response', times: 1 });
    await world.signIn();
    release();
    await world.clock.advance(MINUTE_MS);
    expect((await listing.result()).catalog).toMatchObject({ complete: true, accounts: [TAYLOR] });
    expect(problemsOf(world)).toEqual([]);
  });
});

it('a sign-out ends a listing, and the last catalog stays', async () => {
  const world = await createLargeWorld(100);
  await world.list(MINUTE_MS);
  const before = await world.broker.cachedCatalog(SESSION);
  const listing = settle(world.broker.refreshCatalog(SESSION));
  await world.clock.advance(1000);
  await world.broker.signOut(SESSION);
  await world.clock.advance(MINUTE_MS);
  expect(await failureOf(listing.result())).toMatchObject({ code: 'sign-in-required' });
  expect(await world.broker.cachedCatalog(SESSION)).toBe(before);
  expect(problemsOf(world)).toEqual([]);
});

describe('the list', () => {
  it('survives a restart, and the next listing knows what is new', async () => {
    const world = await createSignedInWorld();
    expect(await world.broker.cachedCatalog(SESSION)).toBeUndefined();
    const { catalog } = await world.list();
    world.restart();
    expect(await world.broker.cachedCatalog(SESSION)).toBe(catalog);
    world.identityCenter.assign({ accountId: '000000000002' }, ['a']);
    expect(await world.list()).toMatchObject({ added: [{ accountId: '000000000002' }], removed: [] });
  });

  it('that cannot be saved is used all the same, with a problem until one is saved', async () => {
    const world = await createSignedInWorld();
    world.files.refusal = new Error('ENOSPC');
    expect((await world.list()).catalog).toMatchObject({ complete: true, accounts: [TAYLOR] });
    expect(await world.broker.cachedCatalog(SESSION)).toMatchObject({ accounts: [TAYLOR] });
    expect(problemsOf(world)).toEqual([{ code: 'internal', session: 'my-sso-session' }]);
    world.files.refusal = undefined;
    await world.list();
    expect(problemsOf(world)).toEqual([]);
    expect(world.files.saved.get(SESSION.sessionName)).toMatchObject({ accounts: [TAYLOR] });
  });

  it('that could not be saved is saved without another listing', async () => {
    const world = await createSignedInWorld();
    world.files.refusal = new Error('ENOSPC');
    const { catalog } = await world.list();
    await world.broker.flush();
    expect(problemsOf(world)).toEqual([{ code: 'internal', session: 'my-sso-session' }]);
    world.files.refusal = undefined;
    await world.broker.flush();
    expect([problemsOf(world), world.files.saved.get(SESSION.sessionName)]).toEqual([[], catalog]);
  });

  it('of another start URL under the same name is a different one', async () => {
    const world = await createSignedInWorld();
    await world.list();
    world.files.saved.clear();
    const edited = { ...SESSION, startUrl: 'https://other.awsapps.com/start' };
    expect(await world.broker.cachedCatalog(edited)).toBeUndefined();
  });
});
