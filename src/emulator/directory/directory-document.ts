// The JSON form of a directory, as an administrator of IAM Identity Center would set it up, and its validation.
import { type Fields, readFields } from '../http/json-fields.ts';

export type AccountKind = 'management' | 'invited' | 'created';

export interface DirectoryAccount {
  readonly accountId: string;
  readonly accountName?: string;
  readonly emailAddress?: string;
  /** How the account joined the organization. */
  readonly kind?: AccountKind;
}

export interface DirectoryUser {
  readonly userName: string;
  readonly displayName?: string;
  readonly groups?: readonly string[];
}

export interface DirectoryGroup {
  readonly name: string;
}

export interface PermissionSet {
  readonly name: string;
  /** Lifetime of role credentials, 900 to 43,200; one hour by default. */
  readonly sessionDurationSeconds?: number;
}

/** Gives a group or a user (not both) a permission set in an account. */
export interface Assignment {
  readonly accountId: string;
  readonly permissionSet: string;
  readonly group?: string;
  readonly user?: string;
}

export interface DirectoryDocument {
  /** An https URL; newer AWS CLIs insist on a host of AWS's, as in `https://d-1234567890.awsapps.com/start`. */
  readonly startUrl: string;
  readonly region: string;
  readonly organization: { readonly managementAccountId: string };
  readonly accounts: readonly DirectoryAccount[];
  readonly users: readonly DirectoryUser[];
  readonly groups: readonly DirectoryGroup[];
  readonly permissionSets: readonly PermissionSet[];
  readonly assignments: readonly Assignment[];
}

/**
 * Parses a document; missing lists are empty.
 * @throws UsageError invalid-request: names `source` and the first invalid field
 */
export function parseDirectoryDocument(value: unknown, source = ''): DirectoryDocument {
  const fields = readFields(value, DOCUMENT_KEYS, '', source);
  const document: DirectoryDocument = {
    startUrl: readStartUrl(fields),
    region: fields.optionalString('region') ?? 'us-east-1',
    organization: {
      managementAccountId: readAccountId(fields.object('organization', ['managementAccountId']), 'managementAccountId'),
    },
    accounts: fields.objects('accounts', ACCOUNT_KEYS).map(readAccount),
    users: fields.objects('users', USER_KEYS).map(readUser),
    groups: fields.objects('groups', GROUP_KEYS).map(readGroup),
    permissionSets: fields.objects('permissionSets', PERMISSION_SET_KEYS).map(readPermissionSet),
    assignments: fields.objects('assignments', ASSIGNMENT_KEYS).map(readAssignment),
  };
  checkReferences(document, fields);
  return document;
}

/** @throws UsageError invalid-request: `value` is not an account */
export function parseAccount(value: unknown): DirectoryAccount {
  return readAccount(readFields(value, ACCOUNT_KEYS));
}

/** @throws UsageError invalid-request: `value` is not a user */
export function parseUser(value: unknown): DirectoryUser {
  return readUser(readFields(value, USER_KEYS));
}

/** @throws UsageError invalid-request: `value` is not a group */
export function parseGroup(value: unknown): DirectoryGroup {
  return readGroup(readFields(value, GROUP_KEYS));
}

/** @throws UsageError invalid-request: `value` is not a permission set */
export function parsePermissionSet(value: unknown): PermissionSet {
  return readPermissionSet(readFields(value, PERMISSION_SET_KEYS));
}

/** @throws UsageError invalid-request: `value` is not an assignment */
export function parseAssignment(value: unknown): Assignment {
  return readAssignment(readFields(value, ASSIGNMENT_KEYS));
}

const DOCUMENT_KEYS = [
  'startUrl',
  'region',
  'organization',
  'accounts',
  'users',
  'groups',
  'permissionSets',
  'assignments',
] as const;
const ACCOUNT_KEYS = ['accountId', 'accountName', 'emailAddress', 'kind'] as const;
const USER_KEYS = ['userName', 'displayName', 'groups'] as const;
const GROUP_KEYS = ['name'] as const;
const PERMISSION_SET_KEYS = ['name', 'sessionDurationSeconds'] as const;
const ASSIGNMENT_KEYS = ['accountId', 'permissionSet', 'group', 'user'] as const;

