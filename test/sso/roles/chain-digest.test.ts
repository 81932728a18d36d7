// When two definitions of a chain ask STS for the same.
import { describe, expect, it } from 'vitest';
import { chainNameOf, chainRoleName } from '../../../src/core/aws/chain-role.ts';
import type { ChainDefinition } from '../../../src/core/model.ts';
import { digestOfChain, unnamedChain } from '../../../src/sso/roles/chain-digest.ts';

const DEFINITION: Readonly<ChainDefinition> = {
  name: 'prod.deploy',
  source: { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' },
  roleArn: 'arn:aws:iam::222222222222:role/ci/Deploy',
  roleSessionName: 'taylor',
  durationSeconds: 3600,
  origin: 'config',
};

describe('the digest of a definition', () => {
  const changes: readonly Partial<ChainDefinition>[] = [
    { source: { ...DEFINITION.source, permissionSet: 'ReadOnly' } },
    { roleArn: 'arn:aws:iam::222222222222:role/Deploy' },
    { roleSessionName: 'alex' },
    { durationSeconds: 900 },
    { externalId: 'x' },
    { sourceIdentity: 'x' },
    { tags: [{ key: 'a', value: 'b' }] },
    { transitiveTagKeys: ['a'] },
    { region: 'eu-central-1' },
    { policy: '{}' },
    { policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
  ];

  it.each(changes)('changes with %j', (change) => {
    expect(digestOfChain({ ...DEFINITION, ...change })).not.toBe(digestOfChain(DEFINITION));
  });

  it('stays with a new name, origin, or wish for more than an hour', () => {
    const renamed = { ...DEFINITION, name: 'other', origin: 'team', requestedSeconds: 43_200 } as const;
    expect(digestOfChain(renamed)).toBe(digestOfChain(DEFINITION));
  });

  it('names a chain that has no name', () => {
    expect(unnamedChain(DEFINITION)).toMatch(/^~[0-9a-f]{32}$/);
    expect(chainNameOf(chainRoleName(unnamedChain(DEFINITION)))).toBe(unnamedChain(DEFINITION));
  });
});
