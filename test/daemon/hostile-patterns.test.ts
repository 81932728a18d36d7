// Patterns in settings and team files that would take forever as regular expressions: they match correctly and quickly.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_GLOB_CHARACTERS } from '../../src/core/text/glob.ts';
import { parseSettings, teamFileBeside } from '../../src/daemon/settings/settings.ts';
import { createSignedInRig, writePrivate, type Rig } from '../helpers/rig.ts';

/** Matches no profile; a RegExp would try all ways to divide a name among the stars. */
const ENDLESS = `${'*?'.repeat(MAX_GLOB_CHARACTERS / 2 - 1)}~`;

describe('a daemon with hostile patterns', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await createSignedInRig();
  });
  afterAll(() => rig.remove());

  async function rolesWith(files: { readonly settings?: string; readonly team?: string }) {
    writePrivate(rig.paths.settingsFile, files.settings ?? '');
    writePrivate(teamFileBeside(rig.paths.settingsFile), files.team ?? '');
    await rig.restartDaemon();
    await rig.client.call('syncProfiles', {});
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(roles).toHaveLength(5);
    return roles;
  }

  test('in `exclude` leaves out the profiles that match the other pattern', async () => {
    const roles = await rolesWith({ settings: `[profiles]\nexclude = ["${ENDLESS}", "*taylor*?*"]\n` });
    expect(roles.filter(({ profile }) => profile === null).map(({ accountName }) => accountName)).toEqual(['taylor']);
  });

  test('in `include` writes the profiles that match the other pattern', async () => {
    const roles = await rolesWith({
      settings: `[profiles]\nwrite = "used"\ninclude = ["${ENDLESS}", "*Log*?*"]\n`,
    });
    expect(roles.filter(({ unwritten }) => unwritten !== true).map(({ accountName }) => accountName)).toEqual([
      'Log Archive',
    ]);
  });

  test('in `[[protect]]` marks the roles that match the other rule', async () => {
    const roles = await rolesWith({
      settings:
        `[[protect]]\nsession = "${ENDLESS}"\n[[protect]]\npermission_set = "${ENDLESS}"\n` +
        '[[protect]]\naccount_id = "*?*4*?"\n',
    });
    expect(roles.filter((role) => role.protected).map(({ accountName }) => accountName)).toEqual(['Log Archive']);
  });

  test('in `[[role]]` pins the roles that match the other rule', async () => {
    const roles = await rolesWith({
      settings:
        `[[role]]\naccount_id = "${ENDLESS}"\npin = true\n[[role]]\npermission_set = "${ENDLESS}"\npin = true\n` +
        '[[role]]\naccount_id = "044444444444"\npin = true\n',
    });
    expect(roles.filter(({ pinned }) => pinned).map(({ accountName }) => accountName)).toEqual(['Log Archive']);
  });

  test('in a team file has the same effects', async () => {
    const roles = await rolesWith({
      team:
        `[profiles]\nexclude = ["${ENDLESS}", "*taylor*?*"]\nwrite = "used"\ninclude = ["${ENDLESS}"]\n` +
        `[[protect]]\npermission_set = "${ENDLESS}"\n[[protect]]\npermission_set = "*?e*d*?*"\n`,
    });
    expect(roles.map(({ profile }) => profile)).toContain(null);
    expect(roles.filter((role) => role.protected).map(({ permissionSet }) => permissionSet)).toEqual([
      'ReadOnly',
      'ReadOnly',
      'ReadOnly',
    ]);
  });
});

const TOO_LONG = 'a'.repeat(MAX_GLOB_CHARACTERS + 1);

test.each([
  ['profiles.exclude', `[profiles]\nexclude = ["x", "${TOO_LONG}"]\n`],
  ['profiles.include', `[profiles]\ninclude = ["x", "${TOO_LONG}"]\n`],
  ['protect.session', `[[protect]]\nsession = "${TOO_LONG}"\n`],
  ['protect.permission_set', `[[protect]]\npermission_set = "${TOO_LONG}"\n`],
  ['role.account_id', `[[role]]\naccount_id = "${TOO_LONG}"\n`],
])('a pattern of more than 256 characters is refused as %s, naming its file', async (key, text) => {
  const own = { path: '/home/config.toml', environment: {}, text };
  await expect(parseSettings(own)).rejects.toMatchObject({
    code: 'settings-invalid',
    message: `/home/config.toml, line 2: "${key}" must NOT have more than 256 characters.`,
  });
  await expect(
    parseSettings({ ...own, text: undefined, team: { path: '/home/team.toml', text } }),
  ).rejects.toMatchObject({
    code: 'settings-invalid',
    message: `/home/team.toml, line 2: "${key}" must NOT have more than 256 characters.`,
  });
});
