// The adoption plan on realistic and random config files: only planned lines change, and a second plan changes nothing.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planAdoption, type AdoptionPlan } from '../../../src/aws-config/adoption/adoption-plan.ts';
import type { ForeignSession } from '../../../src/aws-config/adoption/session-book.ts';
import { parseConfigDocument, splitDocument, type ConfigDocument } from '../../../src/aws-config/document/document.ts';
import { ADOPTION_SOURCES, type AdoptionSource } from '../../../src/aws-config/adoption/foreign-command.ts';
import { findRoleProfile } from '../../../src/aws-config/profiles/role-profile.ts';
import { ADOPTION_CONFIGS } from '../adoption-configs.ts';
import { adoptionText, AWS_SSO } from '../adoption-text.ts';

const PROGRAM = '/home/taylor/.local/share/rolecall/bin/rolecall-credential-process';

function plan(
  text: string,
  options: { awsSso?: readonly ForeignSession[]; sources?: readonly AdoptionSource[] } = {},
): AdoptionPlan {
  return planAdoption({
    document: parseConfigDocument(text, 'config'),
    sources: new Set(options.sources ?? ADOPTION_SOURCES),
    awsSsoSessions: options.awsSso ?? [],
    credentialProcessPath: PROGRAM,
  });
}

const CREDENTIAL_KEYS = new Set([
  'sso_session',
  'sso_account_id',
  'sso_role_name',
  'sso_start_url',
  'sso_region',
  'sso_registration_scopes',
  'credential_process',
]);

/** The file's text without the lines that select the credentials of these sections. */
function withoutSources(document: ConfigDocument, sectionLines: ReadonlySet<number>): string {
  const taken = new Set(
    document.sections
      .filter(({ line }) => sectionLines.has(line))
      .flatMap(({ entries }) => entries.filter(({ key }) => CREDENTIAL_KEYS.has(key)).map(({ line }) => line)),
  );
  return splitDocument(document)
    .map(({ text, newline }, index) => (taken.has(index + 1) ? '' : text + newline))
    .join('');
}

/** The invariants of every plan. */
function expectSound(text: string, outcome: AdoptionPlan, awsSso: readonly ForeignSession[]): void {
  const before = parseConfigDocument(text, 'config');
  const after = parseConfigDocument(outcome.text, 'config');
  expect(after.problems).toEqual([]);
  const adoptedLines = new Set(outcome.adopted.map(({ line }) => line));
  // Sections keep their order, so they can be matched by index.
  const indexes = before.sections.flatMap(({ line }, index) => (adoptedLines.has(line) ? [index] : []));
  const linesAfter = new Set(indexes.map((index) => after.sections[index]?.line ?? 0));
  const kept = withoutSources(before, adoptedLines);
  const keptAfter = withoutSources(after, linesAfter);
  expect(keptAfter.startsWith(kept)).toBe(true);
  // Only the new sso-sessions come after it.
  const added = parseConfigDocument(keptAfter.slice(kept.length), 'config');
  expect(added.problems).toEqual([]);
  expect(added.sections.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    outcome.newSessions.map(({ sessionName }) => `sso-session ${sessionName}`),
  );
  for (const [index, section] of before.sections.entries()) {
    const now = after.sections[index];
    expect(now?.header).toBe(section.header);
    const others = (entries: typeof section.entries) =>
      entries.filter(({ key }) => !CREDENTIAL_KEYS.has(key)).map(({ key, value }) => [key, value]);
    expect(others(now?.entries ?? [])).toEqual(others(section.entries));
    if (!adoptedLines.has(section.line)) continue;
    const sources = (now?.entries ?? []).filter(({ key }) => CREDENTIAL_KEYS.has(key));
    expect(sources).toEqual([
      expect.objectContaining({
        key: 'credential_process',
        value: expect.stringContaining(`${PROGRAM} --session `) as string,
      }),
    ]);
  }
  const again = plan(outcome.text, { awsSso });
  expect({ adopted: again.adopted, newSessions: again.newSessions, diff: again.diff }).toEqual({
    adopted: [],
    newSessions: [],
    diff: '',
  });
  expect(again.text).toBe(outcome.text);
}

