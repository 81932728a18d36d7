// The directory: valid and invalid JSON, changes, and the resulting access.
import { describe, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../../src/emulator/directory/default-directory.ts';
import { createDirectory } from '../../../src/emulator/directory/directory.ts';
import { parseDirectoryDocument } from '../../../src/emulator/directory/directory-document.ts';
import type { DirectoryDocument } from '../../../src/emulator/directory/directory-model.ts';
import { generateDirectory } from '../../../src/emulator/directory/generate-directory.ts';

function smallDocument(changes: Record<string, unknown> = {}): unknown {
  return {
    startUrl: 'https://d-0000000000.awsapps.com/start',
    organization: { managementAccountId: '000000000001' },
    accounts: [{ accountId: '000000000001' }],
    ...changes,
  };
}

describe('a directory as JSON', () => {
  test('lists and region are optional', () => {
    expect(parseDirectoryDocument(smallDocument())).toEqual({
      startUrl: 'https://d-0000000000.awsapps.com/start',
      region: 'us-east-1',
      organization: { managementAccountId: '000000000001' },
      accounts: [{ accountId: '000000000001' }],
      users: [],
      groups: [],
      permissionSets: [],
      assignments: [],
    });
  });

  test('the default and generated ones are valid, and unchanged after a JSON round trip', () => {
    for (const document of [
      createDefaultDirectory(),
      generateDirectory({ accountCount: 3, permissionSetCount: 2, userName: 'ada', sessionDurationSeconds: 900 }),
    ]) {
      expect(parseDirectoryDocument(JSON.parse(JSON.stringify(document)))).toEqual(document);
    }
  });

  const user = { userName: 'ada', groups: ['Team'] };
  const whole = {
    users: [user],
    groups: [{ name: 'Team' }],
    permissionSets: [{ name: 'Read' }],
  };
  const assignment = { accountId: '000000000001', permissionSet: 'Read', user: 'ada' };
  test.each<[string, unknown, string]>([
    ['no object', [], 'the document must be an object.'],
    [
      'an unknown key',
      smallDocument({ acounts: [] }),
      'acounts is not a known field (known: startUrl, region, organization, accounts, users, groups, permissionSets, assignments, roles).',
    ],
    [
      'a role in no account',
      smallDocument({ roles: [{ accountId: '000000000002', name: 'Deploy' }] }),
      'roles[0].accountId names "000000000002", which is not an account in the directory.',
    ],
    [
      'a role that trusts nobody in particular',
      smallDocument({ roles: [{ accountId: '000000000001', name: 'Deploy', trustedBy: ['everybody'] }] }),
      'roles[0].trustedBy must be account ids, or ACCOUNT/NAME with a permission set or role.',
    ],
    ['no start URL', smallDocument({ startUrl: undefined }), 'startUrl is missing.'],
    [
      'a start URL that is none',
      smallDocument({ startUrl: 'start' }),
      'startUrl must be an https URL such as https://d-1234567890.awsapps.com/start.',
    ],
    [
      'a start URL without TLS',
      smallDocument({ startUrl: 'http://d.awsapps.com/start' }),
      'startUrl must be an https URL such as https://d-1234567890.awsapps.com/start.',
    ],
    ['a region that is a number', smallDocument({ region: 1 }), 'region must be a non-empty string.'],
    ['no organization', smallDocument({ organization: undefined }), 'organization is missing.'],
    [
      'a management account that is none',
      smallDocument({ organization: { managementAccountId: '000000000002' } }),
      'organization.managementAccountId is not the id of an account.',
    ],
    ['accounts that are no list', smallDocument({ accounts: {} }), 'accounts must be a list.'],
    ['an account that is no object', smallDocument({ accounts: ['000000000001'] }), 'accounts[0] must be an object.'],
    [
      'an account id that lost its zeros',
      smallDocument({ accounts: [{ accountId: 1 }] }),
      'accounts[0].accountId must be a non-empty string.',
    ],
    [
      'a short account id',
      smallDocument({ accounts: [{ accountId: '1' }] }),
      'accounts[0].accountId must be a string of twelve digits.',
    ],
    [
      'an account twice',
      smallDocument({ accounts: [{ accountId: '000000000001' }, { accountId: '000000000001' }] }),
      'accounts[1].accountId repeats "000000000001".',
    ],
    [
      'an account name that is no text',
      smallDocument({ accounts: [{ accountId: '000000000001', accountName: 7 }] }),
      'accounts[0].accountName must be a text.',
    ],
    [
      'a kind that is none',
      smallDocument({ accounts: [{ accountId: '000000000001', kind: 'root' }] }),
      'accounts[0].kind must be management, invited or created.',
    ],
    [
      'a user name with a blank',
      smallDocument({ users: [{ userName: 'a b' }] }),
      'users[0].userName must be 2 to 64 of letters, digits and + = , . @ _ -.',
    ],
    [
      'groups of a user that are no texts',
      smallDocument({ users: [{ userName: 'ada', groups: [1] }] }),
      'users[0].groups must be a list of strings.',
    ],
    [
      'a user of a group that is none',
      smallDocument({ users: [user] }),
      'users[0].groups names "Team", which is not a group in the directory.',
    ],
    ['a user twice', smallDocument({ ...whole, users: [user, user] }), 'users[1].userName repeats "ada".'],
    ['a group without a name', smallDocument({ groups: [{}] }), 'groups[0].name is missing.'],
    [
      'a permission set name with a slash',
      smallDocument({ permissionSets: [{ name: 'a/b' }] }),
      'permissionSets[0].name must be 1 to 32 of letters, digits and + = , . @ _ -.',
    ],
    [
      'a session of a minute',
      smallDocument({ permissionSets: [{ name: 'a', sessionDurationSeconds: 60 }] }),
      'permissionSets[0].sessionDurationSeconds must be a whole number from 900 to 43200.',
    ],
    [
      'a session that is a text',
      smallDocument({ permissionSets: [{ name: 'a', sessionDurationSeconds: 'PT1H' }] }),
      'permissionSets[0].sessionDurationSeconds must be a number.',
    ],
    [
      'an assignment of nobody',
      smallDocument({ ...whole, assignments: [{ ...assignment, user: undefined }] }),
      'assignments[0].group or user must be given, but not both.',
    ],
    [
      'an assignment of both',
      smallDocument({ ...whole, assignments: [{ ...assignment, group: 'Team' }] }),
      'assignments[0].group or user must be given, but not both.',
    ],
    [
      'an assignment in no account',
      smallDocument({ ...whole, assignments: [{ ...assignment, accountId: '000000000009' }] }),
      'assignments[0].accountId names "000000000009", which is not an account in the directory.',
    ],
    [
      'an assignment of no permission set',
      smallDocument({ ...whole, assignments: [{ ...assignment, permissionSet: 'X' }] }),
      'assignments[0].permissionSet names "X", which is not a permission set in the directory.',
    ],
    [
      'an assignment of no user',
      smallDocument({ ...whole, assignments: [{ ...assignment, user: 'bob' }] }),
      'assignments[0].user names "bob", which is not a user in the directory.',
    ],
    [
      'an assignment of no group',
      smallDocument({ ...whole, assignments: [{ ...assignment, user: undefined, group: 'X' }] }),
      'assignments[0].group names "X", which is not a group in the directory.',
    ],
  ])('with %s is refused, naming the field', (_what, value, message) => {
    expect(() => parseDirectoryDocument(JSON.parse(JSON.stringify(value)))).toThrow(
      expect.objectContaining({ errorClass: 'UsageError', code: 'invalid-request', message }),
    );
    expect(() => parseDirectoryDocument(JSON.parse(JSON.stringify(value)), 'team.json')).toThrow(
      `team.json: ${message}`,
    );
  });
});

describe('a live directory', () => {
  test('follows users, groups and both kinds of assignment', () => {
    const directory = createDirectory(createDefaultDirectory());
    expect({
      startUrl: directory.startUrl,
      region: directory.region,
      taylor: directory.accountsOf('taylor').map(({ accountId }) => accountId),
      sam: directory.accountsOf('sam').map(({ accountId }) => accountId),
      nobody: directory.accountsOf('nobody'),
      sets: directory.permissionSetsOf('taylor', '222222222222'),
      none: directory.permissionSetsOf('sam', '222222222222'),
    }).toEqual({
      startUrl: 'https://d-1234567890.awsapps.com/start',
      region: 'us-east-1',
      taylor: ['111111111111', '222222222222', '333333333333', '044444444444'],
      sam: ['044444444444'],
      nobody: [],
      sets: ['Admin-AF-Permission-Set', 'ReadOnly'],
      none: [],
    });
  });

  test('a permission set assigned by group and by user is listed once', () => {
    const directory = createDirectory(createDefaultDirectory());
    directory.assign({ accountId: '222222222222', permissionSet: 'ReadOnly', user: 'taylor' });
    expect(directory.permissionSetsOf('taylor', '222222222222')).toEqual(['Admin-AF-Permission-Set', 'ReadOnly']);
  });

  test('adds an account, a group, a user and a permission set', () => {
    const directory = createDirectory(createDefaultDirectory());
    directory.addAccount({ accountId: '555555555555', accountName: 'new' });
    directory.addGroup({ name: 'Newcomers' });
    directory.addUser({ userName: 'kim', groups: ['Newcomers'] });
    directory.addPermissionSet({ name: 'Deploy', sessionDurationSeconds: 900 });
    directory.assign({ accountId: '555555555555', permissionSet: 'Deploy', group: 'Newcomers' });
    expect(directory.accountsOf('kim')).toEqual([{ accountId: '555555555555', accountName: 'new' }]);
    directory.updateAccount({ accountId: '555555555555', accountName: 'renamed' });
    expect(directory.findAccount('555555555555')).toEqual({ accountId: '555555555555', accountName: 'renamed' });
    directory.removeAccount('555555555555');
    expect(directory.accountsOf('kim')).toEqual([]);
    expect(directory.toDocument().assignments).toEqual(createDefaultDirectory().assignments);
  });

  test('removes users, groups and permission sets with what depends on them, and says whose sessions end', () => {
    const removed: string[] = [];
    const directory = createDirectory(createDefaultDirectory(), {
      onUserRemoved: (userName) => removed.push(userName),
    });
    directory.removeGroup('ProfessionalAfAdmins');
    expect(directory.findUser('taylor')?.groups).toEqual([]);
    expect(directory.accountsOf('taylor').map(({ accountId }) => accountId)).toEqual(['333333333333', '044444444444']);
    expect(removed).toEqual([]);
    directory.removeUser('taylor');
    expect(directory.toDocument()).toMatchObject({
      users: [{ userName: 'sam' }],
      groups: [{ name: 'Auditors' }],
      assignments: [{ accountId: '044444444444', permissionSet: 'ReadOnly', group: 'Auditors' }],
    });
    directory.removePermissionSet('Admin-AF-Permission-Set');
    expect(directory.toDocument().permissionSets.map(({ name }) => name)).toEqual(['ReadOnly']);
    directory.replace({ ...directory.toDocument(), users: [] });
    expect(removed).toEqual(['taylor', 'sam']);
  });

  test.each<[string, (directory: ReturnType<typeof createDirectory>) => void, string]>([
    [
      'an account twice',
      (d) => d.addAccount({ accountId: '111111111111' }),
      'The account "111111111111" already exists.',
    ],
    ['a user twice', (d) => d.addUser({ userName: 'sam' }), 'The user "sam" already exists.'],
    [
      'a user of a strange group',
      (d) => d.addUser({ userName: 'kim', groups: ['X'] }),
      'groups: there is no group "X" in the directory.',
    ],
    ['a group twice', (d) => d.addGroup({ name: 'Auditors' }), 'The group "Auditors" already exists.'],
    [
      'a permission set twice',
      (d) => d.addPermissionSet({ name: 'ReadOnly' }),
      'The permission set "ReadOnly" already exists.',
    ],
    [
      'an assignment twice',
      (d) => d.assign({ accountId: '333333333333', permissionSet: 'ReadOnly', user: 'taylor' }),
      'The assignment "ReadOnly" already exists.',
    ],
    [
      'an assignment of nobody',
      (d) => d.assign({ accountId: '333333333333', permissionSet: 'ReadOnly', user: 'x' }),
      'user names "x", which is not a user in the directory.',
    ],
    [
      'an assignment that was never there',
      (d) => d.unassign({ accountId: '333333333333', permissionSet: 'ReadOnly', user: 'sam' }),
      'This assignment does not exist.',
    ],
    [
      'renaming an account that is not there',
      (d) => d.updateAccount({ accountId: '999999999999' }),
      'There is no account "999999999999" in the directory.',
    ],
    [
      'removing an account that is not there',
      (d) => d.removeAccount('999999999999'),
      'There is no account "999999999999" in the directory.',
    ],
    [
      'removing the management account',
      (d) => d.removeAccount('111111111111'),
      'The management account 111111111111 cannot leave its organization.',
    ],
    ['removing a user who is not there', (d) => d.removeUser('kim'), 'There is no user "kim" in the directory.'],
    ['removing a group that is not there', (d) => d.removeGroup('X'), 'There is no group "X" in the directory.'],
    [
      'removing a permission set that is not there',
      (d) => d.removePermissionSet('X'),
      'There is no permission set "X" in the directory.',
    ],
    [
      'removing a permission set that is assigned',
      (d) => d.removePermissionSet('ReadOnly'),
      'The permission set "ReadOnly" has 4 assignments. Remove them first.',
    ],
    ['replacing it by nonsense', (d) => d.replace({} as DirectoryDocument), 'startUrl is missing.'],
  ])('refuses %s and stays unchanged', (_what, change, message) => {
    const directory = createDirectory(createDefaultDirectory());
    expect(() => change(directory)).toThrow(message);
    expect(directory.toDocument()).toEqual(createDefaultDirectory());
  });
});

test('a generated directory has every permission set in every account', () => {
  const directory = createDirectory(generateDirectory({ accountCount: 5000, permissionSetCount: 4 }));
  const accounts = directory.accountsOf('taylor');
  expect(accounts).toHaveLength(5000);
  expect(directory.permissionSetsOf('taylor', accounts[4999]?.accountId ?? '')).toEqual([
    'PermissionSet-001',
    'PermissionSet-002',
    'PermissionSet-003',
    'PermissionSet-004',
  ]);
});
