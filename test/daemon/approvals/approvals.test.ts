// The registry of approvals: one question for all callers, what is remembered, and what is never approved.
import { setMaxListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  createApprovals,
  QUESTION_MS,
  type Approval,
  type Approvals,
  type Question,
} from '../../../src/daemon/approvals/approvals.ts';
import type { Program } from '../../../src/core/program.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';

const ROLE = { sessionName: 'work', accountId: '111111111111', permissionSet: 'AdministratorAccess' };
const QUESTION: Question = {
  subject: { kind: 'role', role: ROLE },
  approve: 'click',
  surface: 'socket',
  rememberMinutes: 15,
  for: 'role',
};
const HERE = new AbortController().signal;
setMaxListeners(0, HERE);
const MINUTE_MS = 60_000;

const program = (executable: string, isVerified = true): Program => ({
  processId: 7,
  startedAtTicks: '1',
  executable,
  script: null,
  workingDirectory: null,
  terminal: null,
  sessionId: null,
  parents: [],
  agent: null,
  isVerified,
});

interface Bench {
  readonly clock: FakeClock;
  readonly approvals: Approvals;
  readonly seen: string[];
  changes: number;
}

function createBench(): Bench {
  const clock = createFakeClock();
  let ids = 0;
  const bench: Bench = {
    clock,
    seen: [],
    changes: 0,
    approvals: createApprovals({
      clock,
      createId: () => String((ids += 1)).padStart(16, '0'),
      onChange: () => void (bench.changes += 1),
    }),
  };
  bench.approvals.subscribe({
    asked: ({ id }) => void bench.seen.push(`asked ${Number(id)}`),
    settled: ({ id, state, by }) => void bench.seen.push(`${state} ${Number(id)} ${by ?? 'by time'}`),
  });
  return bench;
}

