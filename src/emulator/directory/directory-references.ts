// Checks that names in a directory are unique, and that references lead to something that exists.
import type { Fields } from '../http/json-fields.ts';
import type { Assignment, DirectoryDocument } from './directory-model.ts';

/** @throws UsageError invalid-request: a repeated name, or a reference to something that does not exist */
export function checkReferences(document: DirectoryDocument, fields: Fields): void {
  const accountIds = uniqueNames(document.accounts, (account) => account.accountId, 'accounts', 'accountId', fields);
  const groups = uniqueNames(document.groups, (group) => group.name, 'groups', 'name', fields);
  const users = uniqueNames(document.users, (user) => user.userName, 'users', 'userName', fields);
  const permissionSets = uniqueNames(document.permissionSets, (set) => set.name, 'permissionSets', 'name', fields);

  if (!accountIds.has(document.organization.managementAccountId)) {
    throw fields.wrong('organization.managementAccountId', 'is not the id of an account');
  }
  for (const [index, user] of document.users.entries()) {
    for (const group of user.groups ?? []) {
      if (groups.has(group)) continue;
      throw fields.wrong(`users[${index}].groups`, `names ${quoted(group)}, which is not a group in the directory`);
    }
  }
  const roles = document.roles ?? [];
  uniqueNames(roles, ({ accountId, name }) => `${accountId}/${name}`, 'roles', 'name', fields);
  for (const [index, { accountId }] of roles.entries()) {
    if (accountIds.has(accountId)) continue;
    throw fields.wrong(
      `roles[${index}].accountId`,
      `names ${quoted(accountId)}, which is not an account in the directory`,
    );
  }
  for (const [index, assignment] of document.assignments.entries()) {
    const problem = problemOfAssignment(assignment, { accountIds, groups, users, permissionSets });
    if (problem !== undefined) throw fields.wrong(`assignments[${index}].${problem.field}`, problem.problem);
  }
}

interface KnownNames {
  readonly accountIds: { has(name: string): boolean };
  readonly groups: { has(name: string): boolean };
  readonly users: { has(name: string): boolean };
  readonly permissionSets: { has(name: string): boolean };
}

/** The first reference to something that does not exist; undefined when there is none. */
export function problemOfAssignment(
  assignment: Assignment,
  known: KnownNames,
): { field: keyof Assignment; problem: string } | undefined {
  if (!known.accountIds.has(assignment.accountId)) {
    return {
      field: 'accountId',
      problem: `names ${quoted(assignment.accountId)}, which is not an account in the directory`,
    };
  }
  if (!known.permissionSets.has(assignment.permissionSet)) {
    return {
      field: 'permissionSet',
      problem: `names ${quoted(assignment.permissionSet)}, which is not a permission set in the directory`,
    };
  }
  if (assignment.group !== undefined && !known.groups.has(assignment.group)) {
    return { field: 'group', problem: `names ${quoted(assignment.group)}, which is not a group in the directory` };
  }
  if (assignment.user !== undefined && !known.users.has(assignment.user)) {
    return { field: 'user', problem: `names ${quoted(assignment.user)}, which is not a user in the directory` };
  }
  return undefined;
}

function uniqueNames<T>(
  entries: readonly T[],
  nameOf: (entry: T) => string,
  list: string,
  field: string,
  fields: Fields,
): Set<string> {
  const names = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const name = nameOf(entry);
    if (names.has(name)) throw fields.wrong(`${list}[${index}].${field}`, `repeats ${quoted(name)}`);
    names.add(name);
  }
  return names;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