function readStartUrl(fields: Fields): string {
  const startUrl = fields.string('startUrl');
  if (!URL.canParse(startUrl) || new URL(startUrl).protocol !== 'https:') {
    throw fields.wrong('startUrl', 'must be an https URL such as https://d-1234567890.awsapps.com/start');
  }
  return startUrl;
}

function readAccountId(fields: Fields, name: string): string {
  const accountId = fields.string(name);
  if (!/^\d{12}$/.test(accountId)) throw fields.wrong(name, 'must be a string of twelve digits');
  return accountId;
}

function readAccount(fields: Fields): DirectoryAccount {
  const kind = fields.optionalString('kind');
  if (kind !== undefined && kind !== 'management' && kind !== 'invited' && kind !== 'created') {
    throw fields.wrong('kind', 'must be management, invited or created');
  }
  const accountName = fields.optionalText('accountName');
  const emailAddress = fields.optionalText('emailAddress');
  return {
    accountId: readAccountId(fields, 'accountId'),
    ...(accountName === undefined ? {} : { accountName }),
    ...(emailAddress === undefined ? {} : { emailAddress }),
    ...(kind === undefined ? {} : { kind }),
  };
}

function readUser(fields: Fields): DirectoryUser {
  const userName = fields.string('userName');
  // The name becomes a role session name, for which STS allows no other characters.
  if (!/^[\w+=,.@-]{2,64}$/.test(userName)) {
    throw fields.wrong('userName', 'must be 2 to 64 of letters, digits and + = , . @ _ -');
  }
  const displayName = fields.optionalText('displayName');
  const groups = fields.optionalStrings('groups');
  return {
    userName,
    ...(displayName === undefined ? {} : { displayName }),
    ...(groups === undefined ? {} : { groups }),
  };
}

function readGroup(fields: Fields): DirectoryGroup {
  return { name: fields.string('name') };
}

function readPermissionSet(fields: Fields): PermissionSet {
  const name = fields.string('name');
  if (!/^[\w+=,.@-]{1,32}$/.test(name)) {
    throw fields.wrong('name', 'must be 1 to 32 of letters, digits and + = , . @ _ -');
  }
  const sessionDurationSeconds = fields.optionalNumber('sessionDurationSeconds');
  if (
    sessionDurationSeconds !== undefined &&
    !(Number.isInteger(sessionDurationSeconds) && sessionDurationSeconds >= 900 && sessionDurationSeconds <= 43_200)
  ) {
    throw fields.wrong('sessionDurationSeconds', 'must be a whole number from 900 to 43200');
  }
  return { name, ...(sessionDurationSeconds === undefined ? {} : { sessionDurationSeconds }) };
}

function readAssignment(fields: Fields): Assignment {
  const group = fields.optionalString('group');
  const user = fields.optionalString('user');
  if ((group === undefined) === (user === undefined)) {
    throw fields.wrong('group', 'or user must be given, but not both');
  }
  return {
    accountId: readAccountId(fields, 'accountId'),
    permissionSet: fields.string('permissionSet'),
    ...(group === undefined ? {} : { group }),
    ...(user === undefined ? {} : { user }),
  };
}

function checkReferences(document: DirectoryDocument, fields: Fields): void {
  const accountIds = uniqueNames(document.accounts, (account) => account.accountId, 'accounts', 'accountId', fields);
  const groups = uniqueNames(document.groups, (group) => group.name, 'groups', 'name', fields);
  const users = uniqueNames(document.users, (user) => user.userName, 'users', 'userName', fields);
  const permissionSets = uniqueNames(document.permissionSets, (set) => set.name, 'permissionSets', 'name', fields);

  if (!accountIds.has(document.organization.managementAccountId)) {
    throw fields.wrong('organization.managementAccountId', 'is not the id of an account');
  }
  for (const [index, user] of document.users.entries()) {
    for (const group of user.groups ?? []) {
      if (!groups.has(group))
        throw fields.wrong(`users[${index}].groups`, `names ${quoted(group)}, which is not a group in the directory`);
    }
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