describe('a question', () => {
  test('is one for 20 callers, and its answer is theirs', async () => {
    const { approvals, seen } = createBench();
    const asked = Array.from({ length: 20 }, () => approvals.ask(QUESTION));
    const waits = asked.map(({ id }) => approvals.settled(id, 50_000, HERE));
    const [first] = asked as [Approval];
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(approvals.list()).toEqual([
      {
        id: '0000000000000001',
        state: 'pending',
        subject: QUESTION.subject,
        approve: 'click',
        surface: 'socket',
        program: undefined,
        rememberMinutes: 15,
        for: 'role',
        callers: 20,
        askedAtMs: first.askedAtMs,
        expiresAtMs: first.askedAtMs + QUESTION_MS,
        by: undefined,
      },
    ]);
    expect(approvals.approve(first.id, 'click')).toBe(true);
    expect(await Promise.all(waits)).toEqual(Array(20).fill('approved'));
    expect(seen).toEqual(['asked 1', 'approved 1 click']);
    expect([approvals.list(), approvals.find(first.id)?.callers]).toEqual([[], 0]);
  });

  test('is answered once', () => {
    const { approvals } = createBench();
    const { id } = approvals.ask(QUESTION);
    expect(approvals.refuse(id, 'click')).toBe(true);
    expect([approvals.approve(id, 'click'), approvals.refuse(id, 'click')]).toEqual([false, false]);
    expect([approvals.approve('ffffffffffffffff', 'click'), approvals.find(id)?.state]).toEqual([false, 'refused']);
  });

  test('for a passkey is not approved by a click', () => {
    const { approvals } = createBench();
    const { id } = approvals.ask({ ...QUESTION, approve: 'passkey' });
    expect([approvals.approve(id, 'click'), approvals.approve(id, 'terminal')]).toEqual([false, false]);
    expect([approvals.find(id)?.state, approvals.approve(id, 'passkey')]).toEqual(['pending', true]);
  });

  test('for a click is not remembered for a rule that wants a passkey', () => {
    const { approvals } = createBench();
    approvals.approve(approvals.ask(QUESTION).id, 'click');
    expect(approvals.remembers({ ...QUESTION, approve: 'passkey' })).toBe(false);
  });

  test('is withdrawn two minutes after its last caller came', async () => {
    const { approvals, clock, seen } = createBench();
    const { id } = approvals.ask(QUESTION);
    await clock.advance(MINUTE_MS);
    approvals.ask(QUESTION);
    await clock.advance(2 * MINUTE_MS - 1);
    expect(approvals.find(id)?.state).toBe('pending');
    await clock.advance(1);
    expect(seen).toEqual(['asked 1', 'expired 1 by time']);
    expect(approvals.approve(id, 'click')).toBe(false);
    expect(clock.pendingSleeps()).toBe(0);
  });

  test.each([QUESTION_MS, -QUESTION_MS])('is withdrawn when the clock jumps by %i ms', (jumpMs) => {
    const { approvals, clock } = createBench();
    const { id } = approvals.ask(QUESTION);
    clock.jump(jumpMs);
    expect([approvals.approve(id, 'click'), approvals.find(id)?.state]).toEqual([false, 'expired']);
  });

  test('is known for ten minutes after it was settled', async () => {
    const { approvals, clock } = createBench();
    const { id } = approvals.ask(QUESTION);
    approvals.refuse(id, 'socket');
    await clock.advance(10 * MINUTE_MS - 1);
    expect(approvals.find(id)?.state).toBe('refused');
    await clock.advance(1);
    expect(approvals.find(id)).toBeUndefined();
    expect(await approvals.settled(id, 1000, HERE)).toBe('expired');
  });

  test('goes on without a caller that hangs up or can wait no longer', async () => {
    const { approvals, clock } = createBench();
    const { id } = approvals.ask(QUESTION);
    const caller = new AbortController();
    const waits = [approvals.settled(id, 1000, HERE), approvals.settled(id, 50_000, caller.signal)];
    expect(approvals.find(id)?.callers).toBe(2);
    caller.abort();
    await clock.advance(1000);
    expect(await Promise.all(waits)).toEqual(['pending', 'pending']);
    expect([approvals.find(id)?.state, approvals.find(id)?.callers]).toEqual(['pending', 0]);
    expect(await approvals.settled(id, 0, HERE)).toBe('pending');
    expect(await approvals.settled(id, 50_000, caller.signal)).toBe('pending');
  });

  test('is refused when 16 others wait, and everything is once the daemon stops', async () => {
    const { approvals, clock } = createBench();
    const of = (index: number): Question => ({
      ...QUESTION,
      subject: { kind: 'role', role: { ...ROLE, permissionSet: `P${index}` } },
    });
    for (let index = 0; index < 16; index += 1) approvals.ask(of(index));
    expect(() => approvals.ask(of(16))).toThrow('Nobody can be asked now: 16 approvals already wait for an answer.');
    // Of roles: an unlock can still be asked about.
    expect(approvals.ask({ subject: { kind: 'unlock' }, approve: 'click', surface: 'socket' }).state).toBe('pending');
    const [first] = approvals.list();
    const wait = approvals.settled(first?.id ?? '', 50_000, HERE);
    approvals.close();
    expect(await wait).toBe('expired');
    expect(() => approvals.ask(QUESTION)).toThrow('the daemon stops');
    await clock.settle();
    expect(clock.pendingSleeps()).toBe(0);
  });

  test('that is asked a thousand times leaves no more than 256 behind', () => {
    const { approvals } = createBench();
    const ids = Array.from({ length: 1000 }, (_, index) => {
      const { id } = approvals.ask({ ...QUESTION, subject: { kind: 'add-passkey', label: String(index) } });
      approvals.refuse(id, 'socket');
      return id;
    });
    approvals.sweep();
    expect(ids.filter((id) => approvals.find(id) !== undefined).length).toBeLessThanOrEqual(256);
  });

  test('tells where it can be answered, or why nowhere', () => {
    const { approvals } = createBench();
    const asked = approvals.ask(QUESTION);
    expect(approvals.placesOf(asked)).toMatchObject({ places: [], problem: { code: 'approval-refused' } });
    const problem = { code: 'no-display', message: 'There is no display.', hint: 'rolecall approve' };
    approvals.subscribe({ places: () => ({ places: [], problem }) });
    expect(approvals.placesOf(asked)).toEqual({ places: [], problem });
    approvals.subscribe({ places: () => ({ places: ['terminal'] }) });
    approvals.subscribe({ places: ({ approve }) => ({ places: approve === 'click' ? ['terminal', 'page'] : [] }) });
    expect(approvals.placesOf(asked)).toEqual({ places: ['page', 'terminal'], problem: undefined });
  });
});

