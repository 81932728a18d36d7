// Questions on the screen: one dialog at a time, closed when the question is settled, and what happens without an answer.
import { expect, test } from 'vitest';
import {
  createApprovals,
  QUESTION_MS,
  type Approval,
  type Approvals,
  type Question,
} from '../../../src/daemon/approvals/approvals.ts';
import { describeApproval } from '../../../src/daemon/approvals/approval-documents.ts';
import { createOnScreen, MIN_READING_MS, type OnScreen } from '../../../src/daemon/approvals/on-screen.ts';
import type { DialogOutcome, DialogQuestion } from '../../../src/daemon/notifications/dialog.ts';
import type { Notification } from '../../../src/daemon/notifications/notifier.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';

const question = (permissionSet = 'AdministratorAccess', approve: 'click' | 'passkey' = 'click'): Question => ({
  subject: { kind: 'role', role: { sessionName: 'work', accountId: '111111111111', permissionSet } },
  approve,
  surface: 'socket',
  rememberMinutes: 15,
});

interface Shown {
  readonly by: string;
  readonly question: DialogQuestion;
  answer(outcome: DialogOutcome): Promise<void>;
  isClosed: boolean;
}

interface Bench {
  readonly clock: FakeClock;
  readonly approvals: Approvals;
  readonly screen: OnScreen;
  readonly shown: Shown[];
  /** By topic; those that are on the screen. */
  readonly notifications: Map<string, Notification>;
  readonly pages: string[];
  readonly log: string[];
  ask(question: Question): Approval;
  places(id: string): readonly string[];
}

async function createBench(options: { canAsk?: boolean; programs?: readonly string[] } = {}): Promise<Bench> {
  const clock = createFakeClock();
  let ids = 0;
  const approvals = createApprovals({ clock, createId: () => String((ids += 1)).padStart(16, '0') });
  const shown: Shown[] = [];
  const notifications = new Map<string, Notification>();
  const pages: string[] = [];
  const log: string[] = [];
  const screen = createOnScreen({
    approvals,
    describe: async (approval) => describeApproval(approval, approvals, 'Production'),
    announce: () => undefined,
    canAsk: () => options.canAsk !== false,
    loadDialogs: async () =>
      (options.programs ?? ['pinentry-qt']).map((name) => ({
        name,
        ask: (asked: DialogQuestion, signal: AbortSignal) =>
          new Promise<DialogOutcome>((resolve) => {
            const dialog: Shown = {
              by: name,
              question: asked,
              isClosed: false,
              async answer(outcome) {
                dialog.isClosed = true;
                resolve(outcome);
                await clock.settle();
              },
            };
            signal.addEventListener('abort', () => void dialog.answer('closed'));
            shown.push(dialog);
          }),
      })),
    notifier: {
      async notify(notification) {
        notifications.set(notification.key, notification);
        return true;
      },
      resolve: (key) => void notifications.delete(key),
    },
    async openPage() {
      pages.push('page');
      return true;
    },
    clock,
    log: (level, message) => void log.push(`${level} ${message}`),
  });
  return {
    clock,
    approvals,
    screen,
    shown,
    notifications,
    pages,
    log,
    ask: (asked) => approvals.ask(asked),
    places: (id) => approvals.placesOf(approvals.find(id) as Approval).places,
  };
}

const last = ({ shown }: Bench): Shown => {
  const dialog = shown.at(-1);
  if (dialog === undefined) throw new Error('no dialog was shown');
  return dialog;
};

/** Long enough to have read it. */
const read = (bench: Bench) => bench.clock.advance(MIN_READING_MS);

test('an answer in the dialog settles the question, which says who asks for what', async () => {
  const bench = await createBench();
  const { id } = bench.ask(question());
  await read(bench);
  expect(bench.places(id)).toEqual(['screen']);
  expect(last(bench).question.heading).toBe('rolecall: allow credentials for this role?');
  expect(last(bench).question.lines.join('\n')).toContain('Account name: “Production”');
  await last(bench).answer('allowed');
  expect(bench.approvals.find(id)).toMatchObject({ state: 'approved', by: 'click' });

  const other = bench.ask(question('ReadOnly'));
  await read(bench);
  await last(bench).answer('denied');
  expect(bench.approvals.find(other.id)).toMatchObject({ state: 'refused', by: 'click' });
  expect(bench.notifications.size).toBe(0);
});

test('a thousand requests are one dialog, and other roles wait for it', async () => {
  const bench = await createBench();
  const first = bench.ask(question());
  for (let count = 1; count < 1000; count += 1) bench.ask(question());
  const others = Array.from({ length: 15 }, (_, index) => bench.ask(question(`Role${index}`)));
  await read(bench);
  expect(bench.shown.length).toBe(1);
  expect(() => bench.ask(question('OneTooMany'))).toThrow('16 approvals already wait');
  for (const { id } of [first, ...others]) {
    expect(bench.places(id)).toEqual(['screen']);
    expect(bench.shown.filter(({ isClosed }) => !isClosed).length).toBe(1);
    await last(bench).answer('denied');
    expect(bench.approvals.find(id)?.state).toBe('refused');
    await read(bench);
  }
  expect(bench.shown.length).toBe(16);
});

