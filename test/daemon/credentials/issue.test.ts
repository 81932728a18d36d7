// The one way to credentials: a protected role is asked about before AWS is, and what is withdrawn meanwhile is not served.
import { describe, expect, test } from 'vitest';
import { createApprovals } from '../../../src/daemon/approvals/approvals.ts';
import { createRoleGate } from '../../../src/daemon/approvals/role-gate.ts';
import { answerDeadlineMs, createCredentialIssuer } from '../../../src/daemon/credentials/issue.ts';
import { NEVER_LOCKED } from '../../../src/sso/serving-lock.ts';
import { createWorld, ROLE, SESSION } from '../../sso/world.ts';

async function createBench({ isProtected = true } = {}) {
  const world = createWorld();
  const { clock, broker } = world;
  await world.signIn();
  await world.list();
  let ids = 0;
  const approvals = createApprovals({ clock, createId: () => String((ids += 1)).padStart(16, '0') });
  const issued: string[] = [];
  const issuer = createCredentialIssuer({
    sharedConfig: { findSession: async () => SESSION, peekSession: () => SESSION },
    broker,
    roleGate: createRoleGate({
      versionOf: () => '',
      approvals,
      ruleFor: () => (isProtected ? { approve: 'click', rememberMinutes: 15, for: 'role' } : undefined),
      requirePasskey: async () => undefined,
      waitSeconds: 50,
      nameOf: async ({ permissionSet }) => permissionSet,
      lock: NEVER_LOCKED,
      clock,
    }),
    currentRole: { require: async () => ROLE },
    loginPolicy: { serveEnded: ({ ended }) => Promise.reject(ended) },
    roleUsage: { note: () => undefined },
    issuanceLog: {
      isCovered: () => true,
      note({ permissionSet }, { surface }) {
        issued.push(`${permissionSet} on ${surface}`);
        return undefined;
      },
      refuse: () => undefined,
    },
    lock: NEVER_LOCKED,
    lastRefusals: { note: () => undefined, forget: () => undefined },
    clock,
  });
  const count = () => world.identityCenter.count('getRoleCredentials');
  return {
    world,
    clock,
    approvals,
    issuer,
    issued,
    count,
    issue: (deadlineMs?: number) =>
      issuer.issue({
        role: ROLE,
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        waitBudget: { waitBudgetMs: 55_000, gone: () => new AbortController().signal },
        asker: { surface: 'socket', program: async () => undefined },
        recipient: { surface: 'socket' },
      }),
    async approve() {
      await clock.settle();
      expect(approvals.approve(approvals.list()[0]?.id ?? '', 'click')).toBe(true);
      await clock.settle();
    },
  };
}

describe('credentials of a protected role', () => {
  test('are not asked of AWS before the approval', async () => {
    const { approve, clock, count, issue, issued } = await createBench();
    const wait = issue();
    await clock.settle();
    expect([count(), issued]).toEqual([0, []]);
    await approve();
    expect((await wait).role).toEqual(ROLE);
    expect([count(), issued]).toEqual([1, ['Admin-AF-Permission-Set on socket']]);
  });

  test('are not served when the approval is withdrawn while AWS answers: the person is asked again', async () => {
    const { approve, approvals, clock, issue, issued, world } = await createBench();
    const release = world.identityCenter.hold('getRoleCredentials');
    let isServed = false;
    const wait = issue().finally(() => void (isServed = true));
    await approve();
    approvals.forget();
    release();
    await clock.settle();
    expect([isServed, issued, approvals.list().map(({ id }) => Number(id))]).toEqual([false, [], [2]]);
    await approve();
    await wait;
    expect(issued).toHaveLength(1);
  });

  test('are not served from the cache without an approval', async () => {
    const { approve, approvals, clock, issue, issued, issuer } = await createBench();
    const peek = () => issuer.peek(ROLE, { surface: 'container' }, 'a');
    const first = issue();
    await approve();
    await first;
    expect(peek()).toBeDefined();
    approvals.forget();
    expect(peek()).toBeUndefined();
    const refused = expect(issue()).rejects.toMatchObject({ code: 'approval-refused' });
    await clock.settle();
    approvals.close();
    await refused;
    expect(issued).toEqual(['Admin-AF-Permission-Set on socket', 'Admin-AF-Permission-Set on container']);
  });
});

test('credentials of any other role are served without a question', async () => {
  const { approvals, count, issue, issuer } = await createBench({ isProtected: false });
  await issue();
  expect(issuer.peek(ROLE, { surface: 'container' }, 'a')).toBeDefined();
  expect([count(), approvals.list()]).toEqual([1, []]);
});

test('a caller that does not wait hears in time that AWS is slow, and its request serves the next one', async () => {
  const { clock, count, issue, world } = await createBench({ isProtected: false });
  world.identityCenter.settings.latencyMs = 3000;
  const hurried = expect(issue(answerDeadlineMs({ waitBudgetMs: undefined }))).rejects.toMatchObject({
    code: 'identity-center-unreachable',
    retryAfterMs: 1000,
  });
  const patient = issue(answerDeadlineMs({ waitBudgetMs: 10_000 }));
  await clock.advance(2000);
  await hurried;
  await clock.advance(1000);
  await patient;
  await issue(answerDeadlineMs({ waitBudgetMs: undefined }));
  expect(count()).toBe(1);
});

test.each([
  [undefined, 1900],
  [0, 1900],
  [3000, 1900],
  [55_000, 52_900],
])(
  'a caller that says to wait %s ms hears after %i ms at the latest that AWS has not answered',
  (budgetMs, afterMs) => {
    expect(answerDeadlineMs({ waitBudgetMs: budgetMs })).toBe(afterMs);
  },
);
