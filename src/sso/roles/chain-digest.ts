// Identifies what a chain asks STS for: a cached answer counts only for the same question.
import { createHash } from 'node:crypto';
import type { ChainDefinition } from '../../core/model.ts';

/** Equal for two definitions only if STS is asked the same for both. */
export function digestOfChain(definition: ChainDefinition): string {
  const { source, tags = [], transitiveTagKeys = [], policyArns = [] } = definition;
  const asked = [
    [source.sessionName, source.accountId, source.permissionSet],
    definition.roleArn,
    definition.roleSessionName,
    definition.durationSeconds,
    definition.externalId ?? null,
    definition.sourceIdentity ?? null,
    tags.map(({ key, value }) => [key, value]),
    transitiveTagKeys,
    definition.region ?? null,
    definition.policy ?? null,
    policyArns,
  ];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

/** The name of a chain that nobody named. */
export function unnamedChain(definition: Omit<ChainDefinition, 'name'>): string {
  return `~${digestOfChain({ ...definition, name: '' }).slice(0, 32)}`;
}