describe('an approval', () => {
  test('counts for as many minutes as the rule says', async () => {
    const { approvals, clock } = createBench();
    const { id } = approvals.ask(QUESTION);
    expect(approvals.remembers(QUESTION)).toBe(false);
    approvals.approve(id, 'click');
    await clock.advance(15 * MINUTE_MS - 1);
    expect([approvals.remembers(QUESTION), approvals.ask(QUESTION).id]).toEqual([true, id]);
    expect(approvals.find(id)?.expiresAtMs).toBe(clock.nowMs() + 1);
    await clock.advance(1);
    expect([approvals.remembers(QUESTION), approvals.ask(QUESTION).state]).toEqual([false, 'pending']);
  });

  test.each([15, -15])('does not count after the clock has jumped by %i minutes', (minutes) => {
    const { approvals, clock } = createBench();
    approvals.approve(approvals.ask(QUESTION).id, 'click');
    clock.jump(minutes * MINUTE_MS);
    expect(approvals.remembers(QUESTION)).toBe(false);
  });

  test('with a clock that is set back a little counts no longer than it should', async () => {
    const { approvals, clock } = createBench();
    approvals.approve(approvals.ask(QUESTION).id, 'click');
    await clock.advance(10 * MINUTE_MS);
    clock.jump(-9 * MINUTE_MS);
    await clock.advance(5 * MINUTE_MS);
    expect(approvals.remembers(QUESTION)).toBe(false);
  });

  test('with remember_minutes = 0 is only for those that wait', async () => {
    const { approvals } = createBench();
    const question = { ...QUESTION, rememberMinutes: 0 };
    const { id } = approvals.ask(question);
    const wait = approvals.settled(id, 50_000, HERE);
    approvals.approve(id, 'click');
    expect(await wait).toBe('approved');
    expect([approvals.remembers(question), approvals.redeem(question)]).toEqual([false, false]);
  });

  test('is redeemed once by each caller that said it comes back, within a minute', async () => {
    const { approvals, clock } = createBench();
    const question = { ...QUESTION, rememberMinutes: 0 };
    const { id } = approvals.ask({ ...question, comesBack: true });
    approvals.ask({ ...question, comesBack: true });
    approvals.ask(question);
    approvals.approve(id, 'click');
    expect(approvals.remembers(question)).toBe(false);
    expect([1, 2, 3].map(() => approvals.redeem(question))).toEqual([true, true, false]);
    approvals.approve(approvals.ask({ ...question, comesBack: true }).id, 'click');
    await clock.advance(MINUTE_MS);
    expect(approvals.redeem(question)).toBe(false);
  });

  test('for one program does not count for another, nor for one that only claims to be it', () => {
    const { approvals } = createBench();
    const of = (it?: Program): Question => ({ ...QUESTION, for: 'program', program: it });
    approvals.approve(approvals.ask(of(program('/usr/bin/aws'))).id, 'click');
    const counts = (it?: Program) => approvals.remembers(of(it));
    expect([
      counts(program('/usr/bin/aws')),
      counts(program('/usr/bin/terraform')),
      counts(program('/usr/bin/aws', false)),
      counts(undefined),
    ]).toEqual([true, false, false, false]);
    for (const unknown of [program('/usr/bin/make', false), undefined]) {
      approvals.approve(approvals.ask(of(unknown)).id, 'click');
      expect(counts(unknown)).toBe(false);
    }
  });

  test('of a role is not one of an unlock', () => {
    const { approvals } = createBench();
    const { id } = approvals.ask({
      subject: { kind: 'unlock' },
      approve: 'click',
      surface: 'socket',
      rememberMinutes: 15,
    });
    approvals.approve(id, 'click');
    expect(approvals.ask({ subject: { kind: 'unlock' }, approve: 'click', surface: 'socket' })).toMatchObject({
      state: 'pending',
    });
    expect(approvals.remembers(QUESTION)).toBe(false);
  });

  test('is forgotten, with the questions that wait: of one session, or all', async () => {
    const { approvals, seen } = createBench();
    const of = (sessionName: string): Question => ({
      ...QUESTION,
      subject: { kind: 'role', role: { ...ROLE, sessionName } },
    });
    for (const name of ['a', 'a b']) approvals.approve(approvals.ask(of(name)).id, 'click');
    const pending = approvals.ask({ ...of('a'), approve: 'passkey' });
    const wait = approvals.settled(pending.id, 50_000, HERE);
    const before = [approvals.epoch('a'), approvals.epoch('a b')];
    approvals.forget('a');
    expect(await wait).toBe('refused');
    expect([approvals.remembers(of('a')), approvals.remembers(of('a b'))]).toEqual([false, true]);
    expect([approvals.epoch('a'), approvals.epoch('a b')]).toEqual([(before[0] ?? 0) + 1, before[1]]);
    approvals.forget();
    expect(approvals.remembers(of('a b'))).toBe(false);
    expect(approvals.epoch('a b')).toBe((before[1] ?? 0) + 1);
    expect(seen.at(-1)).toBe('refused 3 daemon');
    // What the daemon withdrew may be asked again at once.
    expect(approvals.ask({ ...of('a'), approve: 'passkey' }).state).toBe('pending');
  });
});

