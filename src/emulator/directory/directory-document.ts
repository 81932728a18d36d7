// Parses the JSON form of a directory.
import { type Fields, readFields } from '../http/json-fields.ts';
import type {
  Assignment,
  DirectoryAccount,
  DirectoryDocument,
  DirectoryGroup,
  DirectoryRole,
  DirectoryUser,
  PermissionSet,
} from './directory-model.ts';
import { checkReferences } from './directory-references.ts';

/**
 * Parses a document; missing lists are empty.
 * @throws UsageError invalid-request: names `source` and the first invalid field
 */
export function parseDirectoryDocument(value: unknown, source = ''): DirectoryDocument {
  const fields = readFields(value, DOCUMENT_KEYS, '', source);
  const roles = fields.objects('roles', ROLE_KEYS).map(readRole);
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
    ...(roles.length === 0 ? {} : { roles }),
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
  'roles',
] as const;
const ACCOUNT_KEYS = ['accountId', 'accountName', 'emailAddress', 'kind'] as const;
const USER_KEYS = ['userName', 'displayName', 'groups'] as const;
const GROUP_KEYS = ['name'] as const;
const PERMISSION_SET_KEYS = ['name', 'sessionDurationSeconds'] as const;
const ROLE_KEYS = ['accountId', 'name', 'trustedBy', 'externalId'] as const;
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

function readRole(fields: Fields): DirectoryRole {
  const name = fields.string('name');
  if (!/^[\w+=,.@-]{1,64}$/.test(name)) {
    throw fields.wrong('name', 'must be 1 to 64 of letters, digits and + = , . @ _ -');
  }
  const trustedBy = fields.optionalStrings('trustedBy');
  if (trustedBy?.some((caller) => !/^\d{12}(?:\/[\w+=,.@-]{1,64})?$/.test(caller)) === true) {
    throw fields.wrong('trustedBy', 'must be account ids, or ACCOUNT/NAME with a permission set or role');
  }
  const externalId = fields.optionalString('externalId');
  return {
    accountId: readAccountId(fields, 'accountId'),
    name,
    ...(trustedBy === undefined ? {} : { trustedBy }),
    ...(externalId === undefined ? {} : { externalId }),
  };
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
