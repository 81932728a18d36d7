// The audit log: how lines are written, and the lines of a day on a real daemon over all three surfaces.
import { request } from 'node:http';
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProblems } from '../../../src/core/problems.ts';
import { HOUR_MS, MAX_LINES_PER_HOUR } from '../../../src/daemon/audit/audit-budget.ts';
import { createAuditLog } from '../../../src/daemon/audit/audit-log.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createRig, SESSION, type Rig } from '../../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ROLE = { sessionName: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
/** Without number and hash, which audit-chain.test.ts checks. */
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { seq: _seq, hash: _hash, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return rest;
    });

describe('the file', () => {
  let home: TemporaryHome;
  beforeEach(() => {
    home = createTemporaryHome();
  });
  afterEach(() => home.remove());

  function open(maxBytes?: number) {
    const path = join(home.path, 'audit.log');
    const clock = createFakeClock();
    const problems = createProblems();
    const audit = createAuditLog({ path, clock, problems, ...(maxBytes === undefined ? {} : { maxBytes }) });
    return { audit, clock, path, problems };
  }

  test('has one JSON document per line, in order, readable only by its owner', async () => {
    const { audit, clock, path } = open();
    audit.record({ event: 'console-opened', role: ROLE, federated: false, surface: 'web' });
    audit.record({ event: 'grant-issued', role: 'current', surface: 'socket', processId: 4711 });
    await audit.flush();
    await clock.advance(1000);
    audit.record({ event: 'signed-out', sessionName: 'two\nlines\u007f\u009b', surface: 'socket' });
    await audit.flush();
    expect(readFileSync(path, 'utf8').replaceAll(/,"hash":"[0-9a-f]{64}"\}$/gm, '}')).toBe(
      '{"at":"2026-11-24T06:00:00Z","event":"console-opened","session":"my-sso-session","accountId":"111111111111","permissionSet":"Admin-AF-Permission-Set","federated":false,"surface":"web","seq":1}\n' +
        '{"at":"2026-11-24T06:00:00Z","event":"grant-issued","current":true,"surface":"socket","processId":4711,"seq":2}\n' +
        '{"at":"2026-11-24T06:00:01Z","event":"signed-out","session":"two\\nlines\\u007f\\u009b","surface":"socket","seq":3}\n',
    );
    expect(linesOf(path).at(-1)).toMatchObject({ session: 'two\nlines\u007f\u009b' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('names the program, the approval and the reason of a refusal, and nothing else of the program', async () => {
    const { audit, path } = open();
    const executable = '/usr/bin/python3';
    const script = '/usr/bin/a\u202ews';
    const known = { executable, script, agent: 'codex', isVerified: true };
    const program = { ...known, processId: 4711, workingDirectory: '/home/taylor', terminal: null, confined: false };
    audit.record({ event: 'credentials-refused', role: ROLE, surface: 'socket', program, code: 'approval-refused' });
    audit.record({
      event: 'approval-given',
      role: ROLE,
      subject: 'role',
      surface: 'web',
      approvalId: 'a1',
      by: 'passkey',
    });
    audit.record({ event: 'locked', surface: 'daemon', reason: 'screen' });
    audit.record({ event: 'credentials-issued', surface: 'socket', program: { processId: 1, executable: null } });
    await audit.flush();
    const { sessionName: session, accountId, permissionSet } = ROLE;
    const at = '2026-11-24T06:00:00Z';
    const named = { at, session, accountId, permissionSet };
    const refused = { event: 'credentials-refused', surface: 'socket', processId: 4711, code: 'approval-refused' };
    const given = { event: 'approval-given', subject: 'role', surface: 'web', approvalId: 'a1', by: 'passkey' };
    expect(linesOf(path)).toEqual([
      { ...named, ...refused, program: known },
      { ...named, ...given },
      { at, event: 'locked', surface: 'daemon', reason: 'screen' },
      { at, event: 'credentials-issued', surface: 'socket', processId: 1 },
    ]);
    expect(readFileSync(path, 'utf8')).not.toContain('\u202e');
  });

  test('has a size limit, and keeps one predecessor', async () => {
    const { audit, path } = open(2000);
    for (let processId = 0; processId < 100; processId += 1) {
      audit.record({ event: 'daemon-started', surface: 'daemon', processId });
      await audit.flush();
    }
    for (const file of [path, `${path}.1`]) {
      expect(statSync(file).size).toBeLessThanOrEqual(2000);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    const kept = [...linesOf(`${path}.1`), ...linesOf(path)].map(({ processId }) => processId);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 100 - kept.length + index));
    expect(kept.length).toBeGreaterThan(10);
  });

  test('keeps its sign-ins even if a program locks, asks for grants and links, and refuses in a loop', async () => {
    const { audit, path } = open(100_000);
    audit.record({ event: 'sign-in-approved', sessionName: SESSION, surface: 'daemon' });
    for (let time = 0; time < 1000; time += 1) {
      audit.record({ event: 'locked', surface: 'socket', reason: 'command' });
      audit.record({ event: 'unlocked', surface: 'socket', reason: 'command' });
      audit.record({ event: 'grant-issued', role: ROLE, surface: 'socket' });
      audit.record({ event: 'grant-revoked', role: ROLE, surface: 'socket' });
      audit.record({ event: 'console-opened', role: ROLE, federated: false, surface: 'socket' });
      audit.record({ event: 'approval-refused', role: ROLE, surface: 'socket' });
      audit.record({ event: 'passkey-refused', surface: 'web' });
    }
    audit.record({ event: 'console-opened', role: ROLE, federated: true, surface: 'socket' });
    await audit.close();
    const lines = linesOf(path);
    expect(lines[0]).toMatchObject({ event: 'sign-in-approved' });
    // Neither hides what is not the same.
    expect(lines.filter(({ federated }) => federated === true)).toHaveLength(1);
    for (const event of [
      'locked',
      'unlocked',
      'grant-issued',
      'grant-revoked',
      'approval-refused',
      'passkey-refused',
    ]) {
      const found = lines.filter((line) => line['event'] === event);
      expect([event, found.length, found.at(-1)?.['count']]).toEqual([event, 21, 980]);
    }
  });

  test('keeps its sign-ins even if roles are switched and codes refused very often', async () => {
    const { audit, clock, path } = open();
    const hours = 7 * 24;
    for (let hour = 0; hour < hours; hour += 1) {
      if (hour % 24 === 0) audit.record({ event: 'sign-in-approved', sessionName: SESSION, surface: 'daemon' });
      for (let time = 0; time < 50; time += 1) {
        audit.record({ event: 'current-role-switched', role: ROLE, surface: 'web' });
        audit.record({ event: 'current-role-cleared', surface: 'socket' });
        audit.record({ event: 'web-code-refused', surface: 'web' });
      }
      await audit.flush();
      await clock.advance(HOUR_MS);
    }
    await audit.close();
    const lines = linesOf(path);
    const of = (...events: readonly string[]) => lines.filter(({ event }) => events.includes(String(event)));
    const count = (found: readonly Record<string, unknown>[]) =>
      found.reduce((sum, line) => sum + Number(line['count'] ?? 1), 0);
    expect(of('sign-in-approved').map(({ at }) => String(at).slice(0, 10))).toEqual(
      Array.from({ length: 7 }, (_, day) => `2026-11-${24 + day}`),
    );
    const switches = of('current-role-switched', 'current-role-cleared');
    expect([switches.length, count(switches)]).toEqual([hours * (MAX_LINES_PER_HOUR + 1), hours * 100]);
    expect([of('web-code-refused').length, count(of('web-code-refused'))]).toEqual([
      hours * (MAX_LINES_PER_HOUR + 1),
      hours * 50,
    ]);
  });

  test('has the first switches of an hour one by one, then the last with a count', async () => {
    const { audit, clock, path } = open();
    const switchTo = (accountId: string) =>
      audit.record({ event: 'current-role-switched', role: { ...ROLE, accountId }, surface: 'socket' });
    for (let id = 0; id < MAX_LINES_PER_HOUR + 3; id += 1) switchTo(String(id));
    await audit.flush();
    const first = linesOf(path).map(({ accountId }) => accountId);
    expect(first).toEqual(Array.from({ length: MAX_LINES_PER_HOUR }, (_, id) => String(id)));
    await clock.advance(HOUR_MS);
    switchTo('next');
    await audit.flush();
    expect(linesOf(path).slice(MAX_LINES_PER_HOUR)).toMatchObject([
      { at: '2026-11-24T06:00:00Z', accountId: String(MAX_LINES_PER_HOUR + 2), count: 3 },
      { at: '2026-11-24T07:00:00Z', accountId: 'next' },
    ]);
  });

  test("that can't be written is a problem until it can, and then gets the missing lines", async () => {
    const { audit, path, problems } = open();
    mkdirSync(path);
    audit.record({ event: 'daemon-started', surface: 'daemon' });
    audit.record({ event: 'daemon-stopped', surface: 'daemon' });
    await audit.flush();
    expect(problems.list()).toEqual([
      {
        code: 'file-not-writable',
        message: `${path} cannot be written: it is a folder.`,
        hint: expect.stringMatching(/\S/),
      },
    ]);
    rmdirSync(path);
    await audit.flush();
    expect(problems.list()).toEqual([]);
    expect(linesOf(path).map(({ event }) => event)).toEqual(['daemon-started', 'daemon-stopped']);
  });

  test("that can't be written for long loses its oldest lines", async () => {
    const { audit, path } = open();
    mkdirSync(path);
    for (let processId = 0; processId < 1500; processId += 1) {
      audit.record({ event: 'daemon-started', surface: 'daemon', processId });
    }
    await audit.flush();
    rmdirSync(path);
    await audit.flush();
    const [lost, ...kept] = linesOf(path);
    expect(lost).toMatchObject({ event: 'lines-lost', count: 500 });
    expect(kept.map(({ processId }) => processId)).toEqual(Array.from({ length: 1000 }, (_, index) => 500 + index));
  });

  test('is not written through a symlink', async () => {
    const { audit, path, problems } = open();
    const elsewhere = join(home.path, 'elsewhere');
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, path);
    audit.record({ event: 'daemon-started', surface: 'daemon' });
    await audit.flush();
    expect(readFileSync(elsewhere, 'utf8')).toBe('');
    expect(problems.list()).toMatchObject([{ code: 'file-not-writable' }]);
  });
});

describe('a day', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.remove();
    rig = undefined;
  });

  test('is recorded from start to stop, without a secret', { timeout: 60_000 }, async () => {
    const clock = createFakeClock();
    rig = await createRig({ clock, emulator: { clock, autoApprove: false } });
    const { client, emulator, paths } = rig;
    const secrets: string[] = [];
    const web = JSON.parse(readFileSync(paths.webAddressFile, 'utf8')) as { url: string; token: string };
    secrets.push(web.token);
    const startSignIn = async () => {
      const { userCode = '' } = await client.call('startSignIn', { session: SESSION, body: { force: true } });
      secrets.push(userCode);
      return userCode;
    };
    const outcome = (state: string) =>
      waitFor(`the sign-in to be ${state}`, async () => {
        await clock.advance(1000);
        const signIn = await client.call('signIn', { session: SESSION });
        return signIn?.state === state && (state !== 'approved' || signIn.setup?.state === 'done');
      });

    emulator.deny(await startSignIn());
    await outcome('denied');
    await startSignIn();
    clock.jump(3_600_000);
    await outcome('expired');
    emulator.approve(await startSignIn());
    await outcome('approved');

    const role = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' } as const;
    const query = { session: SESSION, account: role.accountId, role: role.permissionSet };
    /** The program is looked up after the answer. */
    const lineOf = (part: Record<string, unknown>) =>
      waitFor(`the line of ${JSON.stringify(part)}`, () =>
        linesOf(paths.auditFile).some((line) => Object.entries(part).every(([name, value]) => line[name] === value)),
      );
    for (let call = 0; call < 5; call += 1) {
      const keys = await client.call('credentials', { query });
      secrets.push(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken);
    }
    await lineOf({ event: 'credentials-issued', surface: 'socket' });
    const put = await fetch(`${web.url}/v1/current`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${web.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...role, profile: null }),
    });
    expect(put.status).toBe(200);
    secrets.push((await client.call('currentCredentials', {})).SecretAccessKey);
    await client.call('setCurrent', { body: null });

    const issue = async (wish: object) => {
      const grant = await client.call('createGrant', { body: { ...role, processId: process.pid, ...wish } });
      secrets.push(grant.token, grant.url, new URL(grant.url).pathname.split('/').at(-1) ?? '', grant.id);
      return grant;
    };
    const revoked = await issue({});
    // The first answer comes by the routes, the others from memory.
    for (let call = 0; call < 3; call += 1) secrets.push(...(await askContainer(revoked)));
    await lineOf({ event: 'credentials-issued', surface: 'container' });
    await client.call('revokeGrant', { id: revoked.id });
    await issue({ lifetimeSeconds: 60 });
    await clock.advance(61_000);
    await waitFor('the grant to be swept', async () => {
      await clock.advance(1000);
      return linesOf(paths.auditFile).at(-1)?.['event'] === 'grant-ended';
    });
    await issue({});

    await client.call('console', { body: role });
    const { url } = await client.call('console', { body: { ...role, federated: true } });
    secrets.push(url, new URL(url).searchParams.get('SigninToken') ?? url);
    // Nothing to write, and something.
    await client.call('syncProfiles', {});
    writeFileSync(rig.configPath, readFileSync(rig.configPath, 'utf8').replace(/# >>> rolecall[^]*/, ''));
    await client.call('syncProfiles', {});
    await client.call('signOut', { session: SESSION });
    const { code } = await client.call('webCode', {});
    secrets.push(code);
    await rig.restartDaemon();
    await waitFor('the next start', () => linesOf(paths.auditFile).at(-1)?.['event'] === 'daemon-started');

    const at = expect.stringMatching(/^2026-11-24T\d\d:\d\d:\d\dZ$/) as unknown;
    const session = { at, session: SESSION };
    const named = { ...session, accountId: role.accountId, permissionSet: role.permissionSet };
    const processId = process.pid;
    const own = { processId, program: anyProgram(process.execPath) };
    const caller = { processId: process.ppid, program: anyProgram(process.execPath) };
    expect(linesOf(paths.auditFile)).toEqual([
      { at: '2026-11-24T06:00:00Z', event: 'daemon-started', surface: 'daemon', processId },
      { ...session, event: 'sign-in-denied', flow: 'device', surface: 'daemon' },
      { ...session, event: 'sign-in-expired', flow: 'device', surface: 'daemon' },
      { ...session, event: 'sign-in-approved', flow: 'device', surface: 'daemon' },
      { at, event: 'profiles-written', surface: 'daemon' },
      { ...named, event: 'credentials-issued', surface: 'socket', ...caller },
      { ...named, event: 'current-role-switched', surface: 'web' },
      { at, event: 'current-role-cleared', surface: 'socket' },
      { ...named, event: 'grant-issued', surface: 'socket', processId },
      { ...named, event: 'credentials-issued', surface: 'container', ...own },
      { ...named, event: 'grant-revoked', surface: 'socket', processId },
      { ...named, event: 'grant-issued', surface: 'socket', processId },
      { ...named, event: 'grant-ended', surface: 'daemon', processId },
      { ...named, event: 'grant-issued', surface: 'socket', processId },
      { ...named, event: 'console-opened', federated: false, surface: 'socket', processId: process.ppid },
      { ...named, event: 'console-opened', federated: true, surface: 'socket', processId: process.ppid },
      { at, event: 'profiles-written', surface: 'socket' },
      { ...session, event: 'signed-out', surface: 'socket' },
      { ...named, event: 'grant-revoked', surface: 'socket', processId },
      // What the first lines only stand for.
      { ...named, event: 'credentials-issued', surface: 'socket', ...caller, count: 5 },
      { ...named, event: 'credentials-issued', surface: 'container', ...own, count: 2 },
      { at, event: 'daemon-stopped', surface: 'daemon', processId },
      { at, event: 'daemon-started', surface: 'daemon', processId },
    ]);
    const text = readFileSync(paths.auditFile, 'utf8');
    expect(secrets.filter((secret) => secret === '' || text.includes(secret))).toEqual([]);
    expect(text).not.toContain('http');
    expect((await client.call('status', {})).files).toMatchObject({ audit: paths.auditFile });
  });

  test('records written settings and team files, and nothing that was only read', async () => {
    rig = await createRig();
    const { client, home, paths } = rig;
    const source = join(home.path, 'team.toml');
    writeFileSync(
      source,
      '[session.work]\nstart_url = "https://d-0000000001.awsapps.com/start"\nregion = "us-east-1"\n',
    );
    for (const dryRun of [true, false, false]) {
      await client.call('setup', { body: { nameTemplate: '{account_id}.{permission_set}', dryRun } });
      await client.call('team', { body: { source, dryRun } });
    }
    await rig.daemon().stop();
    expect(linesOf(paths.auditFile).map(({ event, surface }) => `${String(event)} ${String(surface)}`)).toEqual([
      'daemon-started daemon',
      'settings-written socket',
      'team-taken socket',
      'daemon-stopped daemon',
    ]);
  });

  test('on a disk that accepts no line still gets answers, and the status shows the problem', async () => {
    rig = await createRig();
    const { client, paths, runCli } = rig;
    await waitFor('the first line', () => linesOf(paths.auditFile).length === 1);
    await rig.daemon().stop();
    expect(linesOf(paths.auditFile).map(({ event }) => event)).toEqual(['daemon-started', 'daemon-stopped']);
    rmSync(paths.auditFile);
    mkdirSync(paths.auditFile);
    await rig.restartDaemon();
    expect(await runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
    const query = { session: SESSION, account: ROLE.accountId, role: ROLE.permissionSet };
    expect(await client.call('credentials', { query })).toMatchObject({ Version: 1 });
    const message = `${paths.auditFile} cannot be written: it is a folder.`;
    await waitFor('the problem', async () =>
      (await client.call('status', {})).problems.some((problem) => problem.message === message),
    );
    expect(statSync(paths.auditFile).isDirectory()).toBe(true);
  });
});

/** A process of the tests; only Linux says what it runs. */
function anyProgram(executable: string): unknown {
  return process.platform === 'linux' ? expect.objectContaining({ executable: realpathSync(executable) }) : undefined;
}

/** The credentials from a grant's URL. */
function askContainer({ url, token }: { url: string; token: string }): Promise<string[]> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { authorization: token } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        const { SecretAccessKey, Token } = JSON.parse(text) as { SecretAccessKey: string; Token: string };
        resolve([SecretAccessKey, Token]);
      });
    })
      .on('error', reject)
      .end();
  });
}
