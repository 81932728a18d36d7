// A sync that remembers its last outcome gives the same as one that plans everything again, whatever has changed meanwhile.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createConfigFile } from '../../../src/aws-config/files/config-file.ts';
import { BLOCK_END } from '../../../src/aws-config/document/managed-block.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { toRolecallError } from '../../../src/core/errors.ts';
import type { Catalog, Role } from '../../../src/core/model.ts';
import { createProfileSync, type ProfilesOutcome } from '../../../src/daemon/profiles/profile-sync.ts';
import { createCurrentRole, CURRENT_ROLE_SCHEMA } from '../../../src/daemon/roles/current-role.ts';
import { createIssuedNames, ISSUED_NAMES_SCHEMA } from '../../../src/daemon/roles/issued-names.ts';
import { loadRoleUsage, ROLE_USAGE_SCHEMA } from '../../../src/daemon/roles/role-usage.ts';
import { createUsageStats } from '../../../src/daemon/roles/usage-stats.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';
import { createSharedCredentials } from '../../../src/daemon/shared-config/shared-credentials.ts';
import { catalog, COMMAND, SESSION_NAME, sessionSection } from '../../aws-config/builders.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { openStateFiles } from '../../helpers/state-files.ts';

const ALPHA = { accountId: '111111111111', accountName: 'alpha', permissionSets: ['Admin', 'Read'] };
const BETA = { accountId: '222222222222', accountName: 'beta', permissionSets: ['Admin'] };
const TWIN = { accountId: '333333333333', accountName: 'alpha', permissionSets: ['Admin'] };
const ROLES = [ALPHA, BETA, TWIN].flatMap(({ accountId, permissionSets }) =>
  permissionSets.map((permissionSet): Role => ({ sessionName: SESSION_NAME, accountId, permissionSet })),
);

const CATALOGS: readonly (() => Catalog)[] = [
  () => catalog([ALPHA, BETA]),
  () => catalog([ALPHA, BETA], { asOfMs: 1 }),
  () => catalog([ALPHA, BETA, TWIN]),
  () => catalog([BETA]),
  () => catalog([{ ...ALPHA, accountName: 'renamed' }, BETA]),
  () => catalog([BETA], { complete: false }),
  () => catalog([BETA], { complete: false, startsAnew: true }),
  () => catalog([BETA], { lost: ROLES.slice(0, 2) }),
];

const SETTINGS = [
  '[[role]]\naccount_id = "222222222222"\nregion = "eu-west-1"\n',
  '[profiles]\nwrite = "used"\n',
  '[profiles]\nwrite = "used"\nstyle = "sso"\ninclude = ["beta.*"]\n[[role]]\naccount_id = "111111111111"\nalias = "{account_name}"\n',
  '[profiles]\nwrite = "used"\n[[role]]\npermission_set = "Admin"\nalias = "{account_name}"\nextra = { output = "json" }\n',
  '[profiles]\nwrite = "auto"\nexclude = ["*.Read"]\ndefault_follows_current = true\n',
  '[profiles]\nwrite = "used"\n[[chain]]\nrole_arn = "arn:aws:iam::444444444444:role/Ops"\naccount_id = "111111111111"\n',
];

