// Asks on the screen: one dialog at a time, in the order of the questions. A notification leads to what no dialog shows.
import { monotonicNowMs, type Clock } from '../../core/clock.ts';
import type { ApprovalDocument } from '../../local-api/schemas.ts';
import type { DialogOutcome, DialogProgram } from '../notifications/dialog.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Log } from '../process/log.ts';
import type { Approval, Approvals } from './approvals.ts';
import { describeQuestion, nameQuestion } from './question-text.ts';

export interface OnScreen {
  /** Closes the dialog, and shows no more. */
  close(): void;
}

/** Sooner nobody has read the question: such an answer is a key or a click that was meant for another window. */
export const MIN_READING_MS = 1000;
/** After so many of those in a row the question stays unanswered here. */
const MAX_STRAY_ANSWERS = 3;
/** Time for the registry to withdraw a question before its dialog gives up. */
const TIMEOUT_MARGIN_MS = 5000;

export function createOnScreen(deps: {
  readonly approvals: Approvals;
  readonly describe: (approval: Approval) => Promise<ApprovalDocument>;
  /** Called when a question gains or loses its dialog. */
  readonly announce: () => void;
  /** Whether a dialog can be shown, as far as that is known without trying. */
  readonly canAsk: () => boolean;
  /** The programs to try, in this order. */
  readonly loadDialogs: () => Promise<readonly DialogProgram[]>;
  readonly notifier: Pick<Notifier, 'notify' | 'resolve'>;
  /** Opens rolecall's page in the browser. */
  readonly openPage: () => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}): OnScreen {
  const { approvals, clock, notifier } = deps;
  /** Pending ones with a dialog, open or in the queue. */
  const queue: string[] = [];
  let open: { readonly id: string; readonly withdrawn: AbortController } | undefined;
  let isClosed = false;

  approvals.subscribe({
    asked(approval) {
      if (isClosed) return;
      if (approval.approve === 'click' && deps.canAsk()) enqueue(approval.id);
      else notify(approval);
    },
    settled({ id }) {
      remove(id);
      if (open?.id === id) open.withdrawn.abort();
      notifier.resolve(topicOf(id));
    },
    places: ({ id, approve }) =>
      queue.includes(id)
        ? { places: ['screen'] }
        : { places: [], ...(approve === 'click' ? { problem: NO_DIALOG } : {}) },
  });

  function enqueue(id: string): void {
    if (queue.includes(id) || isClosed) return;
    queue.push(id);
    deps.announce();
    void askNext();
  }

  function remove(id: string): void {
    const index = queue.indexOf(id);
    if (index >= 0) queue.splice(index, 1);
  }

  async function askNext(): Promise<void> {
    const [id] = queue;
    if (open !== undefined || id === undefined || isClosed) return;
    const withdrawn = new AbortController();
    open = { id, withdrawn };
    try {
      const answer = await ask(id, withdrawn.signal);
      if (answer === 'allowed') approvals.approve(id, 'click');
      if (answer === 'denied') approvals.refuse(id, 'click');
    } catch (error) {
      deps.log('error', `could not ask on the screen: ${(error as Error).message}`);
    }
    open = undefined;
    remove(id);
    const unanswered = approvals.find(id);
    if (unanswered?.state === 'pending') {
      deps.announce();
      notify(unanswered);
    }
    void askNext();
  }

  /** Undefined: the person can't be asked here, or the question was withdrawn. */
  async function ask(id: string, signal: AbortSignal): Promise<'allowed' | 'denied' | undefined> {
    let strayAnswers = 0;
    for (;;) {
      const approval = approvals.find(id);
      if (approval?.state !== 'pending' || signal.aborted) return undefined;
      const shownAtMs = monotonicNowMs(clock);
      const outcome = await show(approval, signal);
      const isStray = monotonicNowMs(clock) - shownAtMs < MIN_READING_MS;
      if (outcome === 'allowed' || outcome === 'denied') {
        if (!isStray) return outcome;
        strayAnswers += 1;
        if (strayAnswers === MAX_STRAY_ANSWERS) return undefined;
      } else if (outcome !== 'timed-out' || isStray) {
        return undefined;
      }
    }
  }

  /** With the first program that can. */
  async function show(approval: Approval, signal: AbortSignal): Promise<DialogOutcome> {
    const text = describeQuestion(await deps.describe(approval), clock.nowMs());
    const timeoutMs = approval.expiresAtMs - clock.nowMs() + TIMEOUT_MARGIN_MS;
    const dialogs = await deps.loadDialogs();
    for (const dialog of dialogs) {
      const outcome = await dialog.ask({ ...text, timeoutMs }, signal);
      if (outcome !== 'unavailable') return outcome;
      deps.log('warn', `${dialog.name} could not show a question`);
    }
    return 'unavailable';
  }

  function notify(approval: Approval): void {
    if (isClosed) return;
    notifyOf(approval).catch((error: unknown) => deps.log('warn', `could not show a notification: ${String(error)}`));
  }

  /** It only leads to the question: every program of the user can press the button of a notification. */
  async function notifyOf(approval: Approval): Promise<void> {
    const { id, approve } = approval;
    const isDialog = () => approve === 'click' && deps.canAsk();
    const isPending = () => approvals.find(id)?.state === 'pending';
    await notifier.notify({
      key: topicOf(id),
      title: `${nameQuestion(await deps.describe(approval))} waits for your approval`,
      body: 'See who asks, and answer: rolecall approvals',
      action: {
        label: isDialog() ? 'Show the question' : 'Open the page',
        onClick() {
          if (!isPending()) return;
          if (isDialog()) enqueue(id);
          else deps.openPage().catch((error: unknown) => deps.log('warn', `could not open the page: ${String(error)}`));
        },
      },
      stays: true,
    });
    // Answered in the meantime.
    if (!isPending()) notifier.resolve(topicOf(id));
  }

  return {
    close() {
      isClosed = true;
      queue.length = 0;
      open?.withdrawn.abort();
    },
  };
}

const topicOf = (id: string) => `approval ${id}`;

const NO_DIALOG = {
  code: 'approval-required',
  message: 'No question can be shown on a screen: no display, or none of pinentry-qt, pinentry-gtk-2 and zenity.',
  hint: 'rolecall approve',
} as const;
