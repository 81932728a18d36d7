// Compares two snapshots of everything that users are shown and gives the differences as events.
import type {
  ApprovalsDocument,
  EventDocument,
  SessionStatusDocument,
  SignInDocument,
  StatusDocument,
} from '../../local-api/schemas.ts';
import { isSameRevision, type RoleList, type RoleListRevision } from '../roles/role-list.ts';

/** Everything that events report, at one moment. */
export interface Snapshot {
  readonly status: StatusDocument;
  /** By session name; null when there was no sign-in yet. */
  readonly signIns: ReadonlyMap<string, SignInDocument | null>;
  readonly approvals: ApprovalsDocument;
  /** Undefined when the role list can't be built. */
  readonly roles: RoleListRevision | undefined;
}

/** Creates the function that takes a snapshot. */
export function createTakeSnapshot(deps: {
  readonly status: () => Promise<StatusDocument>;
  readonly signIn: (input: { readonly session: string }) => Promise<SignInDocument | null>;
  readonly listApprovals: () => Promise<ApprovalsDocument>;
  readonly roleList: Pick<RoleList, 'revision'>;
}): () => Promise<Snapshot> {
  return async () => {
    const status = await deps.status();
    const signIns = new Map<string, SignInDocument | null>();
    for (const { session } of status.sessions) {
      // The session may have been removed from the config file since `status` read it.
      signIns.set(session, withoutLists(await deps.signIn({ session }).catch(() => null)));
    }
    // An unreadable config file has no role list; the problems in `status` say so.
    const approvals = await deps.listApprovals();
    return { status, signIns, approvals, roles: await deps.roleList.revision().catch(() => undefined) };
  };
}

/** Drops the lists of new roles, which may have thousands of entries: clients get them from GET /v1/roles. */
function withoutLists(signIn: SignInDocument | null): SignInDocument | null {
  if (signIn?.setup === undefined) return signIn;
  const { added: _added, removed: _removed, profiles: _profiles, ...setup } = signIn.setup;
  return { ...signIn, setup };
}

/**
 * The events that lead from `before` to `after`, in the documented order; none when nothing has changed.
 * A change without an event of its own, such as another set of sessions, sends everything again.
 */
export function findChanges(before: Snapshot, after: Snapshot): EventDocument[] {
  if (!isSame(frameOf(before), frameOf(after))) return describeEverything(after);
  const events: EventDocument[] = [];
  for (const [index, session] of after.status.sessions.entries()) {
    const { catalog: catalogBefore, ...restBefore } = before.status.sessions[index] as SessionStatusDocument;
    const { catalog, ...rest } = session;
    const name = session.session;
    if (!isSame(restBefore, rest)) events.push({ type: 'session', data: session });
    const signIn = after.signIns.get(name) ?? null;
    if (!isSame(before.signIns.get(name) ?? null, signIn)) {
      events.push({ type: 'sign-in', data: { session: name, signIn } });
    }
    if (!isSame(catalogBefore, catalog)) events.push({ type: 'catalog', data: { session: name, catalog } });
  }
  if (!isSame(before.status.current, after.status.current)) {
    events.push({ type: 'current', data: after.status.current });
  }
  if (!isSame(before.status.lock, after.status.lock)) events.push({ type: 'lock', data: after.status.lock ?? null });
  if (!isSame(before.status.problems, after.status.problems)) {
    events.push({ type: 'problems', data: after.status.problems });
  }
  if (!isSame(before.approvals, after.approvals)) events.push({ type: 'approvals', data: after.approvals });
  if (after.roles !== undefined && !isSameRevision(before.roles, after.roles)) {
    events.push({ type: 'roles', data: { asOf: after.roles.asOf } });
  }
  return events;
}

/** The events for a client that has no state yet. */
export function describeEverything({ status, signIns, approvals }: Snapshot): EventDocument[] {
  const signInEvents = [...signIns].flatMap(([session, signIn]): EventDocument[] =>
    signIn === null ? [] : [{ type: 'sign-in', data: { session, signIn } }],
  );
  const isAsking = approvals.approvals.length > 0;
  return [
    { type: 'hello', data: { version: status.version, status } },
    ...signInEvents,
    ...(isAsking ? [{ type: 'approvals' as const, data: approvals }] : []),
  ];
}

/** The parts of the status that have no event of their own. */
function frameOf({ status }: Snapshot): unknown {
  const { sessions, current: _current, lock: _lock, problems: _problems, approvals: _approvals, ...rest } = status;
  return { ...rest, sessions: sessions.map(({ session }) => session) };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
