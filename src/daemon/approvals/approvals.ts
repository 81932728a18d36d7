// The registry of approvals: questions that wait for a person, their outcome, and what is remembered of them. In memory only.
import type { Clock } from '../../core/clock.ts';
import { RefusedError, type ErrorBody } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { Program } from '../../core/program.ts';
import type { Actor } from '../audit/audit-record.ts';
import { isOver, momentOf, type Moment } from '../../core/moments.ts';
import { createRefusals } from './refusals.ts';
import { createRememberedApprovals } from './remembered.ts';

export type Subject =
  /** `version`: of the definition of a chained role. An approval does not count for another one. */
  | { readonly kind: 'role'; readonly role: Role; readonly version?: string }
  | { readonly kind: 'unlock' }
  | { readonly kind: 'add-passkey'; readonly label: string }
  | { readonly kind: 'remove-passkey'; readonly id: string; readonly label: string };

export type ApprovalState = 'pending' | 'approved' | 'refused' | 'expired';

/** How a person has answered. */
export type Answer = 'click' | 'terminal' | 'passkey';

/** Where a person can answer, the handiest first. */
const PLACES = ['screen', 'page', 'terminal'] as const;
export type Place = (typeof PLACES)[number];

export interface Question {
  readonly subject: Subject;
  readonly approve: 'click' | 'passkey';
  readonly surface: Actor;
  readonly program?: Program | undefined;
  /** Absent or 0: the answer counts only for the callers that wait for it. */
  readonly rememberMinutes?: number;
  /** Default: `role`, for everybody. */
  readonly for?: 'role' | 'program';
  /** A person asked by a command: a refusal of a moment ago does not count, unless that is repeated. */
  readonly mayAskAgain?: boolean;
  /** The caller does not wait here, and comes back once for what it asked. */
  readonly comesBack?: boolean;
}

/** What tells questions apart. */
export type Asked = Pick<Question, 'subject' | 'approve' | 'program' | 'for'>;

export interface Approval extends Required<Pick<Question, 'rememberMinutes' | 'for'>> {
  readonly id: string;
  readonly state: ApprovalState;
  readonly subject: Subject;
  readonly approve: 'click' | 'passkey';
  readonly surface: Actor;
  /** Who asked first. */
  readonly program: Program | undefined;
  /** How many callers wait now. */
  readonly callers: number;
  readonly askedAtMs: number;
  /** When the question is withdrawn; of an approved one, when it no longer counts. */
  readonly expiresAtMs: number;
  /** How it was answered; undefined also if the daemon itself withdrew it. */
  readonly by: Answer | Actor | undefined;
}

export interface ApprovalListener {
  /** A new question; not called for further callers of a pending one. */
  asked?(approval: Approval): void;
  /** One more caller of a pending question, with its program. */
  joined?(approval: Approval, program: Program | undefined): void;
  settled?(approval: Approval): void;
  /** What was remembered no longer counts: for one sso-session, or for everything. */
  forgotten?(sessionName: string | undefined): void;
  /** Where this listener lets a person answer; `problem` says why it can't. */
  places?(approval: Approval): { readonly places: readonly Place[]; readonly problem?: ErrorBody };
}

export interface Approvals {
  /**
   * Joins the pending approval of the same key, or makes one. The result is settled already if the answer is remembered, or was
   * refused a moment ago.
   * @throws RefusedError approval-refused: too many are pending
   */
  ask(question: Question): Approval;
  /** Whether an earlier approval counts for everybody who asks this. */
  remembers(question: Asked): boolean;
  /** As `remembers`; or the caller comes back for what it asked, which works once. */
  redeem(question: Asked): boolean;
  /** Resolves when it is settled, when the caller is gone or after `maxMs` (then with `pending`); never rejects. */
  settled(id: string, maxMs: number, gone: AbortSignal): Promise<ApprovalState>;
  /** The pending ones, oldest first. */
  list(): readonly Approval[];
  /** Also a settled one, for ten minutes. */
  find(id: string): Approval | undefined;
  /**
   * Only for code that has proof of the answer: the dialog, the question on a terminal, the passkey verifier. No route handler
   * may call it without. False: not pending any more, or it needs a passkey.
   */
  approve(id: string, by: Answer): boolean;
  refuse(id: string, by: Answer | Actor): boolean;
  /** Forgets what is remembered and refuses what is pending, of one sso-session or all. */
  forget(sessionName?: string): void;
  /** Grows with each `forget` that concerns the session. */
  epoch(sessionName: string): number;
  /** Where a person can answer, from all listeners. */
  placesOf(approval: Approval): { readonly places: readonly Place[]; readonly problem: ErrorBody | undefined };
  subscribe(listener: ApprovalListener): void;
  /** Withdraws what nobody answered in time. */
  sweep(): void;
  /** Withdraws all; later questions are refused. */
  close(): void;
}

