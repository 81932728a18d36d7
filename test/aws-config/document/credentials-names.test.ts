// Names of the shared credentials file: which ones AWS clients read, and that no rolecall profile ever has one of them.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCredentialsNames, readNamesInSteps } from '../../../src/aws-config/document/credentials-names.ts';
import { nameProfiles, parseNameTemplate, roleKey } from '../../../src/aws-config/profiles/profile-names.ts';
import type { PlanSketch } from '../builders.ts';
import { catalog, namesOf, planFor, sessionSection } from '../builders.ts';

const ALPHA = { accountId: '111111111111', accountName: 'alpha', permissionSets: ['Admin', 'Read'] };
const BETA = { accountId: '222222222222', accountName: 'beta', permissionSets: ['Admin'] };

const planWith = (credentials: string, sketch: PlanSketch = {}, text = sessionSection()) =>
  planFor(text, {
    catalogs: catalog([ALPHA, BETA]),
    inCredentialsFile: readCredentialsNames(credentials),
    ...sketch,
  });

describe('the names of a credentials file', () => {
  it.each([
    ['[alpha.Admin]\naws_access_key_id = x\n', { 'alpha.Admin': 1 }],
    ['# c\r\n\r\n[a]\r\nk = v\r[b]\r\n', { a: 3, b: 5 }],
    ['[a]\n[b]\n[a]\n', { a: 1, b: 2 }],
    ['  [indented]\n', { indented: 1 }],
    // Clients that trim names would read it.
    ['[ a b ]\n', { ' a b ': 1, 'a b': 1 }],
    ['[a] # the old one\n', { a: 1 }],
    // botocore reads up to the last bracket, the JS SDK up to the comment.
    ['[a] # not [b]\n', { 'a] # not [b': 1, a: 1 }],
    ['[no end\n[]\n# [comment]\nkey = [value]\n', {}],
    ['', {}],
    // The same file as the config file: our own profiles do not count.
    ['[a]\n# >>> rolecall >>>\n[default]\n# <<< rolecall <<<\n[b]\n', { a: 1, b: 5 }],
    ['[a]\n# >>> rolecall >>>\n[default]\n', { a: 1, default: 3 }],
  ])('of %j are %j', (text, names) => {
    expect(Object.fromEntries(readCredentialsNames(text))).toEqual(names);
  });

  it('are found in linear time', () => {
    const text = `${'[a '.repeat(50_000)}\n${'[\n'.repeat(50_000)}${' '.repeat(100_000)}x\n[b]`;
    expect([...readCredentialsNames(text).keys()]).toEqual(['b']);
    // A line break and whitespace in JavaScript's regular expressions: it would take 30 s if each one started a search.
    expect(readCredentialsNames('\u2028'.repeat(100_000))).toEqual(new Map());
  });

  it('are read in steps', () => {
    const steps = readNamesInSteps('[a]\n'.repeat(100_000));
    let count = 0;
    while (steps.next().done !== true) count += 1;
    expect(count).toBeGreaterThan(20);
  });
});

