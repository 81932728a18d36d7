// Chained roles: how a role that is reached by AssumeRole is written as a permission set, and what its ARN says.

/**
 * What stands in the place of a permission set for a chained role. A permission set has no colon, so code that does not
 * know about chains fails, instead of serving the role that the chain starts from.
 */
const PREFIX = 'chain:';

/** The most that AWS allows for credentials that were got with credentials of another role. */
export const MAX_CHAINED_SECONDS = 3600;
export const MIN_CHAINED_SECONDS = 900;
/** Roles assumed one after the other; each is a request to AWS. */
export const MAX_ROLES_IN_A_ROW = 8;

const GIVEN_NAME = '[A-Za-z0-9_+=,.@/-]{1,128}';
/** Also of chains to which nobody has given a name: `~` and 32 hex digits. */
const CHAIN_NAME = `~[0-9a-f]{32}|${GIVEN_NAME}`;
/** `chain:NAME`, as in a JSON Schema. */
export const CHAIN_PERMISSION_SET = `${PREFIX}(?:${CHAIN_NAME})`;

const WHOLE_NAME = new RegExp(`^(?:${CHAIN_NAME})$`);
const WHOLE_GIVEN_NAME = new RegExp(`^${GIVEN_NAME}$`);

/** Whether a file can give a chain this name. */
export function isChainName(name: string): boolean {
  return WHOLE_GIVEN_NAME.test(name);
}

/** The permission set of the chain's role. */
export function chainRoleName(name: string): string {
  return `${PREFIX}${name}`;
}

/** The chain's name; undefined for a permission set, and for what is neither. */
export function chainNameOf(permissionSet: string): string | undefined {
  if (!permissionSet.startsWith(PREFIX)) return undefined;
  const name = permissionSet.slice(PREFIX.length);
  return WHOLE_NAME.test(name) ? name : undefined;
}

export function isChained(role: { readonly permissionSet: string }): boolean {
  return chainNameOf(role.permissionSet) !== undefined;
}

/** Whether it is the role of a chain without a name: no file defines it, and it ends with the command that asked for it. */
export function isUnnamedChain({ permissionSet }: { readonly permissionSet: string }): boolean {
  return permissionSet.startsWith(`${PREFIX}~`);
}

export interface RoleArn {
  readonly partition: string;
  readonly accountId: string;
  /** Without its path. */
  readonly roleName: string;
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
const ROLE_ARN = /^arn:(aws[a-z-]{0,32}):iam::(\d{12}):role\/(?:[\u0021-\u007e]{1,510}\/)?([A-Za-z0-9_+=,.@-]{1,64})$/;

/** The parts of a role's ARN; undefined for anything else. */
export function parseRoleArn(roleArn: string): RoleArn | undefined {
  const [, partition, accountId, roleName] = ROLE_ARN.exec(roleArn) ?? [];
  if (partition === undefined || accountId === undefined || roleName === undefined) return undefined;
  return { partition, accountId, roleName };
}

/** The role by which everything knows a chain. @throws RangeError: its `roleArn` is not the ARN of a role */
export function roleOfChain(chain: {
  readonly name: string;
  readonly source: { readonly sessionName: string };
  readonly roleArn: string;
}) {
  const arn = parseRoleArn(chain.roleArn);
  if (arn === undefined) throw new RangeError('not the ARN of a role');
  const { sessionName } = chain.source;
  return { sessionName, accountId: arn.accountId, permissionSet: chainRoleName(chain.name) };
}
