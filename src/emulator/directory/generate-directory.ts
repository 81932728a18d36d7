// Generates directories of any size for tests and the bench.
import type { DirectoryDocument } from './directory-model.ts';

export interface GeneratedDirectoryOptions {
  readonly accountCount: number;
  readonly permissionSetCount: number;
  readonly userName?: string;
  readonly startUrl?: string;
  readonly sessionDurationSeconds?: number;
}

/** `accountCount` accounts (ids from 100000000001); one user has all `permissionSetCount` permission sets in each. */
export function generateDirectory(options: GeneratedDirectoryOptions): DirectoryDocument {
  const { accountCount, permissionSetCount, userName = 'taylor', sessionDurationSeconds = 3600 } = options;
  const accounts = Array.from({ length: accountCount }, (_, index) => ({
    accountId: String(100_000_000_001 + index),
    accountName: `account-${String(index + 1).padStart(5, '0')}`,
    emailAddress: `account-${index + 1}@example.com`,
    kind: index === 0 ? ('management' as const) : ('created' as const),
  }));
  const permissionSets = Array.from({ length: permissionSetCount }, (_, index) => ({
    name: `PermissionSet-${String(index + 1).padStart(3, '0')}`,
    sessionDurationSeconds,
  }));
  return {
    startUrl: options.startUrl ?? 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    organization: { managementAccountId: '100000000001' },
    accounts,
    users: [{ userName, groups: ['Everyone'] }],
    groups: [{ name: 'Everyone' }],
    permissionSets,
    assignments: accounts.flatMap(({ accountId }) =>
      permissionSets.map(({ name }) => ({ accountId, permissionSet: name, group: 'Everyone' })),
    ),
  };
}
