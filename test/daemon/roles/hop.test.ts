// Hops: what a command asks for becomes a chained role, named by the digest of all that it may do.
import { describe, expect, test } from 'vitest';
import { chainNameOf, isUnnamedChain, roleOfChain } from '../../../src/core/aws/chain-role.ts';
import type { ChainDefinition } from '../../../src/core/model.ts';
import { defineHop, parseHop } from '../../../src/daemon/roles/hop.ts';
import type { ViaDocument } from '../../../src/local-api/schemas.ts';

const SOURCE = { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' };
const PLACE = { session: { region: 'eu-west-1' }, sessionName: 'taylor' };
const POLICY = '{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}';
const READ_ONLY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

const define = (via: ViaDocument, place = PLACE) => defineHop(SOURCE, via, place);

describe('a hop', () => {
  test('leads from a role to another one, with what narrows it', () => {
    expect(define({ role: 'Deploy', policy: ` ${POLICY}\n`, policyArns: [READ_ONLY, READ_ONLY] })).toEqual({
      name: expect.stringMatching(/^~[0-9a-f]{32}$/),
      source: SOURCE,
      roleArn: 'arn:aws:iam::111111111111:role/Deploy',
      roleSessionName: 'taylor',
      durationSeconds: 3600,
      policy: POLICY,
      policyArns: [READ_ONLY],
      origin: 'command',
    });
    const china = define({ role: 'Deploy' }, { ...PLACE, session: { region: 'cn-north-1' } });
    expect(china.roleArn).toBe('arn:aws-cn:iam::111111111111:role/Deploy');
  });

  test('has a name of its own for everything that it may do', () => {
    const hops = [
      define({ role: 'Deploy' }),
      define({ role: 'Deploy', policy: POLICY }),
      define({ role: 'Deploy', policy: POLICY.replace('Get', 'Put') }),
      define({ role: 'Deploy', policyArns: [READ_ONLY] }),
      define({ role: 'Other' }),
      define({ role: 'Deploy', durationSeconds: 900 }),
      define({ role: 'Deploy', roleSessionName: 'other' }),
      defineHop({ ...SOURCE, permissionSet: 'ReadOnly' }, { role: 'Deploy' }, PLACE),
    ];
    expect(new Set(hops.map(({ name }) => name)).size).toBe(hops.length);
    expect(define({ role: 'arn:aws:iam::111111111111:role/Deploy' })).toEqual(hops[0]);
    const roles = hops.map(roleOfChain);
    expect(roles.map(isUnnamedChain)).not.toContain(false);
    expect(roles.map(({ permissionSet }) => chainNameOf(permissionSet))).toEqual(hops.map(({ name }) => name));
    expect(isUnnamedChain({ permissionSet: 'chain:deploy' })).toBe(false);
  });

  test.each<[ViaDocument, string]>([
    [{ role: 'arn:aws:iam::111111111111:user/taylor' }, 'invalid-request'],
    [{ role: 'chain:deploy' }, 'invalid-request'],
    [{ role: 'Deploy', policy: '{}' }, 'invalid-policy'],
    [{ role: 'Deploy', policy: 'x' }, 'invalid-policy'],
    [{ role: 'Deploy', policyArns: ['arn:aws:iam::111111111111:role/Deploy'] }, 'invalid-policy'],
  ])('is refused without a role and a policy that AWS could take: %j', (via, code) => {
    expect(() => define(via)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a stored hop', () => {
  const hop = define({ role: 'Deploy', policy: POLICY, policyArns: [READ_ONLY] });
  const role = roleOfChain(hop);

  test('comes back as it was, without what else the file has', () => {
    const stored = { ...JSON.parse(JSON.stringify(hop)), name: 'deploy', externalId: 'x', origin: 'config' };
    expect(parseHop(role, stored)).toEqual(hop);
  });

  const { policy: _policy, ...withoutPolicy } = hop;
  const { policyArns: _policyArns, ...withoutArns } = hop;
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['its source alone', { source: SOURCE }],
    ['no policy', withoutPolicy],
    ['no policy ARNs', withoutArns],
    ['a wider policy', { ...hop, policy: POLICY.replace('Get', '') } satisfies ChainDefinition],
    ['a policy that is no text', { ...hop, policy: [POLICY] }],
    ['another source', { ...hop, source: { ...SOURCE, permissionSet: 'Other' } }],
    ['another role', { ...hop, roleArn: `${hop.roleArn}2` }],
    ['no role', { ...hop, roleArn: 'Deploy' }],
  ])('is not taken with %s', (_, stored) => {
    expect(parseHop(role, stored)).toBeUndefined();
  });

  test('is not taken for another role', () => {
    expect(parseHop({ ...role, accountId: '222222222222' }, hop)).toBeUndefined();
    expect(parseHop({ ...role, sessionName: 'other' }, hop)).toBeUndefined();
    expect(parseHop(SOURCE, hop)).toBeUndefined();
  });
});
