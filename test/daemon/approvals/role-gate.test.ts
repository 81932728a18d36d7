// The gate of protected roles: who is admitted, who waits and how long, and what a withdrawn approval is worth.
import { describe, expect, test } from 'vitest';
import type { Program } from '../../../src/core/program.ts';
import { createApprovals } from '../../../src/daemon/approvals/approvals.ts';
import { createRoleGate, type AdmitRequest, type Asker } from '../../../src/daemon/approvals/role-gate.ts';
import { RefusedError, type RolecallError } from '../../../src/core/errors.ts';
import type { ApprovalRule } from '../../../src/daemon/settings/protection.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const ROLE = { sessionName: 'work', accountId: '111111111111', permissionSet: 'AdministratorAccess' };
const CLICK: ApprovalRule = { approve: 'click', rememberMinutes: 15, for: 'role' };

const codeOf = (thrown: unknown) => (thrown as { readonly code: string }).code;

function createBench(rule: ApprovalRule | 'none' = CLICK) {
  const clock = createFakeClock();
  let ids = 0;
  const approvals = createApprovals({ clock, createId: () => String((ids += 1)).padStart(16, '0') });
  let locked: RolecallError | undefined;
  let version = '';
  const gate = createRoleGate({
    versionOf: () => version,
    approvals,
    lock: {
      refusal: () => locked,
      requireUnlocked() {
        if (locked !== undefined) throw locked;
      },
    },
    ruleFor: () => (rule === 'none' ? undefined : rule),
    requirePasskey: async () => undefined,
    waitSeconds: 50,
    nameOf: async (role) => `${role.permissionSet} in ${role.accountId}`,
    clock,
  });
  let lookups = 0;
  const ask = (asker: Partial<Asker> = {}, caller: Partial<AdmitRequest['caller']> = {}) =>
    gate.admit({
      role: ROLE,
      arrivedAtMs: clock.nowMs(),
      caller: { waitBudgetMs: 55_000, gone: () => new AbortController().signal, ...caller },
      asker: {
        surface: 'socket',
        async program() {
          lookups += 1;
          return undefined;
        },
        ...asker,
      },
    });
  return {
    clock,
    approvals,
    gate,
    ask,
    lookups: () => lookups,
    /** The role is a chained one, and its definition has changed. */
    redefine: (to: string) => void (version = to),
    lock() {
      locked = new RefusedError('locked', 'rolecall is locked.');
      approvals.forget();
    },
    /** Answers the question that waits. */
    async answer(how: 'approve' | 'refuse' = 'approve') {
      await clock.settle();
      const [first] = approvals.list();
      expect(approvals[how](first?.id ?? '', 'click')).toBe(true);
    },
  };
}

const program = (executable: string): Program => ({
  processId: 7,
  startedAtTicks: '1',
  executable,
  script: null,
  workingDirectory: null,
  terminal: null,
  sessionId: null,
  parents: [],
  agent: null,
  isVerified: true,
});

