// Protected roles: the registry of approvals, the gate in front of the credentials, and the routes about both.
import type { Clock } from '../../core/clock.ts';
import { RefusedError, type ErrorBody } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { titleOfRole } from '../../core/text/role-title.js';
import type { ApprovalDocument, ApprovalsDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { Hops } from '../roles/hops.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { TickTask } from '../process/ticker.ts';
import type { Chains } from '../roles/chains.ts';
import type { RoleList } from '../roles/role-list.ts';
import { createProtection } from '../settings/protection.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { WebAccess } from '../web-access/web-access.ts';
import { createAskedChains } from './asked-chains.ts';
import { createPlaces } from './places.ts';
import { createApprovals, type Approval, type Approvals } from './approvals.ts';
import { createApprovalHandlers } from './approval-routes.ts';
import { describeApproval } from './approval-documents.ts';
import type { ServableBroker } from './require-servable.ts';
import { createRoleGate, OPEN_GATE, type RoleGate } from './role-gate.ts';

export interface ProtectedRoles {
  readonly handlers: Pick<Handlers, 'approvals' | 'approval' | 'askApproval' | 'refuseApproval' | 'approveOnTerminal'>;
  readonly tasks: readonly TickTask[];
  readonly approvals: Approvals;
  readonly roleGate: RoleGate;
  readonly describeApproval: (approval: Approval) => Promise<ApprovalDocument>;
  /** What GET /v1/approvals answers. */
  readonly listApprovals: () => Promise<ApprovalsDocument>;
  /** Answers the callers that wait. */
  readonly releaseApprovals: () => void;
}

export function createProtectedRoles(deps: {
  readonly settings: Pick<Settings, 'protect' | 'waitSeconds'>;
  readonly sharedConfig: Pick<SharedConfig, 'findSession' | 'peekSession' | 'read'>;
  readonly chains: Pick<Chains, 'find' | 'refresh' | 'sourceNameOf'>;
  readonly roleList: Pick<RoleList, 'describeChain'>;
  readonly hops: Pick<Hops, 'define'>;
  readonly lock: ServingLock;
  readonly broker: ServableBroker & Pick<Broker, 'cachedCatalog'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly desktop: Pick<Desktop, 'canAsk' | 'loadDialogs' | 'openPage'>;
  readonly notifier: Pick<Notifier, 'notify' | 'resolve'>;
  readonly webAccess: Pick<WebAccess, 'issueCode'>;
  readonly lateLoading: Pick<LateLoading, 'defer'>;
  /** Whether the programs of callers can be identified for certain. */
  readonly canIdentify: () => boolean;
  readonly userId: number;
  readonly log: Log;
  /** Why no passkey can approve anything now; undefined if one can. */
  readonly findPasskeyObstacle: () => Promise<ErrorBody | undefined>;
  readonly randomBytes: (size: number) => Buffer;
  readonly clock: Clock;
}): ProtectedRoles {
  const { audit } = deps;
  const { asks, ruleFor, versionOf } = createProtection(deps.settings, deps.chains);
  const approvals = createApprovals({
    clock: deps.clock,
    createId: () => deps.randomBytes(8).toString('hex'),
    onChange: deps.changes.announce,
  });
  const askedChains = createAskedChains(deps);
  approvals.subscribe({
    asked(approval) {
      askedChains.keep(approval.subject);
      audit.record({ event: 'approval-asked', ...auditFields(approval) });
    },
    settled: (approval) => audit.record({ event: EVENTS[approval.state], ...auditFields(approval) }),
  });

  async function findAccountName(role: Role): Promise<string | undefined> {
    const session = deps.sharedConfig.peekSession(role.sessionName);
    const catalog = session && (await deps.broker.cachedCatalog(session).catch(() => undefined));
    return catalog?.accounts.find(({ accountId }) => accountId === role.accountId)?.accountName;
  }

  const describeChain = (role: Role) => deps.roleList.describeChain(role).catch(() => undefined);

  async function nameOf(role: Role): Promise<string> {
    const accountName = await findAccountName(role);
    const account = accountName === undefined ? role.accountId : `${harmless(accountName)} (${role.accountId})`;
    return `${harmless(titleOfRole({ ...role, chain: await describeChain(role) }))} in ${account}`;
  }

  /** @throws RefusedError approval-refused: a passkey has to approve the role, and none can. A click never does. */
  async function requirePasskey(role: Role): Promise<void> {
    const obstacle = await deps.findPasskeyObstacle();
    if (obstacle === undefined) return;
    const message = `${await nameOf(role)} needs the approval of a passkey. ${obstacle.message}`;
    throw new RefusedError('approval-refused', message, { hint: obstacle.hint });
  }

  async function describe(approval: Approval): Promise<ApprovalDocument> {
    if (approval.subject.kind !== 'role') return describeApproval(approval, approvals);
    const { role } = approval.subject;
    const [accountName, chain] = await Promise.all([findAccountName(role), askedChains.describe(approval.subject)]);
    return describeApproval(approval, approvals, accountName, chain);
  }

  const places = createPlaces({ ...deps, approvals, describe });
  const listApprovals = async () => ({ approvals: await Promise.all(approvals.list().map(describe)) });

  return {
    handlers: {
      ...createApprovalHandlers({ ...deps, approvals, ruleFor, versionOf, describe, listApprovals, requirePasskey }),
      ...places.handlers,
    },
    tasks: [{ name: 'approvals', run: async () => approvals.sweep() }],
    approvals,
    roleGate: asks
      ? createRoleGate({
          approvals,
          ruleFor,
          versionOf,
          requirePasskey,
          waitSeconds: deps.settings.waitSeconds,
          nameOf,
          lock: deps.lock,
          clock: deps.clock,
        })
      : OPEN_GATE,
    describeApproval: describe,
    listApprovals,
    releaseApprovals() {
      places.close();
      approvals.close();
    },
  };
}

const EVENTS = {
  pending: 'approval-asked',
  approved: 'approval-given',
  refused: 'approval-refused',
  expired: 'approval-expired',
} as const;

function auditFields({ id, subject, surface, program, by }: Approval) {
  const isProof = by === 'click' || by === 'terminal' || by === 'passkey';
  return {
    approvalId: id,
    subject: subject.kind,
    role: subject.kind === 'role' ? subject.role : undefined,
    label: 'label' in subject ? subject.label : undefined,
    surface: by === undefined || isProof ? surface : by,
    program,
    by: isProof ? by : undefined,
  };
}
