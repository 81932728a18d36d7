// The chained roles of the role list: those whose first source is assigned to the user.
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { roleOfChain } from '../../core/aws/chain-role.ts';
import type { Catalog, Role } from '../../core/model.ts';
import type { ChainDocument } from '../../local-api/schemas.ts';
import type { ConfigProfiles } from '../shared-config/config-profiles.ts';
import { describeChain } from './chain-document.ts';
import type { Chains } from './chains.ts';
import { findFirstSource } from './first-source.ts';

export interface ChainRow {
  readonly role: Role;
  /** As any list of accounts has it. */
  readonly accountName: string | undefined;
  readonly chain: ChainDocument;
  /** The name of the hand-written profile that is the chain. */
  readonly ownProfile: string | undefined;
  /** Of that profile. */
  readonly region: string | undefined;
}

type ChainNames = Pick<Chains, 'list' | 'find' | 'sourceNameOf'>;

/** A function that lists them: the same array for the same chains, catalogs and profiles. */
export function createChainRows(chains: ChainNames) {
  let latest: { readonly parts: readonly unknown[]; readonly rows: readonly ChainRow[] } = { parts: [], rows: [] };
  return (profiles: ConfigProfiles, catalogs: readonly (Catalog | undefined)[]): readonly ChainRow[] => {
    const parts = [chains.list(), profiles, ...catalogs];
    const isSame = parts.length === latest.parts.length && parts.every((part, index) => part === latest.parts[index]);
    if (!isSame) latest = { parts, rows: list(chains, catalogs, profiles) };
    return latest.rows;
  };
}

function list(
  chains: ChainNames,
  catalogs: readonly (Catalog | undefined)[],
  profiles: ConfigProfiles,
): readonly ChainRow[] {
  // Those that a command has added are its own.
  const defined = chains.list().filter(({ origin }) => origin !== 'command');
  // The usual case, before anything is built of thousands of roles.
  if (defined.length === 0) return NO_ROWS;
  const accounts = catalogs.flatMap((catalog) => catalog?.accounts ?? []);
  const assigned = new Set(
    accounts.flatMap(({ sessionName, accountId, permissionSets }) =>
      permissionSets.map((permissionSet) => roleKey({ sessionName, accountId, permissionSet })),
    ),
  );
  const names = new Map(accounts.map(({ accountId, accountName }) => [accountId, accountName]));
  for (const { sessionName, accountId, accountName } of accounts) {
    names.set(`${sessionName}\0${accountId}`, accountName);
  }
  return defined.flatMap((definition) => {
    const role = roleOfChain(definition);
    // Not assigned either: a source on the way that is gone.
    if (!assigned.has(roleKey(findFirstSource(role, chains)))) return [];
    return [
      {
        role,
        accountName: names.get(`${role.sessionName}\0${role.accountId}`) ?? names.get(role.accountId),
        chain: describeChain(definition, { chains, profiles }),
        ownProfile: definition.origin === 'config' ? definition.name : undefined,
        region: definition.region,
      },
    ];
  });
}

const NO_ROWS = Object.freeze([]) as readonly ChainRow[];