describe('a caller', () => {
  test('of a role without a rule is admitted without a question', async () => {
    const { approvals, ask, gate, lookups } = createBench('none');
    expect((await ask()).isValid()).toBe(true);
    expect(gate.peek(ROLE)?.isValid()).toBe(true);
    expect([approvals.list(), lookups()]).toEqual([[], 0]);
  });

  test('waits for the approval, which is one for 20; the program of each is looked for', async () => {
    const { answer, approvals, ask, clock, gate, lookups } = createBench();
    expect(gate.peek(ROLE)).toBeUndefined();
    const waits = Array.from({ length: 20 }, () => ask());
    await clock.settle();
    expect(approvals.list().map(({ callers }) => callers)).toEqual([20]);
    await answer();
    expect((await Promise.all(waits)).every((admission) => admission.isValid())).toBe(true);
    expect([lookups(), gate.peek(ROLE)?.isValid()]).toEqual([20, true]);
  });

  test('is told who refused: a person, or time', async () => {
    const { answer, ask, clock } = createBench();
    const refused = ask();
    await Promise.all([
      expect(refused).rejects.toMatchObject({
        code: 'approval-refused',
        message: 'AdministratorAccess in 111111111111 was refused.',
      }),
      answer('refuse'),
    ]);
    await clock.advance(60_000);
    const late = expect(ask()).rejects.toMatchObject({
      code: 'approval-refused',
      message: expect.stringMatching(/^Nobody has approved AdministratorAccess in 111111111111 in time\./) as string,
    });
    await clock.advance(50_000);
    await late;
  });

  test.each([
    [undefined, 50_000],
    [10_000, 8000],
    [2000, 0],
    [600_000, 50_000],
  ])('that waits %s ms is answered after %i ms', async (waitBudgetMs, afterMs) => {
    const { ask, clock } = createBench();
    let isOver = false;
    const wait = ask({}, { waitBudgetMs })
      .catch(codeOf)
      .finally(() => void (isOver = true));
    if (afterMs > 0) {
      await clock.advance(afterMs - 1);
      expect(isOver).toBe(false);
    }
    await clock.advance(1);
    expect(await wait).toBe('approval-refused');
  });

  test('does not wait longer because the clock was set back', async () => {
    const { ask, clock, approvals } = createBench();
    const waited = ask().catch(codeOf);
    await clock.settle();
    clock.jump(-30_000);
    await clock.advance(50_000);
    expect(await waited).toBe('approval-refused');
    expect(approvals.list().map(({ callers }) => callers)).toEqual([0]);
  });

  test('that hangs up leaves the question to the others', async () => {
    const { answer, approvals, ask, clock } = createBench();
    const hungUp = new AbortController();
    const gone = ask({}, { gone: () => hungUp.signal }).catch(codeOf);
    const stays = ask();
    await clock.settle();
    hungUp.abort();
    expect(await gone).toBe('approval-refused');
    expect(approvals.list().map(({ callers }) => callers)).toEqual([1]);
    await answer();
    expect((await stays).isValid()).toBe(true);
  });

  test('is admitted by an approval for its program, and another program is not', async () => {
    const { answer, approvals, ask, clock, gate } = createBench({ ...CLICK, for: 'program' });
    const aws = { program: async () => program('/usr/bin/aws') };
    const first = ask(aws);
    await answer();
    await first;
    expect(gate.peek(ROLE)).toBeUndefined();
    expect((await ask(aws)).isValid()).toBe(true);
    void ask({ program: async () => program('/usr/bin/make') }).catch(() => undefined);
    await clock.settle();
    expect(approvals.list().map((approval) => approval.program?.executable)).toEqual(['/usr/bin/make']);
    approvals.close();
  });

  test('is admitted once each for an answer that it asked for before, with remember_minutes = 0', async () => {
    const { answer, approvals, ask, gate } = createBench({ ...CLICK, rememberMinutes: 0 });
    approvals.ask({
      subject: { kind: 'role', role: ROLE },
      ...CLICK,
      rememberMinutes: 0,
      surface: 'socket',
      comesBack: true,
    });
    await answer();
    expect(gate.peek(ROLE)).toBeUndefined();
    expect((await ask()).isValid()).toBe(true);
    const second = expect(ask()).rejects.toMatchObject({ code: 'approval-refused' });
    await answer('refuse');
    await second;
  });

  test('of a chained role is admitted for the definition that was approved, and for no other', async () => {
    const { answer, approvals, ask, clock, gate, redefine } = createBench();
    redefine('one');
    const wait = ask();
    await answer();
    const admission = await wait;
    admission.hold('grant');
    expect([admission.isValid(), gate.peek(ROLE, 'grant')?.isValid(), gate.peek(ROLE)?.isValid()]).toEqual([
      true,
      true,
      true,
    ]);
    redefine('two');
    expect([admission.isValid(), gate.peek(ROLE, 'grant'), gate.peek(ROLE)]).toEqual([false, undefined, undefined]);
    void ask().catch(() => undefined);
    await clock.settle();
    expect(approvals.list()).toHaveLength(1);
    approvals.close();
  });

  test('of a chained role that needed no approval is admitted until its definition changes', async () => {
    const { ask, redefine } = createBench('none');
    redefine('one');
    const admission = await ask();
    expect(admission.isValid()).toBe(true);
    redefine('two');
    expect(admission.isValid()).toBe(false);
  });

  test('whose program can’t be found is asked about all the same', async () => {
    const { answer, ask } = createBench();
    const wait = ask({ program: () => Promise.reject(new Error('no such process')) });
    await answer();
    expect((await wait).isValid()).toBe(true);
  });
});

