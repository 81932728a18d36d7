// `rolecall ls` with everything that AWS's free text may do to a terminal.
import { afterEach, describe, expect, test } from 'vitest';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AccountsDocument } from '../../src/local-api/schemas.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import type { DirectoryDocument } from '../../src/emulator/directory/directory-model.ts';
import { CONFIG, createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { mask } from './masks.ts';

let rig: Rig;
afterEach(() => rig.remove());

async function run(argv: readonly string[], options?: CliOptions) {
  const { exitCode, stdout, stderr } = await rig.runCli(argv, options);
  return { exitCode, stdout: mask(stdout, rig.home.path), stderr: mask(stderr, rig.home.path) };
}

/** Which role is current is saved at once, and what was used soon after. */
const switchCounts = () =>
  waitFor('the switch to count', async () =>
    (await rig.client.call('roles', { query: {} })).roles.some(({ score }) => score > 0),
  );

const ALL = `ACCOUNT          ID            PERMISSION SET
Log Archive      044444444444  ReadOnly
professional-af  222222222222  Admin-AF-Permission-Set
professional-af  222222222222  ReadOnly
Shop Staging     333333333333  ReadOnly
taylor           111111111111  Admin-AF-Permission-Set
`;
const AGE = 'Listed A MOMENT ago.\n';

const plain = (text: string) => text.replaceAll(/\u001b\[\d+m/g, '');

/** One user with one permission set in an account of each name. */
function directoryOf(names: readonly (string | undefined)[]): DirectoryDocument {
  const accounts = names.map((accountName, index) => ({
    accountId: String(100_000_000_001 + index),
    ...(accountName === undefined ? {} : { accountName }),
    emailAddress: `a${index}@example.com`,
    kind: 'created' as const,
  }));
  return {
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    organization: { managementAccountId: '100000000001' },
    accounts: accounts.map((account, index) => (index === 0 ? { ...account, kind: 'management' as const } : account)),
    users: [{ userName: 'taylor', displayName: 'Taylor', groups: [] }],
    groups: [],
    permissionSets: [{ name: 'ReadOnly', sessionDurationSeconds: 3600 }],
    assignments: accounts.map(({ accountId }) => ({ accountId, permissionSet: 'ReadOnly', user: 'taylor' })),
  };
}

describe('the list', () => {
  test('before the first sign-in is an error with a command, or an empty document with --json', async () => {
    rig = await createRig();
    expect(await run(['ls'])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: 'rolecall: No accounts have been listed yet. [account-not-found]\nRun: rolecall login\n',
    });
    const json = await rig.runCli(['ls', '--json']);
    expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({
      exitCode: 0,
      stdout: { asOf: null, complete: false, accounts: [] },
      stderr: '',
    });
    expect(await run(['ls', '--refresh'])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `rolecall: You are not signed in to ${SESSION}. [sign-in-required]\nRun: rolecall login ${SESSION}\n`,
    });
  });

  test('shows everything, or what matches every word, also as JSON and after a logout', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    expect(await run(['ls'])).toEqual({ exitCode: 0, stdout: ALL, stderr: AGE });
    const shop = {
      exitCode: 0,
      stdout: 'ACCOUNT       ID            PERMISSION SET\nShop Staging  333333333333  ReadOnly\n',
      stderr: AGE,
    };
    for (const query of [
      ['shop'],
      ['SHOP', 'read'],
      ['read shop'],
      ['3333'],
      ['shop-staging@example'],
      [SESSION, 'shop'],
    ]) {
      expect(await run(['ls', ...query])).toEqual(shop);
    }
    const nothing =
      'rolecall: No account or permission set matches "shop admin". [account-not-found]\nRun: rolecall ls\n';
    expect(await run(['ls', 'shop', 'admin'])).toEqual({ exitCode: 6, stdout: '', stderr: nothing });
    const json = await rig.runCli(['ls', 'shop', 'admin', '--json']);
    expect(json.exitCode).toBe(6);
    expect(JSON.parse(json.stdout)).toMatchObject({ accounts: [] });

    const document = await rig.client.call('accounts', { query: {} });
    expect(JSON.parse((await rig.runCli(['ls', '--json'])).stdout)).toEqual(document);
    expect(JSON.parse((await rig.runCli(['ls', '--json', 'shop'])).stdout)).toEqual({
      ...document,
      accounts: document.accounts.filter(({ accountName }) => accountName === 'Shop Staging'),
    });

    await rig.runCli(['logout']);
    expect(await run(['ls'])).toEqual({ exitCode: 0, stdout: ALL, stderr: AGE });
  });

  test('ranks roles as in use, each account once in JSON, and highlights what matches', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    expect((await run(['ls', 'read'])).stdout).toBe(
      'ACCOUNT          ID            PERMISSION SET\n' +
        'Log Archive      044444444444  ReadOnly\nprofessional-af  222222222222  ReadOnly\nShop Staging     333333333333  ReadOnly\n',
    );
    // A role that is used more comes before its equals.
    await rig.runCli(['use', '--current', 'Shop-Staging.ReadOnly']);
    await switchCounts();
    const first = async (...argv: string[]) => (await run(['ls', ...argv])).stdout.split('\n')[1];
    expect(await first('read')).toBe('Shop Staging     333333333333  ReadOnly');
    expect(await first()).toBe('Log Archive      044444444444  ReadOnly');
    const document = JSON.parse((await rig.runCli(['ls', '--json', 'af'])).stdout) as { accounts: object[] };
    expect(document.accounts).toMatchObject([
      { accountName: 'professional-af', permissionSets: ['Admin-AF-Permission-Set', 'ReadOnly'] },
      { accountName: 'taylor', permissionSets: ['Admin-AF-Permission-Set'] },
    ]);
    const { stdout } = await rig.runCli(['ls', 'prof', '22', 'read'], { isTerminal: true });
    const mark = (text: string) => `\u001b[1m\u001b[4m${text}\u001b[24m\u001b[22m`;
    expect(stdout.split('\n')[1]).toContain(`${mark('prof')}essional-af  ${mark('22')}2222222222  ${mark('Read')}Only`);
  });

  test('says how long the sign-in lasts, also on a machine whose clock is wrong', async () => {
    const system = createSystemClock();
    const clock = { ...system, nowMs: () => system.nowMs() + 2 * 3_600_000 };
    rig = await createRig({ clock, settings: `[session.${SESSION}]\nsession_hours = 8\n` });
    await rig.runCli(['login'], { clock });
    const { stderr } = await rig.runCli(['ls'], { clock, isTerminal: true });
    expect(stderr).toMatch(/^Listed less than a minute ago\. Signed in, (?:7 h 59 min|8 h) left\.\n$/);
  });

  test('says that it is incomplete, and --refresh completes it with progress on a terminal', async () => {
    rig = await createRig();
    rig.emulator.addFault({ operation: 'ListAccountRoles', detail: '333333333333', kind: 'status', status: 400 });
    await rig.runCli(['login']);
    // A listing that still runs would be joined by --refresh.
    await waitFor('the end of the listing', async () => {
      const { sessions } = await rig.client.call('status', {});
      return sessions.every(({ listing }) => listing === null);
    });
    const partly = await run(['ls']);
    expect(partly.exitCode).toBe(0);
    expect(partly.stderr).toBe('Listed A MOMENT ago. It is incomplete: rolecall ls --refresh\n');
    rig.emulator.clearFaults();
    rig.emulator.addFault({ operation: 'ListAccountRoles', kind: 'delay', delayMs: 2500 });
    let seen = '';
    const whole = await rig.runCli(['ls', '--refresh'], { isTerminal: true, onOutput: (text) => (seen += text) });
    expect(seen).toMatch(/\r\u001b\[KListing permission sets, \d of 4 accounts … {2}Ctrl-C leaves it to the daemon/);
    // The profiles of new roles follow later.
    expect(plain(whole.stdout).replaceAll(/ {2,}(PROFILE|\S+\.\S+)$/gm, '')).toBe(ALL);
    expect(mask(whole.stderr).endsWith(`\r\u001b[K${AGE.trim()} Signed in.\n`)).toBe(true);
  });

  test('has a column for the session if there are several', async () => {
    rig = await createRig({
      config: `${CONFIG}\n[sso-session other]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n`,
    });
    await Promise.all([rig.runCli(['login', SESSION]), rig.runCli(['login', 'other'])]);
    const { stdout } = await run(['ls', 'shop']);
    expect(stdout).toBe(
      'ACCOUNT       ID            PERMISSION SET  SESSION\n' +
        `Shop Staging  333333333333  ReadOnly        ${SESSION}\n` +
        'Shop Staging  333333333333  ReadOnly        other\n',
    );
    expect((await run(['ls', 'shop', 'other'])).stdout).toBe(
      'ACCOUNT       ID            PERMISSION SET\nShop Staging  333333333333  ReadOnly\n',
    );
  });
});

