// Locking the daemon: what is refused on which surface, what stays possible, and that nothing but an unlock ends it.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { tokenFilePath } from '../../../src/aws-config/files/token-file.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { createApprovals } from '../../../src/daemon/approvals/approvals.ts';
import type { Caller } from '../../../src/daemon/http/caller.ts';
import { openLock } from '../../../src/daemon/lock/lock.ts';
import { createLocking } from '../../../src/daemon/lock/locking.ts';
import type { LockAnswerDocument } from '../../../src/local-api/schemas.ts';
import { readEvents } from '../../../src/local-api/events.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createRig, createSignedInRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const READ_ONLY = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' };
const CREDENTIALS = { query: { session: SESSION, account: ADMIN.accountId, role: ADMIN.permissionSet } };
const OTHER = { query: { session: SESSION, account: READ_ONLY.accountId, role: READ_ONLY.permissionSet } };
const LOCKED = { code: 'locked', httpStatus: 401, exitCode: 5, hint: 'rolecall unlock' };
const PROTECTED = `lock = "protected"
[[protect]]
permission_set = "Admin*"
approve = "click"
remember_minutes = 0
`;

let rig: Rig;
afterEach(() => rig.remove());

async function createLockedRig(options: RigOptions = {}): Promise<void> {
  rig = await createSignedInRig(options);
  expect(await rig.runCli(['lock'])).toMatchObject({ exitCode: 0 });
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const credentials = () => rig.client.call('credentials', CREDENTIALS);
const auditLines = () =>
  readFileSync(rig.paths.auditFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const lockOf = async () => (await rig.client.call('status', {})).lock;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** As an SDK asks the container surface. */
function fetchContainer({ url, token }: { readonly url: string; readonly token: string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers: { authorization: token } }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }));
    });
    outgoing.on('error', reject).end();
  });
}

