// Hops: chained roles that a command asks for, without a name in any file. Each is named by the digest of its definition.
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { MAX_CHAINED_SECONDS, parseRoleArn, roleOfChain } from '../../core/aws/chain-role.ts';
import { resolveRoleArn } from '../../core/aws/named-role.ts';
import { partitionNameOf } from '../../core/aws/partitions.ts';
import { isPolicyArn, readSessionPolicy } from '../../core/aws/session-policy.ts';
import { UsageError } from '../../core/errors.ts';
import type { ChainDefinition, Role, SsoSession } from '../../core/model.ts';
import type { ViaDocument } from '../../local-api/schemas.ts';
import { unnamedChain } from '../../sso/roles/chain-digest.ts';
import { isRole } from './role-usage.ts';

/**
 * The hop from `source`; equal requests give equal definitions.
 * @throws UsageError invalid-request: `via` names no role; invalid-policy
 */
export function defineHop(
  source: Role,
  via: ViaDocument,
  place: { readonly session: Pick<SsoSession, 'region'>; readonly sessionName: string },
): ChainDefinition {
  const partition = partitionNameOf(place.session.region);
  const roleArn = resolveRoleArn(via.role, { partition, accountId: source.accountId });
  if (roleArn === undefined) {
    throw new UsageError('invalid-request', '"via" names no role: "role" must be the ARN of a role or its name.');
  }
  const policyArns = [...new Set(via.policyArns)].toSorted();
  const notOfPolicy = policyArns.find((arn) => !isPolicyArn(arn));
  if (notOfPolicy !== undefined) throw new UsageError('invalid-policy', `${notOfPolicy} is not the ARN of a policy.`);
  return named({
    source,
    roleArn,
    roleSessionName: via.roleSessionName ?? place.sessionName,
    durationSeconds: via.durationSeconds ?? MAX_CHAINED_SECONDS,
    ...(via.policy === undefined ? {} : { policy: readPolicy(via.policy) }),
    ...(policyArns.length === 0 ? {} : { policyArns }),
    origin: 'command',
  });
}

/**
 * The hop to `role` from a state file; undefined if it is not the one that gave the role its name: a definition without
 * its policy, or from another source, is another hop.
 */
export function parseHop(role: Role, stored: unknown): ChainDefinition | undefined {
  const { source, roleArn, roleSessionName, durationSeconds, policy, policyArns } = (stored ??
    {}) as Partial<ChainDefinition>;
  if (!isRole(source) || typeof roleArn !== 'string' || parseRoleArn(roleArn) === undefined) return undefined;
  const definition = named({
    source,
    roleArn,
    roleSessionName: String(roleSessionName),
    durationSeconds: Number(durationSeconds),
    ...(policy === undefined ? {} : { policy }),
    ...(policyArns === undefined ? {} : { policyArns }),
    origin: 'command',
  });
  return roleKey(roleOfChain(definition)) === roleKey(role) ? definition : undefined;
}

function readPolicy(text: string): string {
  const read = readSessionPolicy(text);
  if ('policy' in read) return read.policy;
  throw new UsageError('invalid-policy', `The policy ${read.problem}.`);
}

function named(definition: Omit<ChainDefinition, 'name'>): ChainDefinition {
  return { name: unnamedChain(definition), ...definition };
}
