// Chained roles in a running daemon: which profiles lead to one, and what is said of those that do not.
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { toRolecallError } from '../../src/core/errors.ts';
import { CONFIG, createRig, SESSION, type Rig } from '../helpers/rig.ts';

let rig: Rig;
afterEach(() => rig.remove());

const ARN = 'arn:aws:iam::222222222222:role/ops/Deploy';
const DEPLOY = `
[profile deploy]
role_arn = ${ARN}
source_profile = account1
duration_seconds = 43200
region = eu-central-1
`;
const profile = (name: string) => rig.client.call('profile', { query: { name } });

describe('GET /v1/profile', () => {
  test('finds a hand-written profile that assumes a role, before any sign-in', async () => {
    rig = await createRig({ config: CONFIG + DEPLOY });
    expect(await profile('deploy')).toEqual({
      profileName: 'deploy',
      followsCurrent: false,
      session: SESSION,
      accountId: '222222222222',
      permissionSet: 'chain:deploy',
      region: 'eu-central-1',
      chain: {
        name: 'deploy',
        roleArn: ARN,
        roleName: 'Deploy',
        sourceProfile: 'account1',
        sourceAccountId: '111111111111',
        sourcePermissionSet: 'Admin-AF-Permission-Set',
        lifetimeSeconds: 3600,
        cappedFrom: 43_200,
        policy: false,
      },
    });
  });

  test('reads the file again when it has changed', async () => {
    rig = await createRig({ config: CONFIG });
    await expect(profile('deploy')).rejects.toMatchObject({ code: 'profile-not-found' });
    writeFileSync(rig.configPath, CONFIG + DEPLOY);
    expect(await profile('deploy')).toMatchObject({ permissionSet: 'chain:deploy' });
    writeFileSync(rig.configPath, CONFIG + DEPLOY.replace('account1', 'account2'));
    const line = CONFIG.split('\n').length + 3;
    const refused = await profile('deploy').catch((error: unknown) => toRolecallError(error).toBody());
    expect(refused).toEqual({
      code: 'chain-unavailable',
      message: `${rig.configPath}, line ${line}: the profile "deploy" cannot be used: its source_profile "account2" does not exist. Did you mean "account1"?`,
      hint: `\${EDITOR:-vi} +${line} ${rig.configPath}`,
    });
  });

  test('finds no role for a profile whose credentials come from elsewhere, and says from where', async () => {
    rig = await createRig({ config: `${CONFIG}\n[profile ci]\nrole_arn = ${ARN}\ncredential_source = Environment\n` });
    await expect(profile('ci')).rejects.toMatchObject({
      code: 'profile-not-found',
      message: expect.stringContaining('its credential_source takes credentials from the environment') as string,
    });
  });
});
