// The company of the pictures: a dozen accounts, four permission sets, two people.

const ACCOUNTS = [
  ['111111111111', 'Management'],
  ['222222222222', 'Payments Production'],
  ['222222222223', 'Payments Staging'],
  ['222222222224', 'Payments Sandbox'],
  ['333333333333', 'Shop Production'],
  ['333333333334', 'Shop Staging'],
  ['444444444444', 'Data Platform'],
  ['444444444445', 'Data Platform Staging'],
  ['555555555555', 'Log Archive'],
  ['666666666666', 'Security Tooling'],
  ['777777777777', 'Network'],
  ['888888888888', 'Playground Taylor'],
];
const SETS = ['AdministratorAccess', 'PowerUser', 'ReadOnly', 'Billing'];

/** Taylor works in most accounts, and has a lab of her own as another user. */
export function createCompany() {
  return {
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'eu-central-1',
    organization: { managementAccountId: '111111111111' },
    accounts: ACCOUNTS.map(([accountId, accountName], index) => ({
      accountId,
      accountName,
      emailAddress: `aws+${accountId}@example.com`,
      kind: index === 0 ? 'management' : 'created',
    })),
    users: [
      { userName: 'taylor', displayName: 'Taylor Reed', groups: ['Developers'] },
      { userName: 'lab', displayName: 'Taylor Reed (lab)', groups: [] },
    ],
    groups: [{ name: 'Developers' }],
    permissionSets: SETS.map((name) => ({ name, sessionDurationSeconds: 3600 })),
    assignments: [
      ...ACCOUNTS.slice(1, 10).flatMap(([accountId, name]) => [
        { accountId, permissionSet: 'ReadOnly', group: 'Developers' },
        {
          accountId,
          permissionSet: /Production|Archive|Security/.test(name) ? 'AdministratorAccess' : 'PowerUser',
          group: 'Developers',
        },
      ]),
      { accountId: '111111111111', permissionSet: 'Billing', group: 'Developers' },
      { accountId: '888888888888', permissionSet: 'PowerUser', user: 'lab' },
      { accountId: '777777777777', permissionSet: 'ReadOnly', user: 'lab' },
    ],
  };
}
