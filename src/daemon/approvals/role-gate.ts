// The gate of protected roles: admits a caller when a person has approved the role, holds it until then, or refuses it.
import { RefusedError, type RolecallError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import type { Role } from '../../core/model.ts';
import type { Program } from '../../core/program.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import { waitLeftMs, type WaitBudget } from '../http/wait-budget.ts';
import type { ApprovalRule } from '../settings/protection.ts';
import type { Approval, Approvals, ApprovalState } from './approvals.ts';

export interface RoleGate {
  /**
   * Admits a caller that no person has to be asked about; undefined: call `admit`. Costs nothing without `[[protect]]`.
   */
  peek(role: Role, grantId?: string): Admission | undefined;
  /**
   * Asks, and waits as the caller can.
   * @throws RefusedError locked; approval-refused; approval-required: the caller can't wait
   */
  admit(request: AdmitRequest): Promise<Admission>;
}

/** Leave to serve one request. */
export interface Admission {
  /** False once the approval was forgotten: then nothing is served. */
  isValid(): boolean;
  /** Lets the grant use the role for as long as it lives. @throws RefusedError approval-refused: not valid any more */
  hold(grantId: string): void;
}

/** @throws RefusedError approval-refused: it was forgotten */
export function requireValid(admission: Pick<Admission, 'isValid'>): void {
  if (admission.isValid()) return;
  throw new RefusedError('approval-refused', 'The approval was withdrawn meanwhile. Ask again.');
}

/** Who asks for a protected role. */
export interface Asker {
  readonly surface: SurfaceName;
  /** Called only for a role that needs an approval and has none. Of each caller: none may answer its own question. */
  readonly program: () => Promise<Program | undefined>;
  /** The grant that the caller uses; with one, it can't wait, and all its requests are admitted after the approval. */
  readonly grantId?: string;
}

export interface AdmitRequest {
  /** With the full name of the session. */
  readonly role: Role;
  readonly asker: Asker;
  readonly caller: WaitBudget;
  /** When the caller came, by the wall clock. */
  readonly arrivedAtMs: number;
}

const MAX_HELD = 10_000;

const OPEN = { isValid: () => true, hold: () => undefined } as const satisfies Admission;

/** Admits everybody: no role needs an approval. */
export const OPEN_GATE: Readonly<RoleGate> = { peek: () => OPEN, admit: async () => OPEN };

export function createRoleGate(deps: {
  readonly approvals: Approvals;
  readonly ruleFor: (role: Role) => ApprovalRule | undefined;
  /** Of the definition of a chained role. */
  readonly versionOf: (role: Role) => string;
  /** @throws RefusedError approval-refused: no passkey can approve the role */
  readonly requirePasskey: (role: Role) => Promise<void>;
  readonly waitSeconds: number;
  /** The role for a message: permission set and account. */
  readonly nameOf: (role: Role) => Promise<string>;
  /** It withdraws what is pending; callers are then told of the lock. */
  readonly lock: ServingLock;
  readonly clock: Clock;
}): RoleGate {
  const { approvals, clock, ruleFor, versionOf } = deps;
  /** Grants that were approved, by role. */
  const held = new Set<string>();
  /** By approval: the grants to admit once it is given. */
  const waiting = new Map<string, Set<string>>();

  approvals.subscribe({
    settled({ id, state, subject }) {
      const grantIds = waiting.get(id);
      waiting.delete(id);
      if (state !== 'approved' || subject.kind !== 'role') return;
      for (const grantId of grantIds ?? []) hold(subject.role, subject.version, grantId);
    },
    forgotten(sessionName) {
      const part = sessionName === undefined ? '' : sessionPart(sessionName);
      for (const key of held) if (key.startsWith(part)) held.delete(key);
    },
  });

  function hold(role: Role, version: string | undefined, grantId: string): void {
    held.add(heldKey(role, version, grantId));
    const oldest = held.size > MAX_HELD ? held.values().next().value : undefined;
    if (oldest !== undefined) held.delete(oldest);
  }

  function admission(role: Role, version: string, epoch = approvals.epoch(role.sessionName)): Admission {
    const isValid = () => approvals.epoch(role.sessionName) === epoch && versionOf(role) === version;
    return {
      isValid,
      hold(grantId) {
        requireValid({ isValid });
        hold(role, version, grantId);
      },
    };
  }

  function peek(role: Role, grantId?: string): Admission | undefined {
    const rule = ruleFor(role);
    const version = versionOf(role);
    if (rule === undefined) return openTo(role, version);
    if (grantId !== undefined && held.has(heldKey(role, version, grantId))) return admission(role, version);
    // Whose approval it is takes longer to find out.
    if (rule.for === 'program') return undefined;
    const isRemembered = approvals.remembers({ subject: { kind: 'role', role, version }, ...rule });
    return isRemembered ? admission(role, version) : undefined;
  }

  /** With another definition, a chained role can need an approval. */
  const openTo = (role: Role, version: string): Admission =>
    version === '' ? OPEN : { ...OPEN, isValid: () => versionOf(role) === version };

  return {
    peek,
    async admit(request) {
      const { role, asker } = request;
      const { grantId, surface } = asker;
      const rule = ruleFor(role);
      const version = versionOf(role);
      const open = peek(role, grantId);
      if (rule === undefined || open !== undefined) return open ?? OPEN;
      // Before anything is awaited: what is forgotten from here on does not count.
      const epoch = approvals.epoch(role.sessionName);
      const question = {
        subject: { kind: 'role', role, version },
        ...rule,
        surface,
        program: await asker.program().catch(() => undefined),
      } as const;
      if (approvals.redeem(question)) return admission(role, version, epoch);
      if (rule.approve === 'passkey') await deps.requirePasskey(role);
      // Meanwhile it can have been locked.
      deps.lock.requireUnlocked(role);
      // A question shows the definition of a chained role as it is now.
      requireValid({ isValid: () => versionOf(role) === version });
      const approval = approvals.ask(question);
      if (approval.state === 'approved') return admission(role, version, epoch);
      if (grantId !== undefined) {
        const grantIds = waiting.get(approval.id) ?? new Set();
        if (approval.state === 'pending') waiting.set(approval.id, grantIds.add(grantId));
        throw await refusal(approval, approval.state, true);
      }
      const leftMs = waitLeftMs(clock, request.caller, {
        waitSeconds: deps.waitSeconds,
        arrivedAtMs: request.arrivedAtMs,
      });
      const state = await approvals.settled(approval.id, leftMs, request.caller.gone());
      if (state === 'approved') return admission(role, version, epoch);
      throw await refusal(approval, state, false);
    },
  };

  async function refusal(approval: Approval, state: ApprovalState, isOfGrant: boolean): Promise<RolecallError> {
    const { subject } = approval;
    const locked = subject.kind === 'role' ? deps.lock.refusal(subject.role) : undefined;
    if (locked !== undefined) return locked;
    const name = subject.kind === 'role' ? await deps.nameOf(subject.role) : subject.kind;
    if (state === 'refused') return new RefusedError('approval-refused', `${name} was refused.`);
    if (state === 'expired') return new RefusedError('approval-refused', `Nobody approved ${name} in time.`);
    const { places, problem } = approvals.placesOf(approval);
    const where = places.length === 0 ? (problem?.message ?? '') : `Approve it ${describePlaces(places)}.`;
    return isOfGrant
      ? new RefusedError('approval-required', `${name} needs your approval. ${where} The next request is then served.`)
      : new RefusedError('approval-refused', `Nobody has approved ${name} in time. ${where}`.trimEnd());
  }
}

const PLACES = { screen: 'on the screen', page: 'on the page of rolecall', terminal: 'on a terminal' } as const;

function describePlaces(places: readonly (keyof typeof PLACES)[]): string {
  return places.map((place) => PLACES[place]).join(' or ');
}

const sessionPart = (sessionName: string) => `${JSON.stringify(sessionName)} `;

function heldKey({ sessionName, accountId, permissionSet }: Role, version = '', grantId: string): string {
  return `${sessionPart(sessionName)}${accountId} ${permissionSet} ${version} ${grantId}`;
}