describe('a grant', () => {
  test('is refused at once, and admitted for as long as it lives after the approval', async () => {
    const { answer, approvals, ask, clock, gate } = createBench({ ...CLICK, rememberMinutes: 0 });
    for (let times = 0; times < 20; times += 1) {
      await expect(ask({ surface: 'container', grantId: 'a' })).rejects.toMatchObject({ code: 'approval-required' });
    }
    expect(approvals.list().map(({ surface, callers }) => [surface, callers])).toEqual([['container', 0]]);
    await answer();
    await clock.advance(24 * 3600_000);
    expect([gate.peek(ROLE, 'a')?.isValid(), gate.peek(ROLE, 'b'), gate.peek(ROLE)]).toEqual([
      true,
      undefined,
      undefined,
    ]);
    expect(gate.peek({ ...ROLE, accountId: '222222222222' }, 'a')).toBeUndefined();
  });

  test('is told about a refusal, and not admitted', async () => {
    const { answer, ask, gate } = createBench();
    await expect(ask({ grantId: 'a' })).rejects.toMatchObject({ code: 'approval-required' });
    await answer('refuse');
    await expect(ask({ grantId: 'a' })).rejects.toMatchObject({ code: 'approval-refused' });
    expect(gate.peek(ROLE, 'a')).toBeUndefined();
  });

  test('that was made with an approval keeps the role until that is forgotten', async () => {
    const { answer, approvals, ask, gate } = createBench({ ...CLICK, rememberMinutes: 0 });
    const wait = ask();
    await answer();
    const admission = await wait;
    admission.hold('a');
    expect(gate.peek(ROLE, 'a')?.isValid()).toBe(true);
    approvals.forget('other');
    expect([gate.peek(ROLE, 'a')?.isValid(), admission.isValid()]).toEqual([true, true]);
    approvals.forget('work');
    expect([gate.peek(ROLE, 'a'), admission.isValid()]).toEqual([undefined, false]);
    expect(() => admission.hold('a')).toThrow('The approval was withdrawn meanwhile.');
  });
});

test('nobody is asked about a role that was locked while the program was looked for', async () => {
  const { approvals, ask, clock, lock } = createBench();
  const asked: string[] = [];
  approvals.subscribe({ asked: ({ id }) => void asked.push(id) });
  let find: () => void = () => undefined;
  const program = () => new Promise<undefined>((resolve) => (find = () => resolve(undefined)));
  const refused = expect(ask({ program })).rejects.toMatchObject({ code: 'locked' });
  await clock.settle();
  lock();
  find();
  await refused;
  expect(asked).toEqual([]);
});

describe('an approval that is forgotten', () => {
  test('refuses those that wait for it', async () => {
    const { approvals, ask, clock } = createBench();
    const wait = expect(ask()).rejects.toMatchObject({ code: 'approval-refused' });
    await clock.settle();
    approvals.forget();
    await wait;
  });

  test('right after it was given is not valid any more for those that waited', async () => {
    const { answer, approvals, ask } = createBench();
    const wait = ask();
    await answer();
    approvals.forget();
    expect((await wait).isValid()).toBe(false);
  });

  test('while the program is looked for does not count', async () => {
    const { answer, approvals, ask, clock } = createBench({ ...CLICK, for: 'program' });
    const aws = { program: async () => program('/usr/bin/aws') };
    const first = ask(aws);
    await answer();
    await first;
    let find: (found: Program) => void = () => undefined;
    const second = ask({ program: () => new Promise<Program>((resolve) => (find = resolve)) });
    await clock.settle();
    approvals.forget();
    find(program('/usr/bin/aws'));
    await answer();
    expect((await second).isValid()).toBe(false);
  });
});
