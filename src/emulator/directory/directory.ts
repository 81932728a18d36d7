// The directory in use: it alone decides what a user can list and get.
import { ConflictError, NotFoundError, UsageError } from '../../core/errors.ts';
import { parseDirectoryDocument } from './directory-document.ts';
import type {
  Assignment,
  DirectoryAccount,
  DirectoryDocument,
  DirectoryGroup,
  DirectoryRole,
  DirectoryUser,
  PermissionSet,
} from './directory-model.ts';
import { problemOfAssignment } from './directory-references.ts';

export interface Directory {
  readonly startUrl: string;
  /** Like AWS, accepts the start URL with or without a trailing slash or `#/`. */
  isStartUrl(url: string): boolean;
  readonly region: string;
  toDocument(): DirectoryDocument;
  /** Replaces the whole document; an invalid one changes nothing. */
  replace(document: DirectoryDocument): void;

  users(): readonly DirectoryUser[];
  findUser(userName: string): DirectoryUser | undefined;
  findAccount(accountId: string): DirectoryAccount | undefined;
  findPermissionSet(name: string): PermissionSet | undefined;
  /** An IAM role that does not trust everybody. */
  findRole(accountId: string, name: string): DirectoryRole | undefined;
  /** Accounts where the user has at least one permission set, in the document's order. */
  accountsOf(userName: string): readonly DirectoryAccount[];
  /** Names, in the document's order. */
  permissionSetsOf(userName: string, accountId: string): readonly string[];

  addAccount(account: DirectoryAccount): void;
  /** Renames or rewrites the account with this id. */
  updateAccount(account: DirectoryAccount): void;
  /** Removes the account and its assignments. */
  removeAccount(accountId: string): void;
  addUser(user: DirectoryUser): void;
  /** Removes the user, the assignments to that user, and ends the user's sessions. */
  removeUser(userName: string): void;
  addGroup(group: DirectoryGroup): void;
  /** Removes the group, its memberships and its assignments. */
  removeGroup(name: string): void;
  addPermissionSet(permissionSet: PermissionSet): void;
  /** @throws ConflictError still-assigned: like AWS, it removes no permission set that is assigned */
  removePermissionSet(name: string): void;
  assign(assignment: Assignment): void;
  unassign(assignment: Assignment): void;
}

export interface DirectoryEvents {
  /** Also called for users that a new document no longer has. */
  readonly onUserRemoved?: (userName: string) => void;
}

/**
 * Creates a directory from `initial`. Changes take effect with the next call.
 * @throws UsageError invalid-request: any operation with invalid input; nothing is changed then
 */
