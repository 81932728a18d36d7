// Asks on the terminal where somebody ran `rolecall approve`: the daemon writes and reads there itself, and believes no request.
import { monotonicNowMs, type Clock } from '../../core/clock.ts';
import { NotFoundError, RefusedError } from '../../core/errors.ts';
import type { ApprovalDocument } from '../../local-api/schemas.ts';
import type { TreeProcess } from '../../platform/process/process-tree.ts';
import type { OpenTerminal } from '../../platform/programs/terminal-device.ts';
import type { Caller } from '../http/caller.ts';
import type { Approval, Approvals } from './approvals.ts';
import type { Askers } from './askers.ts';
import { refuseTerminal } from './judge-terminal.ts';
import { describeQuestion } from './question-text.ts';

export interface OnTerminal {
  /**
   * Asks, and resolves with the approval: still pending if nobody answered here.
   * @throws NotFoundError approval-not-found; RefusedError caller-not-allowed: nobody may answer on this terminal
   */
  ask(id: string, where: Where, caller: Pick<Caller, 'program' | 'gone'>): Promise<Approval>;
}

export interface Where {
  readonly terminal: string;
  /** The process in whose place the question appears, which waits without reading the terminal. */
  readonly processId: number;
}

interface TerminalSystem {
  readonly readAncestry: (processId: number) => readonly TreeProcess[];
  readonly findAgentOf: (processId: number) => string | undefined;
  readonly openTerminal: (path: string, userId: number) => OpenTerminal | { readonly refusal: string };
}

/** As long as somebody may think about it. */
const ANSWER_MS = 110_000;
const POLL_MS = 100;
const MAX_ANSWER_CHARACTERS = 200;

export function createOnTerminal(deps: {
  readonly approvals: Approvals;
  readonly askers: Askers;
  readonly describe: (approval: Approval) => Promise<ApprovalDocument>;
  readonly system: TerminalSystem;
  readonly userId: number;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
}): OnTerminal {
  const { approvals, askers, clock, system } = deps;
  /** With a question. */
  const busy = new Set<string>();

  return {
    async ask(id, where, caller) {
      const approval = find(id);
      if (approval.state !== 'pending') return approval;
      if (approval.approve === 'passkey') throw refused('It needs a passkey.', 'rolecall web');
      const problem = askers.problemOf(id);
      if (problem !== undefined) throw refused(problem.message, problem.hint);
      const check = await createCheck(id, where, caller);
      const opened = system.openTerminal(where.terminal, deps.userId);
      if ('refusal' in opened) throw refused(opened.refusal);
      try {
        const refusal = check(opened);
        if (refusal !== undefined) throw refused(refusal);
        if (busy.has(where.terminal)) throw refused('Another question waits for an answer on this terminal.');
        busy.add(where.terminal);
        try {
          await converse(approval, opened, () => check(opened), caller.gone());
        } finally {
          busy.delete(where.terminal);
        }
      } finally {
        opened.close();
      }
      return find(id);
    },
  };

  function find(id: string): Approval {
    const approval = approvals.find(id);
    if (approval !== undefined) return approval;
    throw new NotFoundError('approval-not-found', `Approval ${id} is over or never existed.`);
  }

  /** What is checked before the question, and again before the answer counts. */
  async function createCheck(
    id: string,
    { processId }: Where,
    caller: Pick<Caller, 'program'>,
  ): Promise<(terminal: OpenTerminal) => string | undefined> {
    const sender = await caller.program();
    const [self] = system.readAncestry(processId);
    return (terminal) => {
      const approver = system.readAncestry(processId);
      // The command's own files are not reported as the program, but the shell that runs it.
      const isSender = approver.some((process) => process.processId === sender?.processId);
      if (sender?.isVerified !== true || !isSender) return 'It is not certain who asks for the question.';
      if (approver[0]?.startedAtTicks !== self?.startedAtTicks) return 'The process that waits here has ended.';
      if (!terminal.isInputOf(processId)) return 'The process does not read from this terminal.';
      const agent = system.findAgentOf(processId);
      if (agent !== undefined) return `${agent} has started this terminal.`;
      const problem = askers.problemOf(id);
      if (problem !== undefined) return problem.message;
      return refuseTerminal(approver, { device: terminal.device, userId: deps.userId, ...askers.of(id) });
    };
  }

  async function converse(
    approval: Approval,
    terminal: OpenTerminal,
    check: () => string | undefined,
    gone: AbortSignal,
  ): Promise<void> {
    const { id } = approval;
    const word = createWord(deps.randomBytes(4));
    const { heading, lines } = describeQuestion(await deps.describe(approval), clock.nowMs());
    const question = ['', heading, '', ...lines.map((line) => (line === '' ? '' : `  ${line}`)), '', promptFor(word)];
    if (!terminal.write(question.join('\r\n'))) return;
    const answer = await readLine(terminal, gone, () => check() === undefined && find(id).state === 'pending');
    if (find(id).state !== 'pending') {
      terminal.write('\r\nAnswered elsewhere.\r\n');
    } else if (answer === undefined || check() !== undefined) {
      terminal.write('\r\n');
    } else if (answer.trim().toLowerCase() === word) {
      approvals.approve(id, 'terminal');
    } else {
      approvals.refuse(id, 'terminal');
    }
  }

  /** Undefined: nobody has answered in time, the terminal is gone, or the question is withdrawn. */
  async function readLine(
    terminal: OpenTerminal,
    gone: AbortSignal,
    isOpen: () => boolean,
  ): Promise<string | undefined> {
    const startedAtMs = monotonicNowMs(clock);
    let typed = '';
    while (!gone.aborted && isOpen() && monotonicNowMs(clock) - startedAtMs < ANSWER_MS) {
      const more = terminal.read();
      if (more === undefined) return undefined;
      typed += more;
      const [line = '', rest] = typed.split(/[\r\n]/, 2);
      if (rest !== undefined || typed.length > MAX_ANSWER_CHARACTERS) return line;
      try {
        await clock.sleep(POLL_MS, gone);
      } catch {
        return undefined;
      }
    }
    return undefined;
  }
}

const refused = (reason: string, hint = 'rolecall approvals') =>
  new RefusedError('caller-not-allowed', `This can't be answered here. ${reason}`, { hint });

const promptFor = (word: string) =>
  `Type "${word}" and press Return to allow. Anything else refuses; Ctrl+C leaves the question open.\r\n> `;

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aeiouy';

/** Four letters that nobody has typed before they have read them. */
function createWord(bytes: Buffer): string {
  return [...bytes]
    .map((byte, index) => {
      const letters = index % 2 === 0 ? CONSONANTS : VOWELS;
      return letters[byte % letters.length] ?? '';
    })
    .join('');
}