async function open(settingsText: string) {
  const home = createTemporaryHome();
  onTestFinished(() => home.remove());
  const clock = createSystemClock();
  const at = (name: string) => join(home.path, name);
  for (const folder of ['.aws', 'switch']) mkdirSync(at(folder), { mode: 0o700, recursive: true });
  const [path, credentialsPath, namesPath] = [at('.aws/config'), at('.aws/credentials'), at('profile-names.json')];
  writeFileSync(path, sessionSection(), { mode: 0o600 });
  const openStateFile = openStateFiles();
  const log = () => undefined;
  const configFile = createConfigFile({ path, clock });
  const issuedNames = createIssuedNames(openStateFile(namesPath, ISSUED_NAMES_SCHEMA));
  const state = { catalog: CATALOGS[0]?.() };
  const plans = { count: 0 };
  const deps = {
    configFile,
    sharedCredentials: createSharedCredentials(credentialsPath),
    settings: await parseSettings({ path: at('config.toml'), text: settingsText, environment: {} }),
    credentialProcessPath: COMMAND,
    issuedNames,
    roleUsage: await loadRoleUsage({ file: openStateFile(at('used-roles.json'), ROLE_USAGE_SCHEMA), log }),
    usageStats: createUsageStats({ directory: at('switch'), openStateFile, clock, log }),
    cachedCatalog: async () => state.catalog,
    currentRole: createCurrentRole(openStateFile(at('current.json'), CURRENT_ROLE_SCHEMA)),
    audit: { record: log },
  };
  /** Remembers its last outcome. */
  const kept = createProfileSync({
    ...deps,
    issuedNames: {
      ...issuedNames,
      previous() {
        plans.count += 1;
        return issuedNames.previous();
      },
    },
  });
  return {
    ...deps,
    path,
    credentialsPath,
    namesPath,
    state,
    plans,
    kept,
    planAnew: () => createProfileSync(deps).plan(),
  };
}

type World = Awaited<ReturnType<typeof open>>;

/** Everything but whether it was written; a conflict is in the document of a plan, and thrown by a sync. */
async function read(pending: Promise<ProfilesOutcome>): Promise<unknown> {
  try {
    const { summary, total, toJson } = await pending;
    if (summary.conflict !== undefined) return summary.conflict;
    const document = JSON.parse((await toJson()).toString()) as object;
    expect(document).toMatchObject(summary);
    return { total, ...document, written: undefined };
  } catch (error) {
    return toRolecallError(error).toBody();
  }
}

const edit = ({ path }: World, change: (text: string) => string) => {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};

const CHANGES: readonly ((world: World, pick: number) => void | Promise<void>)[] = [
  () => undefined,
  ({ state }, pick) => void (state.catalog = CATALOGS[pick % CATALOGS.length]?.()),
  (world, pick) =>
    edit(world, (text) => `[profile ${['mine', 'alpha.Admin', 'current'][pick % 3]}]\nregion = x\n${text}`),
  (world) => edit(world, (text) => `${text}[profile below]\nsource_profile = beta.Admin\n`),
  (world) => edit(world, (text) => `${text}[profile alpha]\nregion = x\n`),
  (world) => edit(world, (text) => text.replace('region = us-east-1\nc', 'region = us-west-1\nc')),
  (world) => edit(world, (text) => text.replace(/\[profile beta\.Admin\]\n(?:.+\n){2}/u, '')),
  (world) => edit(world, (text) => text.replace(/(\[profile .+\]\n)/u, '$1output = json\n')),
  (world) => edit(world, (text) => text.replace('output = json\n', '')),
  (world) => edit(world, (text) => text.replace(BLOCK_END, '')),
  (world) => edit(world, () => sessionSection()),
  ({ credentialsPath }, pick) => {
    writeFileSync(credentialsPath, ['', '[alpha.Admin]\n', '[beta.Admin]\n\n', '[alpha]\n'][pick % 4] ?? '');
  },
  ({ roleUsage }, pick) => roleUsage.add(ROLES[pick % ROLES.length] as Role),
  ({ usageStats }, pick) => usageStats.record(['alpha.Read', 'beta.Admin', 'alpha', 'nobody'][pick % 4] ?? ''),
  ({ currentRole }, pick) => currentRole.set(ROLES[pick] ?? null),
  ({ namesPath }) => rmSync(namesPath, { force: true }),
  ({ namesPath }) => {
    if (!existsSync(namesPath)) return;
    writeFileSync(namesPath, readFileSync(namesPath, 'utf8').replace('"alpha.Read"', '"old.Read"'));
  },
];

/** A role is used, or a profile by its name. */
const USES = [12, 13] as const;

test('gives what a plan of everything gives, after any changes', async () => {
  const change = fc.oneof(fc.nat(CHANGES.length - 1), fc.constantFrom(...USES));
  const step = fc.tuple(change, fc.nat(11), fc.integer({ min: 1, max: 3 }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SETTINGS), fc.array(step, { maxLength: 6 }), async (settings, steps) => {
      const world = await open(settings);
      await world.kept.sync('daemon');
      for (const [change, pick, syncs] of steps) {
        await CHANGES[change]?.(world, pick);
        for (let round = 0; round < syncs; round += 1) {
          const expected = await read(world.planAnew());
          expect(await read(world.kept.plan())).toEqual(expected);
          expect(await read(world.kept.sync('daemon'))).toEqual(expected);
        }
      }
    }),
    { numRuns: 15 },
  );
});

