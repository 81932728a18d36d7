// The page's state: the daemon's status, kept current by events, the roles, and the watchers of both.

/** @typedef {import('../documents.d.ts').Approval} Approval */
/** @typedef {import('../documents.d.ts').EventDocuments} EventDocuments */
/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../documents.d.ts').Roles} Roles */
/** @typedef {import('../documents.d.ts').Session} Session */
/** @typedef {import('../documents.d.ts').SignIn} SignIn */
/** @typedef {import('../documents.d.ts').Status} Status */

/** @typedef {'status' | 'roles' | 'sign-ins' | 'approvals'} Part */
/** @typedef {ReturnType<typeof createModel>} Model */

export function createModel() {
  /** @type {Status | undefined} */
  let status;
  /** @type {Roles | undefined} */
  let roles;
  /** @type {ReadonlyMap<string, SignIn>} */
  let signIns = new Map();
  /** @type {readonly Approval[]} */
  let approvals = [];
  /** @type {((part: Part) => void)[]} */
  const watchers = [];

  /** @param {...Part} parts */
  const changed = (...parts) => {
    for (const part of parts) for (const watcher of watchers) watcher(part);
  };

  /** @param {string} name @param {(session: Session) => Session} change */
  function changeSession(name, change) {
    if (status === undefined) return;
    status = { ...status, sessions: status.sessions.map((one) => (one.session === name ? change(one) : one)) };
    changed('status');
  }

  /** By the type of the event. @type {{ [T in keyof EventDocuments]: (document: EventDocuments[T]) => void }} */
  const appliers = {
    hello(document) {
      status = document.status;
      signIns = new Map();
      // The event that follows has those that are pending.
      approvals = [];
      changed('status', 'sign-ins');
    },
    session(document) {
      if (status === undefined) return;
      if (status.sessions.some(({ session }) => session === document.session)) {
        changeSession(document.session, () => document);
      } else {
        status = { ...status, sessions: [...status.sessions, document] };
        changed('status');
      }
    },
    'sign-in'({ session, signIn }) {
      const others = [...signIns].filter(([name]) => name !== session);
      signIns = new Map(signIn === null ? others : [...others, [session, signIn]]);
      changed('sign-ins');
    },
    catalog: ({ session, catalog }) => changeSession(session, (one) => ({ ...one, catalog })),
    current(document) {
      if (status === undefined) return;
      status = { ...status, current: document };
      changed('status');
    },
    problems(document) {
      if (status === undefined) return;
      status = { ...status, problems: document };
      changed('status');
    },
    approvals(document) {
      approvals = document.approvals;
      changed('approvals');
    },
    lock(document) {
      if (status === undefined) return;
      status = { ...status, lock: document };
      changed('status');
    },
    roles: () => {},
  };

  return {
    status: () => status,
    roles: () => roles,
    signIns: () => signIns,
    approvals: () => approvals,
    /** The session's label in the settings, or its name. @param {string} name */
    labelOf: (name) => status?.sessions.find(({ session }) => session === name)?.label ?? name,
    /** @param {(part: Part) => void} watcher */
    watch: (watcher) => void watchers.push(watcher),
    /** Applies an event; unknown types are ignored. @param {string} type @param {any} document */
    apply(type, document) {
      if (Object.hasOwn(appliers, type)) appliers[/** @type {keyof EventDocuments} */ (type)](document);
    },
    /** @param {Roles} document */
    setRoles(document) {
      roles = document;
      changed('roles');
    },
    /** The row of the current role; undefined when the list does not have it. */
    currentRole() {
      const current = status?.current ?? null;
      if (current === null) return undefined;
      return roles?.roles.find(
        (role) =>
          role.session === current.session &&
          role.accountId === current.accountId &&
          role.permissionSet === current.permissionSet,
      );
    },
  };
}
