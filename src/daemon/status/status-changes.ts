// What has changed between two looks at everything that a person is shown, as events.
import type { EventDocument, SessionStatusDocument, SignInDocument, StatusDocument } from '../../local-api/schemas.ts';
import { isSameRevision, type RoleList, type RoleListRevision } from '../roles/role-list.ts';

/** Everything that events tell of, at one moment. */
export interface Snapshot {
  readonly status: StatusDocument;
  /** By session name; null before the first one. */
  readonly signIns: ReadonlyMap<string, SignInDocument | null>;
  /** Undefined when the list can't be made. */
  readonly roles: RoleListRevision | undefined;
}

/** A function that takes a snapshot. */
export function createTakeSnapshot(deps: {
  readonly status: () => Promise<StatusDocument>;
  readonly signIn: (input: { readonly session: string }) => Promise<SignInDocument | null>;
  readonly roleList: Pick<RoleList, 'revision'>;
}): () => Promise<Snapshot> {
  return async () => {
    const status = await deps.status();
    const signIns = new Map<string, SignInDocument | null>();
    for (const { session } of status.sessions) {
      // A session that went out of the config file between two lines has no sign-in.
      signIns.set(session, withoutLists(await deps.signIn({ session }).catch(() => null)));
    }
    // Without a config file to read there is no list, which the problems tell.
    return { status, signIns, roles: await deps.roleList.revision().catch(() => undefined) };
  };
}

/** What was new at a sign-in may be thousands of roles: the list of roles has them, and no event is to carry them again. */
function withoutLists(signIn: SignInDocument | null): SignInDocument | null {
  if (signIn?.setup === undefined) return signIn;
  const { added: _added, removed: _removed, profiles: _profiles, ...setup } = signIn.setup;
  return { ...signIn, setup };
}

/**
 * The events that lead from `before` to `after`, in the order of the documentation; none when nothing has changed.
 * A change that no event has a word for, such as another set of sessions, is told by everything anew.
 */
export function findChanges(before: Snapshot, after: Snapshot): EventDocument[] {
  if (!isSame(frameOf(before), frameOf(after))) return tellEverything(after);
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
  if (!isSame(before.status.problems, after.status.problems)) {
    events.push({ type: 'problems', data: after.status.problems });
  }
  if (after.roles !== undefined && !isSameRevision(before.roles, after.roles)) {
    events.push({ type: 'roles', data: { asOf: after.roles.asOf } });
  }
  return events;
}

/** What somebody who knows nothing is told. */
export function tellEverything({ status, signIns }: Snapshot): EventDocument[] {
  const signInEvents = [...signIns].flatMap(([session, signIn]): EventDocument[] =>
    signIn === null ? [] : [{ type: 'sign-in', data: { session, signIn } }],
  );
  return [{ type: 'hello', data: { version: status.version, status } }, ...signInEvents];
}

/** The status without what has events of its own. */
function frameOf({ status }: Snapshot): unknown {
  const { sessions, current: _current, problems: _problems, ...rest } = status;
  return { ...rest, sessions: sessions.map(({ session }) => session) };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