describe('a refusal', () => {
  test('counts for a minute, and not for another role', async () => {
    const { approvals, clock, seen } = createBench();
    const { id } = approvals.ask(QUESTION);
    approvals.refuse(id, 'click');
    await clock.advance(MINUTE_MS - 1);
    expect(approvals.ask(QUESTION)).toMatchObject({ id, state: 'refused' });
    expect(
      approvals.ask({ ...QUESTION, subject: { kind: 'role', role: { ...ROLE, accountId: '222222222222' } } }).state,
    ).toBe('pending');
    await clock.advance(1);
    expect(approvals.ask(QUESTION).state).toBe('pending');
    expect(seen).toEqual(['asked 1', 'refused 1 click', 'asked 2', 'asked 3']);
  });

  test('of five roles within a minute keeps programs from asking for others, until the minute is over', async () => {
    const { approvals, clock } = createBench();
    const of = (index: number): Question => ({
      ...QUESTION,
      subject: { kind: 'role', role: { ...ROLE, permissionSet: `P${index}` } },
    });
    for (let index = 0; index < 5; index += 1) approvals.refuse(approvals.ask(of(index)).id, 'click');
    expect(() => approvals.ask(of(5))).toThrow('too many requests were refused within a minute');
    await clock.advance(MINUTE_MS);
    expect(approvals.ask(of(5)).state).toBe('pending');
  });

  test('may be followed by a command that asks again, twice', async () => {
    const { approvals, clock } = createBench();
    const again = { ...QUESTION, mayAskAgain: true };
    for (let times = 0; times < 3; times += 1) approvals.refuse(approvals.ask(again).id, 'click');
    expect(approvals.ask(again).state).toBe('refused');
    await clock.advance(MINUTE_MS);
    approvals.approve(approvals.ask(again).id, 'click');
    expect(approvals.remembers(QUESTION)).toBe(true);
  });
});