/** How long a question stays open after its latest new caller: longer than any caller waits. */
export const QUESTION_MS = 120_000;
const MAX_PENDING = 16;
/** A loop that never ends must not use up memory. */
const MAX_CALLERS = 1000;
const KNOWN_MS = 600_000;
const MAX_KNOWN = 256;

const NOWHERE = {
  code: 'approval-refused',
  message: 'Nothing on this machine can ask a person.',
  hint: 'rolecall doctor',
} as const satisfies ErrorBody;

interface Entry {
  readonly id: string;
  readonly key: string;
  readonly question: Question;
  readonly askedAt: Moment;
  state: ApprovalState;
  by: Answer | Actor | undefined;
  latestAt: Moment;
  settledAt: Moment | undefined;
  tickets: number;
  readonly waiting: Set<(state: ApprovalState) => void>;
  /** Aborts once it is settled. */
  readonly over: AbortController;
}

export function createApprovals(deps: {
  readonly clock: Clock;
  /** 16 hexadecimal digits. */
  readonly createId: () => string;
  readonly onChange?: () => void;
}): Approvals {
  const { clock, onChange = () => undefined } = deps;
  /** By id, in the order of asking. */
  const entries = new Map<string, Entry>();
  const pending = new Map<string, Entry>();
  const remembered = createRememberedApprovals(clock);
  const refusals = createRefusals(clock);
  const listeners: ApprovalListener[] = [];
  const epochs = new Map<string | undefined, number>();
  let isClosed = false;

  function settle(entry: Entry, state: 'approved' | 'refused' | 'expired', by?: Answer | Actor): void {
    pending.delete(entry.key);
    entry.over.abort(new Error('the question is over'));
    Object.assign(entry, { state, by, settledAt: momentOf(clock) });
    const waiting = [...entry.waiting];
    entry.waiting.clear();
    for (const answer of waiting) answer(state);
    const view = describe(entry);
    for (const listener of listeners) listener.settled?.(view);
    onChange();
  }

  function sweep(): void {
    for (const entry of pending.values()) if (isOver(clock, entry.latestAt, QUESTION_MS)) settle(entry, 'expired');
    const settled = [...entries.values()].filter(({ settledAt }) => settledAt !== undefined);
    const surplus = settled.length - MAX_KNOWN;
    for (const [index, { id, key, settledAt }] of settled.entries()) {
      const isOld = index < surplus || isOver(clock, settledAt as Moment, KNOWN_MS);
      if (isOld && remembered.find(key) !== id) entries.delete(id);
    }
  }

  /** Withdraws the question in time, also while nobody asks for anything. */
  async function watch(entry: Entry): Promise<void> {
    while (entry.state === 'pending') {
      await clock.sleep(QUESTION_MS - (momentOf(clock).monotonicMs - entry.latestAt.monotonicMs), entry.over.signal);
      sweep();
    }
  }

  /** Programs that ask for many roles must keep nobody from unlocking. */
  function findObstacle({ subject }: Question): string | undefined {
    if (isClosed) return 'the daemon stops';
    const isOfRole = subject.kind === 'role';
    const alike = [...pending.values()].filter(({ question }) => (question.subject.kind === 'role') === isOfRole);
    if (alike.length >= MAX_PENDING) return `${alike.length} approvals already wait for an answer`;
    return isOfRole && refusals.isFlooded() ? 'too many requests were refused within a minute' : undefined;
  }

  function create(key: string, question: Question): Entry {
    const why = findObstacle(question);
    if (why !== undefined) throw new RefusedError('approval-refused', `Nobody can be asked now: ${why}.`);
    const now = momentOf(clock);
    const entry: Entry = {
      id: deps.createId(),
      key,
      question,
      askedAt: now,
      state: 'pending',
      by: undefined,
      latestAt: now,
      settledAt: undefined,
      tickets: 0,
      waiting: new Set(),
      over: new AbortController(),
    };
    entries.set(entry.id, entry);
    pending.set(key, entry);
    watch(entry).catch(() => undefined);
    return entry;
  }

  function answer(id: string, isEnough: (entry: Entry) => boolean): Entry | undefined {
    sweep();
    const entry = entries.get(id);
    return entry?.state === 'pending' && isEnough(entry) ? entry : undefined;
  }

  return {
    ask(question) {
      sweep();
      const key = keyOf(question);
      const joined = pending.get(key);
      if (joined === undefined) {
        const known = remembered.find(key) ?? refusals.find(key, question.mayAskAgain === true);
        const entry = known === undefined ? undefined : entries.get(known);
        if (entry !== undefined) return describe(entry);
      }
      const entry = joined ?? create(key, question);
      entry.latestAt = momentOf(clock);
      if (question.comesBack === true) entry.tickets += 1;
      const view = describe(entry);
      for (const listener of listeners) {
        if (joined === undefined) listener.asked?.(view);
        else listener.joined?.(view, question.program);
      }
      onChange();
      return describe(entry);
    },
    remembers: (question) => remembered.find(keyOf(question)) !== undefined,
    redeem: (question) => remembered.take(keyOf(question)) !== undefined,
    settled(id, maxMs, gone) {
      sweep();
      const entry = entries.get(id);
      if (entry?.state !== 'pending') return Promise.resolve(entry?.state ?? 'expired');
      if (gone.aborted || maxMs <= 0 || entry.waiting.size >= MAX_CALLERS) return Promise.resolve('pending');
      return wait(entry, maxMs, gone);
    },
    list() {
      sweep();
      return [...pending.values()].map(describe);
    },
    find(id) {
      sweep();
      const entry = entries.get(id);
      return entry === undefined ? undefined : describe(entry);
    },
    approve(id, by) {
      const entry = answer(id, ({ question }) => question.approve === 'click' || by === 'passkey');
      if (entry === undefined) return false;
      const { key, question, tickets } = entry;
      if (question.subject.kind === 'role') remembered.add(key, { id, forMs: rememberMs(question), tickets });
      refusals.forget(key);
      settle(entry, 'approved', by);
      return true;
    },
    refuse(id, by) {
      const entry = answer(id, () => true);
      if (entry === undefined) return false;
      refusals.add(entry.key, id);
      settle(entry, 'refused', by);
      return true;
    },
    forget(sessionName) {
      epochs.set(sessionName, (epochs.get(sessionName) ?? 0) + 1);
      const concerns = (key: string) => sessionName === undefined || key.startsWith(sessionKey(sessionName));
      remembered.forget(concerns);
      for (const entry of pending.values()) if (concerns(entry.key)) settle(entry, 'refused', 'daemon');
      for (const listener of listeners) listener.forgotten?.(sessionName);
    },
    epoch: (sessionName) => (epochs.get(undefined) ?? 0) + (epochs.get(sessionName) ?? 0),
    placesOf(approval) {
      const answers = listeners.flatMap((listener) => listener.places?.(approval) ?? []);
      const places = PLACES.filter((place) => answers.some((found) => found.places.includes(place)));
      return {
        places,
        problem: places.length > 0 ? undefined : (answers.find(({ problem }) => problem)?.problem ?? NOWHERE),
      };
    },
    subscribe: (listener) => void listeners.push(listener),
    sweep,
    close() {
      isClosed = true;
      for (const entry of pending.values()) settle(entry, 'expired');
    },
  };

  async function wait(entry: Entry, maxMs: number, gone: AbortSignal): Promise<ApprovalState> {
    const ended = new AbortController();
    try {
      return await new Promise<ApprovalState>((resolve) => {
        const leave = () => {
          if (!entry.waiting.delete(resolve)) return;
          resolve('pending');
          onChange();
        };
        entry.waiting.add(resolve);
        gone.addEventListener('abort', leave, { signal: ended.signal });
        void clock.sleep(maxMs, ended.signal).then(leave, () => undefined);
        onChange();
      });
    } finally {
      ended.abort(new Error('the wait is over'));
    }
  }
}

