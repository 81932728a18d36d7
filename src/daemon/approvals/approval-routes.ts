// /v1/approvals: lists, asks for and refuses approvals. Approving takes proof that a person answered, which no route here has.
import type { Clock } from '../../core/clock.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { ApprovalDocument, ApprovalsDocument } from '../../local-api/schemas.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { Caller } from '../http/caller.ts';
import type { Handlers } from '../http/surface.ts';
import type { ApprovalRule } from '../settings/protection.ts';
import type { Chains } from '../roles/chains.ts';
import type { Hops } from '../roles/hops.ts';
import { findRequestedRole } from '../roles/requested-role.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import { describeOpenRole } from './approval-documents.ts';
import type { Approval, Approvals } from './approvals.ts';
import { requireServable, type ServableBroker } from './require-servable.ts';

export function createApprovalHandlers(deps: {
  readonly approvals: Approvals;
  readonly ruleFor: (role: Role) => ApprovalRule | undefined;
  readonly versionOf: (role: Role) => string;
  readonly requirePasskey: (role: Role) => Promise<void>;
  readonly describe: (approval: Approval) => Promise<ApprovalDocument>;
  readonly listApprovals: () => Promise<ApprovalsDocument>;
  readonly sharedConfig: Pick<SharedConfig, 'findSession'>;
  readonly chains: Pick<Chains, 'refresh'>;
  readonly broker: ServableBroker;
  readonly hops: Pick<Hops, 'define'>;
  readonly lock: ServingLock;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Pick<Handlers, 'approvals' | 'approval' | 'askApproval' | 'refuseApproval'> {
  const { approvals, describe } = deps;

  async function find(id: string): Promise<ApprovalDocument> {
    const approval = approvals.find(id);
    if (approval !== undefined) return describe(approval);
    throw new NotFoundError('approval-not-found', `Approval ${id} is over or never existed.`);
  }

  return {
    approvals: () => deps.listApprovals(),
    async approval({ id }, caller) {
      if (caller.waitBudgetMs !== undefined) await approvals.settled(id, caller.waitBudgetMs, caller.gone());
      return find(id);
    },
    async askApproval({ body }, caller: Caller) {
      deps.lock.requireUnlocked();
      const { session, role: named } = await findRequestedRole(body, deps);
      const role = body.via === undefined ? named : (await deps.hops.define(named, body.via)).role;
      deps.lock.requireUnlocked(role);
      const rule = deps.ruleFor(role);
      if (rule === undefined) return describeOpenRole(role, deps.clock.nowMs());
      // Nobody is asked about a role that would not be served.
      await requireServable(deps.broker, session, role);
      if (rule.approve === 'passkey') await deps.requirePasskey(role);
      const program = await caller.program();
      // Meanwhile it can have been locked.
      deps.lock.requireUnlocked(role);
      return describe(
        approvals.ask({
          subject: { kind: 'role', role, version: deps.versionOf(role) },
          ...rule,
          surface: caller.surface,
          program,
          mayAskAgain: true,
          comesBack: true,
        }),
      );
    },
    async refuseApproval({ id }, caller) {
      approvals.refuse(id, caller.surface);
      return find(id);
    },
  };
}