test.each([
  ['approved by a passkey', (bench: Bench, id: string) => bench.approvals.approve(id, 'passkey')],
  ['approved on a terminal', (bench: Bench, id: string) => bench.approvals.approve(id, 'terminal')],
  ['refused over the API', (bench: Bench, id: string) => bench.approvals.refuse(id, 'socket')],
  ['forgotten by a lock', (bench: Bench) => bench.approvals.forget()],
  ['not answered in time', (bench: Bench) => bench.clock.advance(QUESTION_MS)],
  ['withdrawn when the daemon stops', (bench: Bench) => bench.screen.close()],
] as const)('the dialog closes when its question is %s', async (_, settle) => {
  const bench = await createBench();
  const { id } = bench.ask(question());
  await read(bench);
  expect(last(bench).isClosed).toBe(false);
  await settle(bench, id);
  await bench.clock.settle();
  expect(bench.shown.map(({ isClosed }) => isClosed)).toEqual([true]);
});

test('a question that is settled while it waits for its turn is never shown', async () => {
  const bench = await createBench();
  const first = bench.ask(question('A'));
  const second = bench.ask(question('B'));
  bench.approvals.refuse(second.id, 'socket');
  await read(bench);
  await last(bench).answer('allowed');
  await read(bench);
  expect([bench.shown.length, bench.approvals.find(first.id)?.state]).toEqual([1, 'approved']);
});

test.each(['allowed', 'denied'] as const)(
  'an answer within a second does not count: %s is asked again, twice at most',
  async (outcome) => {
    const bench = await createBench();
    const { id } = bench.ask(question());
    for (let count = 0; count < 3; count += 1) {
      await bench.clock.advance(MIN_READING_MS - 1);
      await last(bench).answer(outcome);
    }
    await read(bench);
    expect([bench.shown.length, bench.approvals.find(id)?.state, bench.places(id)]).toEqual([3, 'pending', []]);
    expect([...bench.notifications.keys()]).toEqual([`approval ${id}`]);
  },
);

test('a stray answer does not spoil the one after it', async () => {
  const bench = await createBench();
  const { id } = bench.ask(question());
  await bench.clock.settle();
  await last(bench).answer('denied');
  await read(bench);
  await last(bench).answer('allowed');
  expect([bench.shown.length, bench.approvals.find(id)?.state]).toEqual([2, 'approved']);
});

test('a dialog that somebody kills refuses nothing, and a notification leads back to it', async () => {
  const bench = await createBench();
  const { id } = bench.ask(question());
  await read(bench);
  await last(bench).answer('closed');
  expect([bench.approvals.find(id)?.state, bench.places(id)]).toEqual(['pending', []]);
  const notification = bench.notifications.get(`approval ${id}`);
  expect(notification).toMatchObject({
    title: 'AdministratorAccess in 111111111111 waits for your approval',
    body: 'See who asks, and answer: rolecall approvals',
    action: { label: 'Show the question' },
  });
  notification?.action?.onClick();
  notification?.action?.onClick();
  await read(bench);
  // Pressed by whomever, the button only shows the question.
  expect([bench.shown.length, bench.approvals.find(id)?.state, bench.places(id)]).toEqual([2, 'pending', ['screen']]);
  await last(bench).answer('allowed');
  expect([bench.approvals.find(id)?.state, bench.notifications.size]).toEqual(['approved', 0]);
  notification?.action?.onClick();
  await read(bench);
  expect(bench.shown.length).toBe(2);
});

test('tries the next program when one can show nothing, and leaves the question open when none can', async () => {
  const bench = await createBench({ programs: ['pinentry-gtk-2', 'zenity'] });
  const { id } = bench.ask(question());
  await read(bench);
  await last(bench).answer('unavailable');
  expect(bench.shown.map(({ by }) => by)).toEqual(['pinentry-gtk-2', 'zenity']);
  await last(bench).answer('unavailable');
  expect([bench.approvals.find(id)?.state, bench.places(id)]).toEqual(['pending', []]);
  expect(bench.log).toEqual(['warn pinentry-gtk-2 could not show a question', 'warn zenity could not show a question']);
  expect(bench.approvals.placesOf(bench.approvals.find(id) as Approval).problem).toMatchObject({
    // The page can't approve it.
    hint: 'rolecall approve',
    message: expect.stringContaining('pinentry') as string,
  });
});

test('asks again when the dialog gave up before the question, which further callers keep open', async () => {
  const bench = await createBench();
  const { id } = bench.ask(question());
  await bench.clock.advance(QUESTION_MS - 1);
  expect(last(bench).question.timeoutMs).toBeGreaterThanOrEqual(QUESTION_MS);
  bench.ask(question());
  await last(bench).answer('timed-out');
  expect([bench.shown.length, bench.approvals.find(id)?.state]).toEqual([2, 'pending']);
});

test.each([
  ['that needs a passkey', 'passkey', true],
  ['on a machine without dialogs', 'click', false],
] as const)('a question %s is a notification that opens the page', async (_, approve, canAsk) => {
  const bench = await createBench({ canAsk });
  const { id } = bench.ask(question('AdministratorAccess', approve));
  await read(bench);
  expect([bench.shown.length, bench.places(id)]).toEqual([0, []]);
  const action = bench.notifications.get(`approval ${id}`)?.action;
  expect(action?.label).toBe('Open the page');
  action?.onClick();
  expect([bench.pages.length, bench.approvals.find(id)?.state]).toEqual([1, 'pending']);
  bench.approvals.refuse(id, 'web');
  expect(bench.notifications.size).toBe(0);
});