describe('chained roles', () => {
  const CHAINS = `
[profile deploy]
role_arn = arn:aws:iam::222222222222:role/ops/Deploy
source_profile = account1

[profile far.audit]
role_arn = arn:aws:iam::999999999999:role/Audit
source_profile = deploy
duration_seconds = 43200
`;

  test('are listed by role and source with how long they last, found by words, and used by their profile', async () => {
    rig = await createRig({
      config: CONFIG + CHAINS,
      settings: '[[protect]]\naccount_id = "999999999999"\napprove = "none"\n',
    });
    await rig.runCli(['login']);
    expect((await run(['ls'])).stdout).toBe(`ACCOUNT          ID            PERMISSION SET
-                999999999999  Audit via deploy
Log Archive      044444444444  ReadOnly
professional-af  222222222222  Admin-AF-Permission-Set
professional-af  222222222222  ReadOnly
professional-af  222222222222  Deploy via account1
Shop Staging     333333333333  ReadOnly
taylor           111111111111  Admin-AF-Permission-Set
`);
    const used = await run(['use', '--current', 'ops', 'deploy']);
    expect(used).toMatchObject({ exitCode: 6 });
    expect((await run(['use', '--current', 'professional', 'deploy'])).stdout).toBe(
      'Current role: professional-af  222222222222  Deploy via account1  (profile deploy)\n',
    );
    await switchCounts();
    const shown = await run(['ls', 'via'], { isTerminal: true, columns: 80 });
    expect(plain(shown.stdout)).toBe(
      `    ACCOUNT          ID            PERMISSION SET       LASTS       PROFILE
*   professional-af  222222222222  Deploy via account1  1 h         deploy
⚠   -                999999999999  Audit via deploy     1 h (12 h)  far.audit
`.replaceAll(/^(.) {3}/gm, '$1  '),
    );
    expect(shown.stderr).toBe(
      'Listed A MOMENT ago. Signed in. * current role, ⚠ protected. (12 h):\nrequested, but AWS limits chained roles to 1 h.\n',
    );
    const json = JSON.parse((await rig.runCli(['ls', 'deploy', '--json'])).stdout) as AccountsDocument;
    expect([json.accounts, json.chains?.map(({ permissionSet }) => permissionSet)]).toEqual([
      [],
      ['chain:deploy', 'chain:far.audit'],
    ]);
    expect((await run(['status'])).stdout).toContain('professional-af  222222222222  Deploy via account1');
    const { current, problems } = await rig.client.call('status', {});
    expect(problems).toEqual([]);
    expect(current).toMatchObject({ permissionSet: 'chain:deploy', profile: 'deploy', chain: { roleName: 'Deploy' } });
    expect(await run(['use', '--print-name', 'audit'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('999999999999  Audit via deploy') as string,
    });
    const everything = [['ls', '--wide'], ['status'], ['use', '--print-name', 'deploy'], ['profiles', 'list'], ['log']];
    for (const argv of everything) {
      const { stdout, stderr } = await rig.runCli(argv);
      expect({ argv, isRaw: (stdout + stderr).includes('chain:') }).toEqual({ argv, isRaw: false });
    }
    writeFileSync(
      rig.configPath,
      readFileSync(rig.configPath, 'utf8').replace('[profile deploy]', '[profile deploy2]'),
    );
    expect((await rig.client.call('status', {})).problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The current role cannot be used\. .*"deploy"\.$/u),
      expect.stringContaining('[[protect]] rules that match none of your roles'),
    ]);
  });
});

