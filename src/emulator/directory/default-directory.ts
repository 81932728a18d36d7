// The default directory: the organization of a small team.
import type { DirectoryDocument } from './directory-model.ts';

/**
 * A management account, an invited account and two created ones. The group ProfessionalAfAdmins has
 * `Admin-AF-Permission-Set` in the first two; `taylor` is in the group, and can read the other two directly.
 */
export function createDefaultDirectory(): DirectoryDocument {
  return {
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    organization: { managementAccountId: '111111111111' },
    accounts: [
      {
        accountId: '111111111111',
        accountName: 'taylor',
        emailAddress: 'taylor@example.com',
        kind: 'management',
      },
      {
        accountId: '222222222222',
        accountName: 'professional-af',
        emailAddress: 'aws+professional-af@example.com',
        kind: 'invited',
      },
      {
        accountId: '333333333333',
        accountName: 'Shop Staging',
        emailAddress: 'aws+shop-staging@example.com',
        kind: 'created',
      },
      {
        accountId: '044444444444',
        accountName: 'Log Archive',
        emailAddress: 'aws+log-archive@example.com',
        kind: 'created',
      },
    ],
    users: [
      { userName: 'taylor', displayName: 'Taylor Reed', groups: ['ProfessionalAfAdmins'] },
      { userName: 'sam', displayName: 'Sam Okafor', groups: ['Auditors'] },
    ],
    groups: [{ name: 'ProfessionalAfAdmins' }, { name: 'Auditors' }],
    permissionSets: [
      { name: 'Admin-AF-Permission-Set', sessionDurationSeconds: 3600 },
      { name: 'ReadOnly', sessionDurationSeconds: 14_400 },
    ],
    assignments: [
      { accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set', group: 'ProfessionalAfAdmins' },
      { accountId: '222222222222', permissionSet: 'Admin-AF-Permission-Set', group: 'ProfessionalAfAdmins' },
      { accountId: '222222222222', permissionSet: 'ReadOnly', group: 'ProfessionalAfAdmins' },
      { accountId: '333333333333', permissionSet: 'ReadOnly', user: 'taylor' },
      { accountId: '044444444444', permissionSet: 'ReadOnly', user: 'taylor' },
      { accountId: '044444444444', permissionSet: 'ReadOnly', group: 'Auditors' },
    ],
  };
}
