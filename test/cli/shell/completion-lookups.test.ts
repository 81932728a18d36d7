// What completions offer after other words in each shell: only roles that `use` finds with these words.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideRole } from '../../../src/cli/picker/decide-role.ts';
import { fishLookup, posixLookup } from '../../../src/cli/shell/completion-lookups.ts';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { createQuery, createRealisticRoles } from '../../helpers/realistic-roles.ts';
import { createRandom } from '../../helpers/seeded-random.ts';
import { runProcess } from '../../helpers/run-process.ts';
import { systemPart } from '../../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { role } from '../picker/roles.ts';

const SHELLS = [
  { shell: 'bash', path: '/bin/bash', args: ['--norc', '--noprofile'], lookup: posixLookup },
  { shell: 'zsh', path: '/usr/bin/zsh', args: ['-f'], lookup: posixLookup },
  { shell: 'fish', path: '/usr/bin/fish', args: ['--no-config'], lookup: fishLookup },
] as const;

let home: TemporaryHome;
beforeAll(() => {
  home = createTemporaryHome();
});
afterAll(() => home.remove());

const hasProfile = ({ profile }: RoleDocument) => profile !== null;

/** What is offered for a word after others, each pair in turn in one shell. */
async function offer(
  { path, args, lookup }: (typeof SHELLS)[number],
  roles: readonly RoleDocument[],
  asked: readonly (readonly [before: string, word: string])[],
): Promise<readonly (readonly string[])[]> {
  const directory = join(home.path, "it's a folder");
  mkdirSync(directory, { recursive: true });
  const named = roles.filter(hasProfile);
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(directory, name), lines.map((line) => `${line}\n`).join(''));
  write(
    'profiles',
    named.map(({ profile }) => profile ?? ''),
  );
  write('planned', []);
  write(
    'accounts',
    named.map(({ accountId, profile }) => `${accountId}\t${profile}`),
  );
  // All that is asked is letters and digits.
  const lines = asked.map(([before, word]) => `__rolecall_look_up role '${word}' '${before}'; echo =`);
  const script = `${lookup(directory)}\n${lines.join('\n')}\n`;
  const { stdout, stderr } = await runProcess(path, [...args, '-c', script], {
    environment: { PATH: '/usr/bin:/bin' },
  });
  expect(stderr).toBe('');
  const offers = stdout.split('=\n').slice(0, -1);
  expect(offers).toHaveLength(asked.length);
  return offers.map((text) => text.split('\n').filter((line) => line !== ''));
}

describe.each(SHELLS)('in $shell', (shell) => {
  test.skipIf(!systemPart(shell.shell, shell.path))(
    'other words narrow down what is offered, by the rule of use',
    async () => {
      const roles = [
        role('Identity-prod-06', 'AdministratorAccess', { accountId: '220711112222' }),
        role('Identity-prod-07', 'ReadOnly', { accountId: '333333333333' }),
        role('Identity-prod-107', 'ReadOnly', { accountId: '444444444444' }),
        role('Shop', 'ReadOnly', { accountId: '555507550000', profile: 'Shop-555507550000.ReadOnly' }),
      ];
      const [six, seven, hundred, shop] = roles.map(({ profile }) => profile ?? '');
      expect(
        await offer(shell, roles, [
          ['', 'identity'],
          ['', '2'],
          ['ident', 'IDENT'],
          ['ident 07', ''],
          ['22', ''],
          ['1111', ''],
          ['111', ''],
          ['07', ''],
          ['ident', '4'],
          ['shop 5555', 'shop'],
          ['qqq', ''],
        ]),
      ).toEqual([
        [six, seven, hundred],
        ['220711112222'],
        [six, seven, hundred],
        [seven],
        [six],
        [six],
        [],
        [seven],
        ['444444444444'],
        [shop],
        [],
      ]);
    },
  );

  test.skipIf(!systemPart(shell.shell, shell.path))(
    'what is offered is found by use, and is the role of that name',
    async () => {
      const random = createRandom(7);
      const roles = createRealisticRoles(833, { random, ids: shell.shell === 'zsh' ? 'zeros' : 'random' });
      const index = createRoleIndex(roles);
      const asked = Array.from(
        { length: 60 },
        () => [createQuery(roles, random).replaceAll(/[^A-Za-z0-9 ]/gu, ''), ''] as const,
      );
      const offers = await offer(shell, roles, asked);
      let offered = 0;
      for (const [at, names] of offers.entries()) {
        const [before = ''] = asked[at] ?? [];
        if (before.trim() === '') continue;
        for (const name of names.slice(0, 20)) {
          offered += 1;
          const query = `${before} ${name}`;
          const decision = decideRole(roles, index, query, hasProfile);
          const found =
            decision.kind === 'several'
              ? decision.positions.map((position) => roles[position]?.profile)
              : ['role' in decision ? decision.role.profile : undefined];
          expect({ query, found }).toEqual({ query, found: expect.arrayContaining([name]) });
        }
      }
      expect(offered).toBeGreaterThan(50);
    },
  );
});