describe('the first use of a role', () => {
  test('adds its profile, one after the other, without planning the others again', async () => {
    const world = await open('[profiles]\nwrite = "used"\n');
    await world.kept.sync('daemon');
    world.plans.count = 0;
    for (const [index, name] of ['alpha.Admin', 'alpha.Read'].entries()) {
      world.roleUsage.add(ROLES[index] as Role);
      const { summary } = await world.kept.sync('daemon');
      expect(summary).toMatchObject({ written: true, added: [name], removed: [], changed: [] });
      expect((await world.issuedNames.unwritten()).find(name)).toBe(undefined);
    }
    const { diff, unwritten } = (await world.planAnew()).summary;
    expect({ planned: world.plans.count, diff, unwritten }).toEqual({
      planned: 0,
      diff: '',
      unwritten: 1,
    });
  });

  test('does so as well if a shell used it by its name', async () => {
    const world = await open('[profiles]\nwrite = "used"\n');
    await world.kept.sync('daemon');
    world.plans.count = 0;
    await world.usageStats.record('beta.Admin');
    expect((await world.kept.sync('daemon')).summary).toMatchObject({ added: ['beta.Admin'] });
    expect([world.plans.count, world.roleUsage.has(ROLES[2] as Role)]).toEqual([0, true]);
  });
});

describe('a sync after one that changed nothing', () => {
  async function openSettled(settings = '') {
    const world = await open(settings);
    for (let round = 0; round < 2; round += 1) await world.kept.sync('daemon');
    world.plans.count = 0;
    return world;
  }

  test('plans nothing, and leaves both files as they are', async () => {
    const { kept, plans, path, namesPath } = await openSettled();
    const stamps = () => [path, namesPath].map((each) => statSync(each, { bigint: true }).ctimeNs);
    const before = stamps();
    const { summary } = await kept.sync('daemon');
    expect({ planned: plans.count, written: summary.written, stamps: stamps() }).toEqual({
      planned: 0,
      written: false,
      stamps: before,
    });
  });

  test('plans nothing for a new listing of the same accounts', async () => {
    const { kept, plans, state } = await openSettled();
    state.catalog = CATALOGS[1]?.();
    await kept.sync('daemon');
    expect(plans.count).toBe(0);
  });

  test('sees an edit in place that keeps the size', async () => {
    const { kept, path } = await openSettled();
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('region = us-east-1\nc', 'region = us-west-1\nc'));
    expect((await kept.sync('daemon')).summary).toMatchObject({ written: true, changed: ['alpha.Admin'] });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('sees another current role, whose region `current` has', async () => {
    const { kept, path, currentRole } = await openSettled(SETTINGS[0]);
    await currentRole.set(ROLES[2] as Role);
    expect((await kept.sync('daemon')).summary.written).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('[profile current]\nregion = eu-west-1\n');
  });

  test('writes the names again if their file was deleted', async () => {
    const { kept, namesPath } = await openSettled();
    rmSync(namesPath);
    await kept.sync('daemon');
    expect(existsSync(namesPath)).toBe(true);
  });

  test('fails as before if the file has become read-only', async () => {
    const { kept, path } = await openSettled();
    chmodSync(path, 0o400);
    await expect(kept.sync('daemon')).rejects.toMatchObject({ code: 'file-not-writable' });
    expect((await kept.plan()).summary).toMatchObject({ written: false, diff: '' });
  });

  test('removes what a killed writer left behind', async () => {
    const { kept, path } = await openSettled();
    const leftover = join(path, '..', '.config.rolecall-999999999-1-0123456789ab.tmp');
    appendFileSync(leftover, 'half');
    await kept.sync('daemon');
    expect(existsSync(leftover)).toBe(false);
  });
});
