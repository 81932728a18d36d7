// The part of a role's or a profile's document that says how a chained role is reached.
import { chainNameOf, parseRoleArn } from '../../core/aws/chain-role.ts';
import type { ChainDefinition } from '../../core/model.ts';
import type { ChainDocument } from '../../local-api/schemas.ts';
import type { ConfigProfiles } from '../shared-config/config-profiles.ts';
import type { Chains } from './chains.ts';

export function describeChain(
  definition: ChainDefinition,
  names: { readonly chains: Pick<Chains, 'sourceNameOf'>; readonly profiles: Pick<ConfigProfiles, 'profileOf'> },
): ChainDocument {
  const { name, roleArn, source, durationSeconds, requestedSeconds, policy, policyArns = [] } = definition;
  const sourceProfile =
    names.chains.sourceNameOf(definition) ?? chainNameOf(source.permissionSet) ?? names.profiles.profileOf(source);
  return {
    name,
    roleArn,
    roleName: parseRoleArn(roleArn)?.roleName ?? name,
    sourceProfile: sourceProfile ?? null,
    sourceAccountId: source.accountId,
    sourcePermissionSet: source.permissionSet,
    lifetimeSeconds: durationSeconds,
    cappedFrom: requestedSeconds ?? null,
    policy: policy !== undefined || policyArns.length > 0,
  };
}