describe('while everything is locked', () => {
  it('every way to credentials is refused, and works again after the unlock, grants included', async () => {
    rig = await createSignedInRig({ hasLastingPort: true });
    await rig.client.call('setCurrent', { body: ADMIN });
    const grant = await rig.client.call('createGrant', { body: ADMIN });
    const ofCurrent = await rig.client.call('createGrant', { body: { current: true } });
    expect(await fetchContainer(grant)).toMatchObject({ status: 200 });
    await credentials();

    expect(await rig.runCli(['lock'])).toEqual({
      exitCode: 0,
      stdout: 'Locked. Programs get no credentials until you run: rolecall unlock\n',
      stderr: '',
    });
    const asked = [
      credentials(),
      rig.client.call('currentCredentials', {}),
      rig.client.call('createGrant', { body: ADMIN }),
      rig.client.call('console', { body: ADMIN }),
      rig.client.call('console', { body: { ...ADMIN, federated: true } }),
      rig.client.call('setCurrent', { body: READ_ONLY }),
      rig.client.call('askApproval', { body: ADMIN }),
    ].map(failureOf);
    for (const failure of await Promise.all(asked)) expect(failure).toMatchObject(LOCKED);
    for (const granted of [grant, ofCurrent]) {
      expect(await fetchContainer(granted)).toEqual({
        status: 401,
        body: {
          code: 'locked',
          message: 'rolecall is locked: programs get no credentials.',
          hint: 'rolecall unlock',
          Code: 'locked',
          Message: 'rolecall is locked: programs get no credentials. Run: rolecall unlock',
        },
      });
    }

    expect(await rig.runCli(['unlock'])).toEqual({ exitCode: 0, stdout: 'Unlocked.\n', stderr: '' });
    expect(await fetchContainer(grant)).toMatchObject({ status: 200 });
    expect(await fetchContainer(ofCurrent)).toMatchObject({ status: 200 });
    expect(await credentials()).toMatchObject({ AccountId: ADMIN.accountId });
    expect(auditLines().filter(({ event }) => event === 'locked' || event === 'unlocked')).toMatchObject([
      { event: 'locked', surface: 'socket', reason: 'command' },
      { event: 'unlocked', surface: 'socket', reason: 'command' },
    ]);
  });

  it('every command that gives out credentials prints one sentence and the command', async () => {
    await createLockedRig();
    const role = ['--session', SESSION, '--account', ADMIN.accountId, '--role', ADMIN.permissionSet];
    for (const argv of [
      ['env', 'account1'],
      ['exec', 'account1', '--', 'true'],
      ['console', 'account1'],
      ['credential-process', ...role],
      ['use', '--current', 'account1'],
    ]) {
      expect([argv[0], await rig.runCli(argv)]).toEqual([
        argv[0],
        {
          exitCode: 5,
          stdout: '',
          stderr: 'rolecall: rolecall is locked: programs get no credentials. [locked]\nRun: rolecall unlock\n',
        },
      ]);
    }
  });

  it('the rest works: status, lists, and signing in and out', async () => {
    await createLockedRig();
    expect(await lockOf()).toEqual({ isLocked: true, since: expect.any(String), reason: 'command', scope: 'all' });
    expect((await rig.client.call('accounts', { query: {} })).accounts.length).toBeGreaterThan(0);
    expect(await rig.client.call('approvals', {})).toEqual({ approvals: [] });
    expect(await rig.client.call('setCurrent', { body: null })).toBeNull();
    expect(await rig.runCli(['logout'])).toMatchObject({ exitCode: 0 });
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
    expect(await rig.runCli(['lock', '--json'])).toMatchObject({ stdout: '{"locked":true,"scope":"all"}\n' });
    expect(await rig.runCli(['unlock', '--json'])).toMatchObject({ stdout: '{"locked":false}\n' });
    expect(await rig.runCli(['unlock'])).toMatchObject({ exitCode: 0, stdout: 'Unlocked.\n' });
    expect(await lockOf()).toBeNull();
    expect(await credentials()).toBeDefined();
  });

  it('a restart does not unlock, and neither does a damaged file', async () => {
    await createLockedRig();
    await rig.restartDaemon();
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
    const file = join(rig.paths.stateDirectory, 'lock.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ locked: { reason: 'command' } });
    writeFileSync(file, '{"schemaVersion":1,"locked":');
    await rig.restartDaemon();
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
    expect(await rig.runCli(['unlock'])).toMatchObject({ exitCode: 0 });
    await rig.restartDaemon();
    expect(await lockOf()).toBeNull();
  });

  it('a lock that can’t be saved counts, and a problem says what a restart does', async () => {
    rig = await createSignedInRig();
    const file = join(rig.paths.stateDirectory, 'lock.json');
    mkdirSync(file);
    await rig.runCli(['lock']);
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
    expect((await rig.client.call('status', {})).problems).toEqual([
      expect.objectContaining({
        code: 'file-not-writable',
        message: expect.stringMatching(/lock\.json .* A restart of the daemon unlocks\.$/),
      }),
    ]);
    rmdirSync(file);
    await waitFor('the problem to end', async () => (await rig.client.call('status', {})).problems.length === 0);
    await rig.restartDaemon();
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
  });

  it('events say so', async () => {
    rig = await createSignedInRig();
    const seen: string[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      const events = readEvents({
        socketCandidates: rig.paths.socketCandidates,
        clock: createSystemClock(),
        signal: stop.signal,
      });
      for await (const event of events) {
        seen.push(event.type === 'lock' ? `lock ${event.data?.reason}` : event.type);
      }
    })();
    await waitFor('the hello', () => seen.includes('hello'));
    await rig.runCli(['lock']);
    await waitFor('the lock', () => seen.includes('lock command'));
    await rig.runCli(['unlock']);
    await waitFor('the unlock', () => seen.includes('lock undefined'));
    stop.abort();
    await reading;
  });

  it('200 callers get no key between a lock and the next unlock', async () => {
    rig = await createSignedInRig();
    const ask = (count: number) =>
      Array.from({ length: count }, async (_, index) => {
        const failure = await failureOf(rig.client.call('credentials', index % 2 === 0 ? CREDENTIALS : OTHER));
        return failure === undefined ? 'served' : (failure as { code?: string }).code;
      });
    const outcomes = new Set<unknown>();
    for (let round = 0; round < 4; round += 1) {
      const before = ask(100);
      await rig.client.call('lock', {});
      expect([...new Set(await Promise.all(ask(100)))]).toEqual(['locked']);
      await rig.client.call('unlock', {});
      for (const outcome of await Promise.all(before)) outcomes.add(outcome);
      expect([...new Set(await Promise.all(ask(2)))]).toEqual(['served']);
    }
    // Callers that came before the lock may have had their answer.
    outcomes.delete('served');
    expect([...outcomes]).toEqual(['locked']);
  });
});

describe('lock = "protected"', () => {
  it('refuses only roles that need an approval', async () => {
    await createLockedRig({ settings: PROTECTED });
    expect(await lockOf()).toMatchObject({ isLocked: true, scope: 'protected' });
    expect(await rig.client.call('credentials', OTHER)).toMatchObject({ AccountId: READ_ONLY.accountId });
    expect(await failureOf(credentials())).toMatchObject({
      ...LOCKED,
      message:
        'rolecall is locked: programs get no credentials of protected roles, such as Admin-AF-Permission-Set in account 111111111111.',
    });
    expect(await failureOf(rig.client.call('createGrant', { body: ADMIN }))).toMatchObject(LOCKED);
    expect(await rig.client.call('createGrant', { body: READ_ONLY })).toBeDefined();
    expect(await rig.runCli(['lock'])).toMatchObject({
      stdout: 'Locked. Programs get no credentials of protected roles until you run: rolecall unlock\n',
    });
  });
});