describe('on a terminal', () => {
  test('shows profiles, the current and protected roles and times, and with --wide also in a pipe', async () => {
    rig = await createRig({
      settings: '[[protect]]\nsession = "*"\naccount_id = "222222222222"\npermission_set = "Admin*"\n',
    });
    await rig.runCli(['login']);
    await rig.runCli(['use', '--current', 'Shop-Staging.ReadOnly']);
    const marked = `    ACCOUNT          ID            PERMISSION SET           PROFILE
    Log Archive      044444444444  ReadOnly                 Log-Archive.ReadOnly
⚠   professional-af  222222222222  Admin-AF-Permission-Set  professional-af.Admin-AF-Permission-Set
    professional-af  222222222222  ReadOnly                 professional-af.ReadOnly
*   Shop Staging     333333333333  ReadOnly                 Shop-Staging.ReadOnly
    taylor           111111111111  Admin-AF-Permission-Set  taylor.Admin-AF-Permission-Set
`.replaceAll(/^(.) {3}/gm, '$1  ');
    const shown = await run(['ls'], { isTerminal: true });
    expect(plain(shown.stdout)).toBe(marked);
    expect(shown.stderr).toBe('Listed A MOMENT ago. Signed in. * current role, ⚠ protected.\n');
    expect((await run(['ls', '--wide'])).stdout).toBe(marked);
    const paged: boolean[] = [];
    await rig.runCli(['ls'], { isTerminal: true, paged });
    await rig.runCli(['ls', '--no-pager'], { isTerminal: true, paged });
    await rig.runCli(['ls'], { paged });
    expect(paged).toEqual([true, false]);
    // Scripts get the same columns as ever.
    expect((await run(['ls'])).stdout).toBe(ALL);
  });

  test('columns give way in order, rows stay on one line, and names stay different', async () => {
    rig = await createRig({
      emulator: {
        directory: directoryOf([
          'Acme Corporation payments platform production 07',
          'Acme Corporation payments platform production 08',
          'Acme Corporation payments platform staging 07',
          'plain',
        ]),
      },
    });
    await rig.runCli(['login']);
    const at = async (columns: number, ...words: string[]) => {
      const { stdout, stderr } = await run(['ls', ...words], { isTerminal: true, columns });
      return { lines: plain(stdout).trimEnd().split('\n'), stderr };
    };
    const wide = await at(40, '--wide');
    expect(wide.lines[1]).toContain('Acme-Corporation-payments-platform-production-07.ReadOnly');
    expect((await at(110)).lines).toEqual([
      'ACCOUNT                                           ID            PERMISSION SET  PROFILE',
      'Acme Corporation payments platform production 07  100000000001  ReadOnly        Acme-Corporatio…on-07.ReadOnly',
      'Acme Corporation payments platform production 08  100000000002  ReadOnly        Acme-Corporatio…on-08.ReadOnly',
      'Acme Corporation payments platform staging 07     100000000003  ReadOnly        Acme-Corporatio…ng-07.ReadOnly',
      'plain                                             100000000004  ReadOnly        plain.ReadOnly',
    ]);
    const narrow = await at(60);
    expect(narrow.lines).toEqual([
      'ACCOUNT                         ID            PERMISSION SET',
      'Acme Corporatio…production 07   100000000001  ReadOnly',
      'Acme Corporatio…production 08   100000000002  ReadOnly',
      'Acme Corporatio…orm staging 07  100000000003  ReadOnly',
      'plain                           100000000004  ReadOnly',
    ]);
    expect(narrow.stderr).toBe('Listed A MOMENT ago. Signed in. Left out: profile\n(--wide shows all).\n');
    for (const columns of [100, 80, 60, 40, 24]) {
      const { lines } = await at(columns);
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      expect(lines).toHaveLength(5);
    }
  });
});

