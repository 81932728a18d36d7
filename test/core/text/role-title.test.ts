// The name of a role as people read it, with and without the definition of a chained role.
import { describe, expect, it } from 'vitest';
import { nameOfRole, titleOfRole } from '../../../src/core/text/role-title.js';

const chain = {
  roleName: 'deploy',
  sourceProfile: 'build.Admin',
  sourceAccountId: '111111111111',
  sourcePermissionSet: 'Admin',
};

describe('a role has a name that people can read', () => {
  it('is the permission set, or the role of a chain with the profile it starts from', () => {
    const permissionSet = 'chain:prod.deploy';
    expect([
      titleOfRole({ permissionSet: 'Admin' }),
      titleOfRole({ permissionSet, chain }),
      titleOfRole({ permissionSet, chain: { ...chain, sourceProfile: null } }),
      titleOfRole({ permissionSet, chain: { ...chain, sourceProfile: null, sourcePermissionSet: 'chain:hub' } }),
    ]).toEqual([
      'Admin',
      'deploy via build.Admin',
      'deploy via Admin in 111111111111',
      'deploy via hub in 111111111111',
    ]);
  });

  it('is the name of the chain where its definition is unknown', () => {
    expect(['Admin', 'chain:prod.deploy', `chain:~${'0a'.repeat(16)}`].map(nameOfRole)).toEqual([
      'Admin',
      'prod.deploy',
      'chained role',
    ]);
  });
});
