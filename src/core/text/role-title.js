// The name of a role as people read it, which is never the `chain:NAME` of a chained role. JavaScript, because browsers load it too.

/**
 * @typedef {object} TitledChain
 * @property {string} roleName
 * @property {string | null} sourceProfile
 * @property {string} sourceAccountId
 * @property {string} sourcePermissionSet
 */

/** As in `core/aws/chain-role.ts`. */
const CHAIN = 'chain:';

/**
 * `Admin`, or of a chained role `deploy via build.Admin`. It may contain any character of a profile's name.
 * @param {{ permissionSet: string, chain?: TitledChain | undefined }} role
 */
export function titleOfRole({ permissionSet, chain }) {
  return chain === undefined ? nameOfRole(permissionSet) : `${chain.roleName} via ${nameOfSource(chain)}`;
}

/** The profile that a chained role starts from; of a role without a profile its own name. @param {TitledChain} chain */
export function nameOfSource({ sourceProfile, sourceAccountId, sourcePermissionSet }) {
  return sourceProfile ?? `${nameOfRole(sourcePermissionSet)} in ${sourceAccountId}`;
}

/** Without the chain's definition: a chained role by its name, if it has one. @param {string} permissionSet */
export function nameOfRole(permissionSet) {
  if (!permissionSet.startsWith(CHAIN)) return permissionSet;
  const name = permissionSet.slice(CHAIN.length);
  return name.startsWith('~') ? 'chained role' : name;
}
