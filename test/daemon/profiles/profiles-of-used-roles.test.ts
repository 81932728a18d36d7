// First uses of many roles at once: each gets its profile, with fewer syncs than roles.
import { expect, test } from 'vitest';
import { ConflictError } from '../../../src/core/errors.ts';
import type { Role } from '../../../src/core/model.ts';
import { createProfilesOfUsedRoles } from '../../../src/daemon/profiles/profiles-of-used-roles.ts';
import type { UnwrittenProfiles } from '../../../src/daemon/roles/issued-names.ts';

const role = (accountId: string): Role => ({ sessionName: 's', accountId, permissionSet: 'Admin' });
const KNOWN = { ...role('111111111111'), profileName: 'known' };
const ROLES = Array.from({ length: 200 }, (_, index) => role(String(index).padStart(12, '0')));

function create(
  options: {
    readonly sync?: 'on-login' | 'manual';
    readonly failure?: Error;
    readonly until?: (roles: readonly Role[]) => Promise<void>;
  } = {},
) {
  const seen: string[] = [];
  const used: Role[] = [];
  const written: Role[] = [];
  const unwritten: UnwrittenProfiles = {
    find: () => undefined,
    of: ({ accountId, ...rest }) => (accountId === '999999999999' ? undefined : { ...KNOWN, ...rest, accountId }),
    list: () => [],
  };
  const writeProfileOf = createProfilesOfUsedRoles({
    settings: { profiles: { sync: options.sync ?? 'on-login' } as never },
    issuedNames: { unwritten: async () => unwritten },
    profileSync: {
      async sync(by) {
        const now = [...used];
        seen.push(`sync by ${by}`);
        await options.until?.(now);
        if (options.failure !== undefined) throw options.failure;
        written.splice(0, written.length, ...now);
        return {} as never;
      },
    },
    changes: { announce: () => void seen.push('announced') },
    log: (level, message) => void seen.push(`${level} ${message}`),
  });
  const use = (one: Role) => {
    used.push(one);
    return writeProfileOf(one);
  };
  return { seen, written, use };
}

test('writes all roles that arrive during a sync with one more sync', async () => {
  const others: Promise<void>[] = [];
  const { seen, written, use } = create({
    async until(roles) {
      if (roles.length === 1) others.push(...ROLES.slice(1).map(use));
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  await use(ROLES[0] as Role);
  await Promise.all(others);
  expect(written).toEqual(ROLES);
  expect(seen).toEqual(['sync by daemon', 'announced', 'sync by daemon', 'announced']);
});

test('writes nothing for a role that has a profile, or with sync = "manual"', async () => {
  const known = create();
  await known.use(role('999999999999'));
  const manual = create({ sync: 'manual' });
  await manual.use(role('111111111111'));
  expect([known.seen, manual.seen]).toEqual([[], []]);
});

test('logs a failed write and retries on the next use', async () => {
  const failure = new ConflictError('config-changed-meanwhile', 'The file was changed.');
  const { seen, use } = create({ failure });
  await use(role('111111111111'));
  await use(role('222222222222'));
  const logged = 'warn cannot write the profile of a used role: The file was changed.';
  expect(seen).toEqual(['sync by daemon', logged, 'sync by daemon', logged]);
});
