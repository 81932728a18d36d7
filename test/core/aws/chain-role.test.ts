// How a chained role is written as a permission set.
import { describe, expect, it } from 'vitest';
import {
  chainNameOf,
  chainRoleName,
  isChainName,
  parseRoleArn,
  roleOfChain,
} from '../../../src/core/aws/chain-role.ts';
import type { ChainDefinition } from '../../../src/core/model.ts';
import { permissionSet } from '../../../src/local-api/schemas/values.ts';

const DEFINITION: Readonly<ChainDefinition> = {
  name: 'prod.deploy',
  source: { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' },
  roleArn: 'arn:aws:iam::222222222222:role/ci/Deploy',
  roleSessionName: 'taylor',
  durationSeconds: 3600,
  origin: 'config',
};

describe('the role of a chain', () => {
  it('is in the account of the role that is assumed', () => {
    expect(roleOfChain(DEFINITION)).toEqual({
      sessionName: 'work',
      accountId: '222222222222',
      permissionSet: 'chain:prod.deploy',
    });
  });

  it.each(['prod.deploy', 'a/b', `~${'0'.repeat(32)}`])('is written and read: %s', (name) => {
    expect(chainNameOf(chainRoleName(name))).toBe(name);
    expect(new RegExp(permissionSet.pattern).test(chainRoleName(name))).toBe(true);
  });

  it.each([
    'Admin',
    'chain:',
    'chain:a:b',
    'chain:a b',
    'chain:a\n',
    `chain:${'a'.repeat(129)}`,
    'chain:~1',
    'Chain:a',
  ])('is not read from %j', (text) => {
    expect(chainNameOf(text)).toBeUndefined();
    expect(new RegExp(permissionSet.pattern).test(text)).toBe(text === 'Admin');
  });

  it('has a name that cannot be taken for that of an unnamed one', () => {
    expect(isChainName('prod.deploy')).toBe(true);
    expect(isChainName(`~${'0'.repeat(32)}`)).toBe(false);
  });
});

describe('the ARN of a role', () => {
  it('is read with partition and path', () => {
    expect(parseRoleArn('arn:aws-us-gov:iam::222222222222:role/ci/build/Deploy')).toEqual({
      partition: 'aws-us-gov',
      accountId: '222222222222',
      roleName: 'Deploy',
    });
  });

  it.each([
    'arn:aws:iam::22222222222:role/Deploy',
    'arn:aws:iam::222222222222:user/Deploy',
    'arn:aws:iam::222222222222:role/',
    'arn:aws:iam::222222222222:role/Deploy\n',
    'arn:aws:iam::222222222222:role/a b/Deploy',
    'arn:evil:iam::222222222222:role/Deploy',
    'arn:aws:sts::222222222222:assumed-role/Deploy/taylor',
  ])('is not %j', (text) => {
    expect(parseRoleArn(text)).toBeUndefined();
  });
});
