// The gate of protected roles: admits a caller when a person has approved the role, holds it until then, or refuses it.
import { RefusedError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import type { Role } from '../../core/model.ts';
import type { Program } from '../../core/program.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Caller } from '../http/caller.ts';
import type { ApprovalRule } from '../settings/protection.ts';
import type { Approval, Approvals, ApprovalState } from './approvals.ts';

export interface RoleGate {
  /**
   * Admits a caller that no person has to be asked about; undefined: call `admit`. Costs nothing without `[[protect]]`.
   * `holder` names a grant.
   */
  peek(role: Role, holder?: string): Admission | undefined;
  /**
   * Asks, and waits as the caller can.
   * @throws RefusedError approval-refused; approval-required: the caller can't wait
   */
  admit(request: AdmitRequest): Promise<Admission>;
}

/** Leave to serve one request. */
export interface Admission {
  /** False once the approval was forgotten: then nothing is served. */
  isValid(): boolean;
  /** Lets the grant use the role for as long as it lives. @throws RefusedError approval-refused: not valid any more */
  hold(holder: string): void;
}

export interface AdmitRequest {
  /** With the full name of the session. */
  readonly role: Role;
  readonly surface: SurfaceName;
  /** When the caller came, by the wall clock. */
  readonly arrivedAtMs: number;
  readonly caller: Pick<Caller, 'waitBudgetMs' | 'gone'>;
  /** Called only if the rule needs it, or for a new question. */
  readonly program: () => Promise<Program | undefined>;
  /** A grant; its later requests are admitted as well. */
  readonly holder?: string;
  /** The caller can't wait at all: it is told to ask again. */
  readonly comesAgain?: boolean;
}

/** How long our own clients wait in total: Go's SDK kills a credential_process after 60 s. */
const DEFAULT_WAIT_BUDGET_MS = 55_000;
/** Time left for fetching the credentials. */
const ANSWER_MARGIN_MS = 2000;
const MAX_HELD = 10_000;

const OPEN = { isValid: () => true, hold: () => undefined } as const satisfies Admission;

export function createRoleGate(deps: {
  readonly approvals: Approvals;
  readonly ruleFor: (role: Role) => ApprovalRule | undefined;
  readonly waitSeconds: number;
  /** The role for a message: permission set and account. */
  readonly nameOf: (role: Role) => Promise<string>;
  readonly clock: Clock;
}): RoleGate {
  const { approvals, clock, ruleFor } = deps;
  /** Grants that were approved, by role. */
  const held = new Set<string>();
  /** Grants to admit once the approval is given. */
  const waiting = new Map<string, Set<string>>();

  approvals.subscribe({
    settled({ id, state, subject }) {
      const holders = waiting.get(id);
      waiting.delete(id);
      if (state !== 'approved' || subject.kind !== 'role') return;
      for (const holder of holders ?? []) hold(subject.role, holder);
    },
    forgotten(sessionName) {
      const part = sessionName === undefined ? '' : sessionPart(sessionName);
      for (const key of held) if (key.startsWith(part)) held.delete(key);
    },
  });

  function hold(role: Role, holder: string): void {
    held.add(holderKey(role, holder));
    const oldest = held.size > MAX_HELD ? held.values().next().value : undefined;
    if (oldest !== undefined) held.delete(oldest);
  }

  function admission(role: Role, epoch = approvals.epoch(role.sessionName)): Admission {
    const isValid = () => approvals.epoch(role.sessionName) === epoch;
    return {
      isValid,
      hold(holder) {
        if (!isValid()) throw new RefusedError('approval-refused', 'The approval was withdrawn. Ask again.');
        hold(role, holder);
      },
    };
  }

  function peek(role: Role, holder?: string): Admission | undefined {
    const rule = ruleFor(role);
    if (rule === undefined) return OPEN;
    if (holder !== undefined && held.has(holderKey(role, holder))) return admission(role);
    // Whose approval it is takes longer to find out.
    if (rule.for === 'program') return undefined;
    return approvals.remembers({ subject: { kind: 'role', role }, ...rule }) ? admission(role) : undefined;
  }

  return {
    peek,
    async admit(request) {
      const { role, holder, surface } = request;
      const rule = ruleFor(role);
      const open = peek(role, holder);
      if (rule === undefined || open !== undefined) return open ?? OPEN;
      const epoch = approvals.epoch(role.sessionName);
      const program = await request.program().catch(() => undefined);
      const question = { subject: { kind: 'role', role }, ...rule, surface, program } as const;
      if (approvals.redeem(question)) return admission(role, epoch);
      const approval = approvals.ask(question);
      if (request.comesAgain === true) {
        if (approval.state === 'pending' && holder !== undefined) {
          waiting.set(approval.id, (waiting.get(approval.id) ?? new Set()).add(holder));
        }
        throw await refusal(approval, approval.state, true);
      }
      const state = await approvals.settled(approval.id, leftMs(request), request.caller.gone());
      if (state === 'approved') return admission(role, epoch);
      throw await refusal(approval, state, false);
    },
  };

  /** Setting the clock back must not lengthen the wait. */
  function leftMs({ arrivedAtMs, caller: { waitBudgetMs = DEFAULT_WAIT_BUDGET_MS } }: AdmitRequest): number {
    const maxMs = Math.min(deps.waitSeconds * 1000, waitBudgetMs - ANSWER_MARGIN_MS);
    return maxMs - Math.max(0, clock.nowMs() - arrivedAtMs);
  }

  async function refusal(approval: Approval, state: ApprovalState, comesAgain: boolean): Promise<RefusedError> {
    const { subject } = approval;
    const name = subject.kind === 'role' ? await deps.nameOf(subject.role) : subject.kind;
    if (state === 'refused') return new RefusedError('approval-refused', `${name} was refused.`);
    if (state === 'expired') return new RefusedError('approval-refused', `Nobody approved ${name} in time.`);
    const { places, problem } = approvals.placesOf(approval);
    const where = places.length === 0 ? (problem?.message ?? '') : `Approve it ${describePlaces(places)}.`;
    return comesAgain
      ? new RefusedError('approval-required', `${name} needs your approval. ${where} The next request is then served.`)
      : new RefusedError('approval-refused', `Nobody has approved ${name} in time. ${where}`.trimEnd());
  }
}

const PLACES = { screen: 'on the screen', page: 'on the page of rolecall', terminal: 'on a terminal' } as const;

function describePlaces(places: readonly (keyof typeof PLACES)[]): string {
  return places.map((place) => PLACES[place]).join(' or ');
}

const sessionPart = (sessionName: string) => `${JSON.stringify(sessionName)} `;

function holderKey({ sessionName, accountId, permissionSet }: Role, holder: string): string {
  return `${sessionPart(sessionName)}${accountId} ${permissionSet} ${holder}`;
}
