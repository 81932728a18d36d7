// The AWS operations of the emulator, and the dialect of their errors.

/** One row per operation. To add an operation, start with a row here. */
export const OPERATIONS = {
  RegisterClient: 'sso-oidc',
  StartDeviceAuthorization: 'sso-oidc',
  Authorize: 'sso-oidc',
  CreateToken: 'sso-oidc',
  ListAccounts: 'sso',
  ListAccountRoles: 'sso',
  GetRoleCredentials: 'sso',
  Logout: 'sso',
  GetCallerIdentity: 'sts',
  AssumeRole: 'sts',
  GetSigninToken: 'signin',
} as const;

export type Operation = keyof typeof OPERATIONS;
export type Dialect = (typeof OPERATIONS)[Operation];

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly Operation[];

export function isOperation(name: string): name is Operation {
  return Object.hasOwn(OPERATIONS, name);
}