describe('a profile whose name the credentials file has', () => {
  it('gets the next free name, which the plan reports', () => {
    const plan = planWith('[alpha.Admin]\naws_access_key_id = x\n[beta.Admin]\n[beta-222222222222.Admin]\n');
    expect(namesOf(plan)).toEqual(['alpha-111111111111.Admin', 'alpha.Read', 'beta-222222222222.Admin-my-sso-session']);
    expect(plan.inCredentialsFile).toEqual([
      { name: 'alpha.Admin', line: 1, profileName: 'alpha-111111111111.Admin' },
      { name: 'beta.Admin', line: 3, profileName: 'beta-222222222222.Admin-my-sso-session' },
    ]);
    expect(plan.text).not.toMatch(/\[profile (alpha|beta)\.Admin\]/u);
    expect(plan.skipped).toEqual([]);
  });

  it('loses its issued name, keeps the new one, and is reported as long as the name is in the file', () => {
    const credentials = '[alpha.Admin]\n';
    const before = planWith('');
    const first = planWith(credentials, { previousNames: before.issuedNames }, before.text);
    expect(first).toMatchObject({
      added: [{ profileName: 'alpha-111111111111.Admin' }],
      removed: [{ profileName: 'alpha.Admin' }],
      changed: [],
    });
    const second = planWith(credentials, { previousNames: first.issuedNames }, first.text);
    expect([second.diff, second.inCredentialsFile]).toEqual(['', first.inCredentialsFile]);
    const after = planWith('', { previousNames: second.issuedNames }, second.text);
    expect([after.diff, after.inCredentialsFile]).toEqual(['', undefined]);
  });

  it('loses it also if the role is not listed', () => {
    const before = planWith('');
    const plan = planWith('[alpha.Admin]\n', { catalogs: new Map() }, before.text);
    expect(namesOf(plan)).toEqual(['111111111111.Admin', 'alpha.Read', 'beta.Admin']);
  });

  it('does not get the name of a hand-written profile either', () => {
    const byHand = '[profile alpha-111111111111.Admin]\nregion = x\n[profile beta.Admin]\nregion = x\n';
    const plan = planWith('[alpha.Admin]\n[beta.Admin]\n', {}, sessionSection() + byHand);
    expect(namesOf(plan)).toEqual(['alpha-111111111111.Admin-my-sso-session', 'alpha.Read', 'beta-222222222222.Admin']);
    expect(plan.skipped).toEqual([]);
  });

  it('is not written when the plain name is excluded', () => {
    const plan = planWith('[alpha.Admin]\n', { settings: { exclude: ['alpha.*'] } });
    expect([namesOf(plan), plan.excludedCount, plan.inCredentialsFile]).toEqual([['beta.Admin'], 2, undefined]);
  });

  it('does not take the issued name of another role', () => {
    const gamma = { accountId: '333333333333', accountName: 'alpha-111111111111', permissionSets: ['Admin'] };
    const plan = planWith('[alpha.Admin]\n', {
      catalogs: catalog([ALPHA, gamma]),
      previousNames: {
        template: '{account_name}.{permission_set}',
        profiles: [
          {
            profileName: 'alpha-111111111111.Admin',
            sessionName: 'my-sso-session',
            accountId: gamma.accountId,
            permissionSet: 'Admin',
          },
        ],
      },
    });
    expect(plan.profiles.map(({ profileName, accountId }) => [profileName, accountId])).toEqual([
      ['alpha-111111111111.Admin', '333333333333'],
      ['alpha-111111111111.Admin-my-sso-session', '111111111111'],
      ['alpha.Read', '111111111111'],
    ]);
  });

  it('is not written as an alias or as a follower of the current role either', () => {
    const plan = planWith('[current]\n[default]\n[billing]\n', {
      settings: {
        defaultFollowsCurrent: true,
        aliasFor: ({ accountId }) => (accountId === BETA.accountId ? 'billing' : undefined),
      },
    });
    expect(plan.followers).toEqual([]);
    expect(plan.text).not.toMatch(/current\]|default\]|billing/u);
    expect(plan.inCredentialsFile).toEqual([
      { name: 'billing', line: 3 },
      { name: 'current', line: 1 },
      { name: 'default', line: 2 },
    ]);
    expect(plan.skipped).toEqual([]);
    // [default] is not configured to follow.
    expect(planWith('[default]\n').inCredentialsFile).toBeUndefined();
  });

  it('never has a name of that file, and all names differ', () => {
    const roles = ['111111111111', '222222222222', '333333333333'].flatMap((accountId) =>
      ['Admin', 'Read'].map((permissionSet) => ({
        sessionName: 's',
        accountId,
        permissionSet,
        accountName: accountId.startsWith('3') ? 'beta' : 'alpha',
      })),
    );
    const template = parseNameTemplate('{account_name}.{permission_set}');
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), fc.nat(63), (picks, issuedCount) => {
        const inCredentialsFile = new Map<string, number>();
        let issued = new Map<string, string>();
        // The file takes each name that was generated, so that every level is reached.
        for (const pick of [undefined, ...picks]) {
          const names = nameProfiles({ template, roles, issued, inCredentialsFile });
          const given = roles.map((role) => names.get(roleKey(role)) ?? '');
          expect(new Set(given).size).toBe(roles.length);
          expect(given.filter((name) => inCredentialsFile.has(name))).toEqual([]);
          issued = new Map([...names].slice(0, issuedCount % roles.length));
          if (pick !== undefined) inCredentialsFile.set(given[pick % given.length] ?? '', 1);
        }
      }),
      { numRuns: 200 },
    );
  });
});