describe('unlock = "click"', () => {
  it('keeps the daemon locked until somebody has confirmed, and the command waits for that', async () => {
    await createLockedRig({ settings: 'unlock = "click"\n' });
    const answer = await rig.client.call('unlock', {});
    expect(answer).toMatchObject({ locked: true, approval: { state: 'pending', subject: 'unlock', approve: 'click' } });
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
    await rig.client.call('refuseApproval', { id: answer.approval?.id ?? '' });
    expect(await lockOf()).toMatchObject({ isLocked: true });
    expect(await failureOf(credentials())).toMatchObject(LOCKED);
  });

  it('unlocks once it is approved, unless it was locked again meanwhile', async () => {
    const clock = createFakeClock();
    const log = () => undefined;
    const settings = { lock: 'all', lockWithScreen: false, lockAfterMinutes: 0, unlock: 'click', protect: [] } as const;
    const lock = await openLock({
      settings,
      file: {
        read: async () => undefined,
        write: async () => 'written',
        stamp: async () => '',
        wasDamaged: async () => false,
      },
      audit: { record: log },
      problems: { raise: log, clear: log },
      clock,
      log,
    });
    let ids = 0;
    const approvals = createApprovals({ clock, createId: () => `id-${(ids += 1)}` });
    const { handlers, close } = await createLocking({
      lock,
      settings,
      broker: { seal: log },
      approvals,
      changes: { announce: log },
      environment: {},
      userId: 1,
      paths: { settingsFile: '/config.toml' },
      problems: { raise: log, clear: log },
      clock,
      log,
    });
    const caller = { surface: 'socket', program: async () => undefined } as unknown as Caller;
    const askForUnlock = async () => ((await handlers.unlock({}, caller)) as LockAnswerDocument).approval?.id ?? '';
    await handlers.lock({}, caller);
    const early = await askForUnlock();
    await handlers.lock({}, caller);
    expect(approvals.approve(early, 'click')).toBe(false);
    expect(lock.isLocked()).toBe(true);
    // Neither the screen nor a refusal opens it.
    await lock.change({ kind: 'screen-locked', isKnown: true }, 'daemon');
    approvals.refuse(await askForUnlock(), 'socket');
    expect(lock.isLocked()).toBe(true);
    approvals.approve(await askForUnlock(), 'click');
    expect(lock.isLocked()).toBe(false);
    expect(await handlers.unlock({}, caller)).toEqual({ locked: false, scope: 'all', approval: null });
    close();
    approvals.close();
  });
});

describe('lock_after_minutes', () => {
  it('locks when no person has acted for so long; programs that ask for credentials are none', async () => {
    const clock = createFakeClock();
    rig = await createRig({ clock, settings: 'lock_after_minutes = 10\n' });
    /** Ticks write files, so that the next one may begin late. */
    const idleLock = () =>
      waitFor('the lock', async () => {
        await clock.advance(16_000);
        return (await lockOf())?.reason === 'idle';
      });
    const codeOf = async () => ((await failureOf(credentials())) as { code?: string }).code;
    expect(await lockOf()).toEqual({ isLocked: false, since: null, reason: null, scope: 'all' });
    for (let minute = 0; minute < 9; minute += 1) {
      await clock.advance(60_000);
      expect(await codeOf()).toBe('sign-in-required');
    }
    await rig.client.call('webCode', {});
    await clock.advance(9 * 60_000);
    expect(await codeOf()).toBe('sign-in-required');
    await idleLock();
    expect(await codeOf()).toBe('locked');
    await rig.runCli(['unlock']);
    await clock.advance(60_000);
    expect(await codeOf()).toBe('sign-in-required');
    // A laptop that slept.
    clock.jump(3_600_000);
    await idleLock();
  });
});

describe('a native profile', () => {
  it('finds no token in the AWS CLI’s file while it is locked', async () => {
    rig = await createSignedInRig();
    const path = tokenFilePath(rig.home.path, SESSION);
    await waitFor('the token file', () => existsSync(path));
    await rig.runCli(['lock']);
    await waitFor('the end of the file', () => !existsSync(path));
    await rig.runCli(['unlock']);
    await waitFor('the token file', () => existsSync(path));
    expect((await rig.client.call('status', {})).problems).toEqual([]);
  });
});