describe('colours', () => {
  test('follow --color, then NO_COLOR, then FORCE_COLOR, then the terminal', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    const isColoured = async (argv: readonly string[], environment: Record<string, string>, isTerminal: boolean) =>
      (await rig.runCli(argv, { isTerminal, environment })).stdout.includes('\u001b[2m');
    const seen: unknown[] = [];
    const cases: readonly [string[], Record<string, string>, boolean, boolean][] = [
      [['ls'], {}, true, false],
      [['ls'], { NO_COLOR: '1' }, false, false],
      [['ls'], { NO_COLOR: '' }, true, false],
      [['ls'], { TERM: 'dumb' }, false, false],
      [['ls'], { FORCE_COLOR: '1', TERM: 'dumb' }, true, true],
      [['ls'], { FORCE_COLOR: '0' }, false, false],
      [['ls'], { FORCE_COLOR: '1', NO_COLOR: '1' }, false, false],
      [['ls', '--color=always'], { NO_COLOR: '1' }, true, true],
      [['--color', 'never', 'ls'], { FORCE_COLOR: '1' }, false, false],
      [['ls', '--color=auto'], {}, true, false],
    ];
    for (const [argv, environment] of cases) {
      const [onTerminal, inPipe] = [
        await isColoured(argv, environment, true),
        await isColoured(argv, environment, false),
      ];
      seen.push([argv, environment, onTerminal, inPipe]);
    }
    expect(seen).toEqual(cases);
  });

  test('--color also counts for errors, and belongs to another program after its name', async () => {
    rig = await createRig();
    const { stderr } = await rig.runCli(['ls', '--color=always']);
    expect(stderr).toMatch(/^\u001b\[31mrolecall:\u001b\[39m No accounts/);
    expect((await rig.runCli(['ls', '--color=sometimes'])).exitCode).toBe(2);
    const other = await rig.runCli(['exec', 'nobody', '--', 'grep', '--color=always', 'x']);
    expect(other.stderr).not.toContain('\u001b');
  });
});

describe('hostile account names', () => {
  const HOSTILE = [
    'plain',
    'clear\u001b[2J\u001b]0;title\u0007',
    'bidi\u202egnp.exe\u2066\u061c',
    'two\nlines\r\tand tab',
    'c1\u009b31m',
    'quotes \' " ] $(touch x) `id`',
    '🚀 rocket',
    '会計',
    'x'.repeat(50),
    undefined,
  ];

  test('cannot move the cursor, reverse the text or add a line; columns stay aligned', async () => {
    rig = await createRig({ emulator: { directory: directoryOf(HOSTILE) } });
    const login = await rig.runCli(['login', '--yes'], { isTerminal: true, environment: { NO_COLOR: '1' } });
    const ls = await rig.runCli(['ls'], { isTerminal: true, columns: 100, environment: { NO_COLOR: '1' } });
    const list = await rig.runCli(['profiles', 'list']);
    const diff = await rig.runCli(['profiles', 'sync', '--dry-run']);
    for (const text of [login.stdout, ls.stdout, list.stdout, diff.stdout]) {
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u202a-\u202e\u2066-\u2069]/);
    }
    const lines = ls.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1 + HOSTILE.length);
    expect(lines.filter((line) => line.includes('\ufffd'))).toHaveLength(4);
    expect(lines.find((line) => line.includes('100000000010'))).toMatch(/^- +100000000010 {2}ReadOnly$/);
    expect(lines.find((line) => line.includes('rocket'))).toMatch(/^🚀 rocket {43}100000000007/);
    expect(lines.find((line) => line.includes('会計'))).toMatch(/^会計 {48}100000000008/);
    // JSON says it as it is.
    const names = (
      JSON.parse((await rig.runCli(['ls', '--json'])).stdout) as { accounts: { accountName: string | null }[] }
    ).accounts;
    expect(names.map(({ accountName }) => accountName)).toContain(HOSTILE[1]);
  });
});