describe('realistic files', () => {
  test('are at least a dozen', () => {
    expect(ADOPTION_CONFIGS.length).toBeGreaterThanOrEqual(12);
  });

  test.each(ADOPTION_CONFIGS)('$name', ({ text, awsSso = [], adopted, left = [], newSessions = [] }) => {
    const outcome = plan(text, { awsSso });
    expect(
      outcome.adopted.map(
        (role) => `${role.profileName} -> ${role.sessionName} ${role.accountId} ${role.permissionSet}`,
      ),
    ).toEqual(adopted);
    expect(outcome.left.map(({ profileName, reason }) => `${profileName}: ${reason}`)).toEqual(
      left.map(
        (beginning) =>
          expect.stringMatching(new RegExp(`^${beginning.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)) as string,
      ),
    );
    expect(
      outcome.newSessions.map(({ sessionName, startUrl, region }) => `${sessionName} ${startUrl} ${region}`),
    ).toEqual(newSessions);
    expectSound(text, outcome, awsSso);
    const document = parseConfigDocument(outcome.text, 'config');
    for (const role of outcome.adopted.slice(0, 20)) {
      expect(findRoleProfile(document, role.profileName)).toMatchObject({
        profileName: role.profileName,
        role: { permissionSet: role.permissionSet },
      });
    }
  });

  test('can be adopted one tool at a time', () => {
    const text =
      ADOPTION_CONFIGS.map((config) => config.text).find((candidate) => candidate.includes('aws-vault exec dev-sso')) ??
      '';
    const first = plan(
      `${text}[profile via]\ncredential_process = aws-vault exec self2 --json\n[profile self2]\nsso_session = corp\nsso_account_id = 333333333333\nsso_role_name = Dev\n`,
      { sources: ['aws'] },
    );
    expect(first.adopted.map(({ profileName }) => profileName)).toEqual(['self2']);
    const second = plan(first.text, { sources: ['aws-vault'] });
    expect(second.adopted.map(({ profileName, accountId }) => `${profileName} ${accountId}`)).toEqual([
      'dev 111111111111',
      'self 222222222222',
      'via 333333333333',
    ]);
  });

  test('that AWS clients cannot read, or whose block is broken, are refused', () => {
    expect(() => plan('[profile a]\nsso_session = x\n[profile a]\n')).toThrow(/line 3/);
    expect(() => plan('# >>> rolecall >>>\n')).toThrow(/without/);
  });

  test('with 3,000 profiles take at most one second', () => {
    const { text } = ADOPTION_CONFIGS.find(({ name }) => name === '3,000 profiles') ?? { text: '' };
    const startedAtMs = performance.now();
    plan(text);
    // Ten times that on a machine that is busy with other tests.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });
});

describe('random files', () => {
  test('keep every byte outside the plan, and a second adoption changes nothing', () => {
    let adopted = 0;
    fc.assert(
      fc.property(adoptionText(), (text) => {
        const outcome = plan(text, { awsSso: AWS_SSO });
        adopted += outcome.adopted.length;
        expectSound(text, outcome, AWS_SSO);
      }),
      { numRuns: 600 },
    );
    expect(adopted).toBeGreaterThan(200);
  });
});

test('a profile of aws login is never adopted, alone or with other keys', () => {
  const login = 'login_session = arn:aws:iam::123456789012:user/x\n';
  const native = 'sso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Admin\n';
  const text = `[sso-session corp]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
[profile alone]
${login}[profile native]
${native}${login}[profile granted]
credential_process = granted credential-process --profile granted
granted_sso_start_url = https://d-1234567890.awsapps.com/start
granted_sso_region = us-east-1
granted_sso_account_id = 111111111111
granted_sso_role_name = Admin
${login}[profile refers]
credential_process = aws-vault exec --json alone
`;
  const { adopted, left, text: planned } = plan(text);
  expect({ adopted, planned }).toEqual({ adopted: [], planned: text });
  const reason = 'it has a login_session too, which the AWS CLI would use instead of rolecall';
  expect(left).toEqual([
    { profileName: 'native', line: 6, source: 'aws', reason },
    { profileName: 'granted', line: 11, source: 'granted', reason },
    {
      profileName: 'refers',
      line: 18,
      source: 'aws-vault',
      reason: 'its keys come from "aws login", not from Identity Center',
    },
  ]);
});