function describe({ id, state, question, askedAt, latestAt, settledAt, waiting, by }: Entry): Approval {
  const ends = state === 'approved' && settledAt !== undefined ? settledAt.wallMs + rememberMs(question) : undefined;
  return {
    id,
    state,
    subject: question.subject,
    approve: question.approve,
    surface: question.surface,
    program: question.program,
    rememberMinutes: question.rememberMinutes ?? 0,
    for: question.for ?? 'role',
    callers: waiting.size,
    askedAtMs: askedAt.wallMs,
    expiresAtMs: ends ?? latestAt.wallMs + QUESTION_MS,
    by,
  };
}

/** An approval for one program counts only for a program that the kernel confirms. */
function rememberMs({ rememberMinutes = 0, ...question }: Question): number {
  if (question.for === 'program' && question.program?.isVerified !== true) return 0;
  return rememberMinutes * 60_000;
}

function keyOf({ subject, approve, program, ...question }: Asked): string {
  if (subject.kind !== 'role') return JSON.stringify([subject, approve]);
  const { sessionName, accountId, permissionSet } = subject.role;
  return `${sessionKey(sessionName)}${JSON.stringify([accountId, permissionSet, subject.version ?? '', approve, question.for === 'program' ? programKey(program) : null])}`;
}

/** Starts the key of each role of the session. */
const sessionKey = (sessionName: string) => `role ${JSON.stringify(sessionName)} `;

/** A claim is not the same program as what the kernel confirms. */
function programKey(program: Program | undefined): readonly unknown[] {
  return program === undefined ? [] : [program.isVerified, program.executable, program.script];
}