export function createDirectory(initial: DirectoryDocument, events: DirectoryEvents = {}): Directory {
  let document = parseDirectoryDocument(initial);
  // Permission sets by user and account, rebuilt on the first query after a change.
  let index: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> | undefined;
  let accountsById: ReadonlyMap<string, DirectoryAccount> | undefined;

  const change = (next: DirectoryDocument) => {
    const before = document.users;
    document = next;
    index = undefined;
    accountsById = undefined;
    if (next.users === before) return;
    const kept = new Set(next.users.map(({ userName }) => userName));
    for (const { userName } of before) if (!kept.has(userName)) events.onUserRemoved?.(userName);
  };
  const accounts = () => (accountsById ??= new Map(document.accounts.map((account) => [account.accountId, account])));
  const grantsOf = (userName: string) => (index ??= buildIndex(document)).get(userName);
  const findUser = (userName: string) => document.users.find((user) => user.userName === userName);
  const hasGroup = (name: string) => document.groups.some((group) => group.name === name);
  const hasPermissionSet = (name: string) => document.permissionSets.some((set) => set.name === name);
  const refuseRepeat = (isKnown: boolean, kind: string, name: string) => {
    if (isKnown) throw new UsageError('invalid-request', `The ${kind} ${JSON.stringify(name)} already exists.`);
  };
  const requireKnown = (isKnown: boolean, kind: string, name: string) => {
    if (isKnown) return;
    throw new NotFoundError(
      'directory-entry-not-found',
      `There is no ${kind} ${JSON.stringify(name)} in the directory.`,
    );
  };
  const requireAccount = (accountId: string) => {
    if (!accounts().has(accountId)) {
      throw new NotFoundError(
        'account-not-found',
        `There is no account ${JSON.stringify(accountId)} in the directory.`,
      );
    }
  };

  return {
    get startUrl() {
      return document.startUrl;
    },
    isStartUrl(url) {
      const bare = (startUrl: string) => startUrl.replace(/[/#]+$/, '');
      return bare(url) === bare(document.startUrl);
    },
    get region() {
      return document.region;
    },
    toDocument: () => document,
    replace: (next) => change(parseDirectoryDocument(next)),

    users: () => document.users,
    findUser,
    findAccount: (accountId) => accounts().get(accountId),
    findPermissionSet: (name) => document.permissionSets.find((set) => set.name === name),
    findRole: (accountId, name) => document.roles?.find((role) => role.accountId === accountId && role.name === name),
    accountsOf(userName) {
      const grants = grantsOf(userName);
      return grants === undefined ? [] : document.accounts.filter((account) => grants.has(account.accountId));
    },
    permissionSetsOf: (userName, accountId) => grantsOf(userName)?.get(accountId) ?? [],

    addAccount(account) {
      refuseRepeat(accounts().has(account.accountId), 'account', account.accountId);
      change({ ...document, accounts: [...document.accounts, account] });
    },
    updateAccount(account) {
      requireAccount(account.accountId);
      change({
        ...document,
        accounts: document.accounts.map((known) => (known.accountId === account.accountId ? account : known)),
      });
    },
    removeAccount(accountId) {
      requireAccount(accountId);
      if (accountId === document.organization.managementAccountId) {
        throw new UsageError('invalid-request', `The management account ${accountId} cannot leave its organization.`);
      }
      change({
        ...document,
        accounts: document.accounts.filter((account) => account.accountId !== accountId),
        assignments: document.assignments.filter((assignment) => assignment.accountId !== accountId),
        ...(document.roles && { roles: document.roles.filter((role) => role.accountId !== accountId) }),
      });
    },
    addUser(user) {
      refuseRepeat(findUser(user.userName) !== undefined, 'user', user.userName);
      const stray = user.groups?.find((group) => !hasGroup(group));
      if (stray !== undefined) {
        throw new UsageError('invalid-request', `groups: there is no group ${JSON.stringify(stray)} in the directory.`);
      }
      change({ ...document, users: [...document.users, user] });
    },
    removeUser(userName) {
      requireKnown(findUser(userName) !== undefined, 'user', userName);
      change({
        ...document,
        users: document.users.filter((user) => user.userName !== userName),
        assignments: document.assignments.filter((assignment) => assignment.user !== userName),
      });
    },
    addGroup(group) {
      refuseRepeat(hasGroup(group.name), 'group', group.name);
      change({ ...document, groups: [...document.groups, group] });
    },
    removeGroup(name) {
      requireKnown(hasGroup(name), 'group', name);
      change({
        ...document,
        users: document.users.map((user) =>
          user.groups?.includes(name) === true
            ? { ...user, groups: user.groups.filter((group) => group !== name) }
            : user,
        ),
        groups: document.groups.filter((group) => group.name !== name),
        assignments: document.assignments.filter((assignment) => assignment.group !== name),
      });
    },
    addPermissionSet(permissionSet) {
      refuseRepeat(hasPermissionSet(permissionSet.name), 'permission set', permissionSet.name);
      change({ ...document, permissionSets: [...document.permissionSets, permissionSet] });
    },
    removePermissionSet(name) {
      requireKnown(hasPermissionSet(name), 'permission set', name);
      const count = document.assignments.filter((assignment) => assignment.permissionSet === name).length;
      if (count > 0) {
        throw new ConflictError(
          'still-assigned',
          `The permission set ${JSON.stringify(name)} has ${count} assignment${count === 1 ? '' : 's'}. Remove them first.`,
        );
      }
      change({ ...document, permissionSets: document.permissionSets.filter((set) => set.name !== name) });
    },
    assign(assignment) {
      const problem = problemOfAssignment(assignment, {
        accountIds: accounts(),
        groups: { has: hasGroup },
        users: { has: (name) => findUser(name) !== undefined },
        permissionSets: { has: hasPermissionSet },
      });
      if (problem !== undefined) throw new UsageError('invalid-request', `${problem.field} ${problem.problem}.`);
      refuseRepeat(
        document.assignments.some((known) => isSameAssignment(known, assignment)),
        'assignment',
        assignment.permissionSet,
      );
      change({ ...document, assignments: [...document.assignments, assignment] });
    },
    unassign(assignment) {
      const rest = document.assignments.filter((known) => !isSameAssignment(known, assignment));
      if (rest.length === document.assignments.length) {
        throw new UsageError('invalid-request', 'This assignment does not exist.');
      }
      change({ ...document, assignments: rest });
    },
  };
}

function isSameAssignment(left: Assignment, right: Assignment): boolean {
  return (
    left.accountId === right.accountId &&
    left.permissionSet === right.permissionSet &&
    left.group === right.group &&
    left.user === right.user
  );
}

function buildIndex(document: DirectoryDocument): Map<string, Map<string, readonly string[]>> {
  const setsByUserAndAccount = new Map<string, Map<string, Set<string>>>();
  const membersByGroup = new Map<string, string[]>();
  for (const user of document.users) {
    for (const group of user.groups ?? []) {
      membersByGroup.set(group, [...(membersByGroup.get(group) ?? []), user.userName]);
    }
  }
  for (const { accountId, permissionSet, group, user } of document.assignments) {
    const userNames = user === undefined ? (membersByGroup.get(group ?? '') ?? []) : [user];
    for (const userName of userNames) {
      const byAccount = setsByUserAndAccount.get(userName) ?? new Map<string, Set<string>>();
      setsByUserAndAccount.set(userName, byAccount);
      byAccount.set(accountId, (byAccount.get(accountId) ?? new Set()).add(permissionSet));
    }
  }
  const order = document.permissionSets.map((set) => set.name);
  return new Map(
    [...setsByUserAndAccount].map(([userName, byAccount]) => [
      userName,
      new Map([...byAccount].map(([accountId, sets]) => [accountId, order.filter((name) => sets.has(name))])),
    ]),
  );
}
