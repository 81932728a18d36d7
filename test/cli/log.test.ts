// `rolecall log`: what it prints, filters and follows, and its check of the audit log.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLog, type LogOptions } from '../../src/cli/commands/log/run.ts';
import { displayWidth } from '../../src/cli/terminal/display-width.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { createProblems } from '../../src/core/problems.ts';
import { createAuditLog } from '../../src/daemon/audit/audit-log.ts';
import type { AuditRecord } from '../../src/daemon/audit/audit-record.ts';
import { resolvePaths } from '../../src/local-api/paths.ts';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';

import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ROLE = { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' } as const;
const OTHER = { ...ROLE, accountId: '222222222222', permissionSet: 'Platform-Engineering-Power-User' } as const;

let home: TemporaryHome;
let clock: FakeClock;
let path: string;
let stateDirectory: string;
beforeEach(() => {
  home = createTemporaryHome();
  clock = createFakeClock();
  ({ auditFile: path, stateDirectory } = pathsOf());
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
});
afterEach(() => home.remove());

const pathsOf = () => resolvePaths({ environment: {}, homeDirectory: home.path, platform: 'linux', userId: -1 });

function openAudit(maxBytes?: number) {
  return createAuditLog({ path, clock, problems: createProblems(), ...(maxBytes === undefined ? {} : { maxBytes }) });
}

async function write(...records: readonly AuditRecord[]): Promise<void> {
  const audit = openAudit();
  for (const record of records) audit.record(record);
  await audit.flush();
}

interface RunOptions extends Partial<LogOptions> {
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string) => void;
  readonly environment?: Readonly<Record<string, string>>;
}

async function run({ columns, signal, onOutput, environment = {}, ...options }: RunOptions = {}) {
  let stdout = '';
  let stderr = '';
  const paged: boolean[] = [];
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const write = (text: string) => {
    stdout += text;
    onOutput?.(text);
  };
  const exitCode = await runLog(
    { pager: true, ...options },
    {
      stdout: { ...terminal, write },
      stderr: { write: (text) => (stderr += text) },
      environment,
      homeDirectory: home.path,
      paths: pathsOf(),
      clock: signal === undefined ? clock : createSystemClock(),
      signal: signal ?? new AbortController().signal,
      async page(text, { usesPager }) {
        paged.push(usesPager);
        write(text);
      },
    },
  );
  return { exitCode, stdout, stderr, paged };
}

/** In the zone of the machine, as people read it. */
const timeOf = (iso: string) => new Date(iso).toTimeString().slice(0, 8);

test('prints time, event, role, reason, program, count and surface, newest last, with a heading for each day', async () => {
  writeNames();
  const program = { processId: 4711, executable: '/usr/bin/python3.13', script: '/usr/bin/aws', isVerified: true };
  await write({ event: 'sign-in-approved', sessionName: 'work', flow: 'device', surface: 'daemon' });
  await clock.advance(1000);
  await write(
    { event: 'credentials-issued', role: ROLE, surface: 'socket', program },
    { event: 'credentials-issued', role: OTHER, surface: 'container', program: { ...program, agent: 'codex' } },
  );
  await clock.advance(48 * 3_600_000);
  await write(
    { event: 'credentials-refused', role: ROLE, surface: 'socket', code: 'approval-refused' },
    { event: 'approval-given', role: ROLE, surface: 'web', by: 'passkey', approvalId: 'a' },
    { event: 'grant-issued', role: 'current', surface: 'socket', program: { agent: 'codex', confined: true } },
  );
  const [first, second, third] = ['2026-11-24T06:00:00Z', '2026-11-24T06:00:01Z', '2026-11-26T06:00:01Z'].map(timeOf);
  expect(await run()).toEqual({
    exitCode: 0,
    stdout: `2026-11-24, Tuesday
${first}  signed in         work  device
${second}  credentials       taylor.Admin  python3.13 aws, socket, pid 4711
${second}  credentials       222222222222 Platform-Engineering-Power-User  python3.13 aws, agent codex, not confined, container, pid 4711

2026-11-26, Thursday
${third}  refused           taylor.Admin  approval-refused, socket
${third}  approved          taylor.Admin  by passkey, page
${third}  grant             the current role  agent codex, confined, socket
`,
    stderr: '',
    paged: [true],
  });
});

function writeNames(): void {
  const profiles = [{ ...ROLE, profileName: 'taylor.Admin', aliases: ['boss'] }];
  writeFileSync(
    join(stateDirectory, 'profile-names.json'),
    JSON.stringify({ schemaVersion: 1, template: '', profiles }),
  );
}

test.each([80, 60, 30])('fits %i columns, with colours on a terminal only', async (columns) => {
  const program = { processId: 4711, executable: `/usr/bin/${'python'.repeat(9)}`, script: '/x/a.py', agent: 'codex' };
  for (const role of [ROLE, OTHER]) {
    await write(
      { event: 'credentials-issued', role, surface: 'container', program },
      { event: 'credentials-refused', role, surface: 'socket', code: 'permission-set-not-assigned', program },
    );
  }
  const { stdout } = await run({ columns });
  const lines = stdout.split('\n');
  expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
  expect(lines).toHaveLength(10);
  expect(stdout).toContain('\u001b[');
  expect((await run({ columns, environment: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
  expect((await run()).stdout).not.toContain('\u001b');
});

test('finds roles by profile name, alias or words, and lines by age or date', async () => {
  writeNames();
  await write({ event: 'credentials-issued', role: ROLE, surface: 'socket' });
  await clock.advance(2 * 3_600_000);
  await write(
    { event: 'credentials-issued', role: OTHER, surface: 'socket' },
    { event: 'daemon-stopped', surface: 'daemon' },
  );
  await clock.advance(60_000);
  const accounts = async (options: RunOptions) =>
    (await run({ json: true, ...options })).stdout
      .split('\n')
      .flatMap((line) => /"accountId":"(\d)/.exec(line)?.[1] ?? []);
  for (const role of ['taylor.Admin', 'BOSS', 'admin', '1111', 'work adm']) {
    expect(await accounts({ role }), role).toEqual(['1']);
  }
  for (const role of ['power engineering', '222222222222', '2222-2222']) {
    expect(await accounts({ role }), role).toEqual(['2']);
  }
  expect(await accounts({ role: 'work' })).toEqual(['1', '2']);
  for (const since of ['1h', '90m', '2026-11-24T07:00Z', '3600s']) {
    expect(await accounts({ since }), since).toEqual(['2']);
  }
  for (const since of ['3h', '1d', '1w', '2026-11-20']) {
    expect(await accounts({ since }), since).toEqual(['1', '2']);
  }
  expect(await accounts({ lines: '2' })).toEqual(['2']);
  expect(await run({ role: 'nobody' })).toMatchObject({ stdout: '', stderr: 'No line of the audit log matches.\n' });
  for (const since of ['yesterday', '2026-13-45', '']) {
    await expect(run({ since })).rejects.toThrow('--since takes 30m, 2h, 3d or a date');
  }
  await expect(run({ lines: 'all' })).rejects.toThrow('--lines takes a number');
  await expect(run({ verify: true, role: 'x' })).rejects.toThrow('--verify checks the whole log');
});

test('names a chained role by its profile, and finds it by that name', async () => {
  const chained = (accountId: string, name: string) => ({ ...ROLE, accountId, permissionSet: `chain:${name}` });
  await write(
    { event: 'credentials-issued', role: ROLE, surface: 'socket' },
    { event: 'credentials-issued', role: chained('222222222222', 'prod.deploy'), surface: 'socket' },
    { event: 'credentials-issued', role: chained('333333333333', `~${'0a'.repeat(16)}`), surface: 'socket' },
  );
  const subjects = async (options: RunOptions) =>
    (await run(options)).stdout.split('\n').flatMap((line) => / credentials +(.*?) {2}socket/.exec(line)?.[1] ?? []);
  expect(await subjects({})).toEqual(['111111111111 Admin', 'prod.deploy', '333333333333 chained role']);
  for (const role of ['prod.deploy', 'deploy', 'PROD', '2222']) {
    expect(await subjects({ role }), role).toEqual(['prod.deploy']);
  }
  expect(await subjects({ role: 'chain:prod.deploy' })).toEqual([]);
  expect(await run({ json: true })).toMatchObject({ stdout: expect.stringContaining('"chain:prod.deploy"') });
});

test('finds the role of exec --via by its name and by what it started from, with all that followed', async () => {
  const role = { ...ROLE, accountId: '333333333333', permissionSet: `chain:~${'0a'.repeat(16)}` };
  const hop = {
    name: 'x',
    source: ROLE,
    roleArn: 'arn:aws:iam::333333333333:role/team/Deploy',
    roleSessionName: 'taylor',
    durationSeconds: 3600,
    origin: 'command',
  } as const;
  await write(
    { event: 'grant-issued', role, hop, surface: 'socket' },
    { event: 'grant-issued', role: { ...role, permissionSet: `chain:~${'0b'.repeat(16)}` }, surface: 'socket' },
    { event: 'credentials-issued', role, surface: 'container' },
  );
  for (const query of ['deploy', ROLE.permissionSet]) {
    const { stdout } = await run({ role: query });
    expect(stdout.match(/333333333333 chained role/gu)).toHaveLength(2);
  }
});

test('prints the lines as they are as JSON, without a pager', async () => {
  await write({ event: 'signed-out', sessionName: 'a\u202eb', surface: 'web' });
  expect(await run({ json: true })).toEqual({ exitCode: 0, stdout: readFileSync(path, 'utf8'), stderr: '', paged: [] });
});

test('says so if there is nothing yet', async () => {
  const nothing = { exitCode: 0, stdout: '', stderr: 'The audit log has no lines yet.\n', paged: [true] };
  expect(await run()).toEqual(nothing);
  expect(await run({ verify: true })).toMatchObject({ exitCode: 0, stdout: 'There is no audit log yet.\n' });
});

test('shows hostile lines harmlessly, and passes over what is no line', async () => {
  const hostile = {
    at: '2026-11-24T06:00:00Z',
    event: 'new\u001b[2Jevent',
    surface: '\u009b2J',
    session: 'a\u202eb',
    permissionSet: 7,
    program: { executable: ['x'], agent: '\u001b]0;title\u0007' },
    processId: '\u001b[H',
    count: {},
  };
  const lines = [hostile, { ...hostile, at: 'never' }].map((line) => JSON.stringify(line));
  writeFileSync(path, [...lines, '7', 'null', '{"at":7}', '\u001b[2J', ''].join('\n'));
  const { stdout } = await run();
  expect(stdout.split('\n')).toHaveLength(4);
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(stdout).toContain('new\ufffd[2Jevent');
  expect((await run({ json: true })).stdout).not.toMatch(/[\u001b\u009b\u202e]/);
});

test('refuses a log that is not a file', async () => {
  execFileSync('mkfifo', [path]);
  await expect(run()).rejects.toThrow(`${path} cannot be read: it is not a regular file.`);
  await expect(run({ verify: true })).rejects.toThrow(`${path} cannot be read: it is not a regular file.`);
  rmSync(path);
  mkdirSync(path);
  await expect(run()).rejects.toThrow('it is a folder');
});

test('reads 10,000 lines of two files, and checks them', async () => {
  const audit = openAudit(1_200_000);
  for (let id = 0; id < 10_000; id += 1) {
    audit.record({ event: 'credentials-issued', role: { ...ROLE, accountId: String(id) }, surface: 'socket' });
    if (id % 500 === 499) await audit.flush();
  }
  const { stdout } = await run({ json: true });
  expect(stdout.trimEnd().split('\n')).toHaveLength(10_000);
  expect((await run({ role: '9999' })).stdout.split('\n')).toHaveLength(3);
  const checked = await run({ verify: true });
  expect(checked).toMatchObject({ exitCode: 0, stderr: '' });
  expect(checked.stdout.split('\n')).toEqual([
    '10000 lines checked, from 2026-11-24T06:00:00Z to 2026-11-24T06:00:00Z.',
    `  ${path}.1`,
    `  ${path}`,
    'Intact: no line was changed, and none is missing.',
    expect.stringMatching(/^Last line: 10000 [0-9a-f]{64}$/),
    '',
  ]);
});

test('names what is wrong with the log, exit code 1', async () => {
  await write(
    ...Array.from(
      { length: 5 },
      (_, processId) => ({ event: 'daemon-started', surface: 'daemon', processId }) as const,
    ),
  );
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const check = async (changed: readonly string[]) => {
    writeFileSync(path, changed.map((line) => `${line}\n`).join(''));
    const [{ exitCode, stdout }, json] = await Promise.all([run({ verify: true }), run({ verify: true, json: true })]);
    expect([exitCode, json.exitCode]).toEqual([1, 1]);
    expect(JSON.parse(json.stdout)).toMatchObject({ isIntact: false, fault: { kind: expect.any(String) } });
    return stdout.split('\n').find((line) => line.startsWith('Not intact: '));
  };
  expect(await check(lines.with(1, lines[1]?.replace('"processId":1', '"processId":9') ?? ''))).toBe(
    `Not intact: line 2 was changed (${path}:2).`,
  );
  expect(await check(lines.toSpliced(2, 1))).toBe(`Not intact: line 3 is missing before ${path}:3.`);
  expect(await check(lines.slice(0, 3))).toBe('Not intact: 2 lines, 4 to 5, are missing at the end.');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  expect(JSON.parse((await run({ verify: true, json: true })).stdout)).toMatchObject({
    isIntact: true,
    lines: { intact: 5, withoutHash: 0, torn: 0 },
    files: [path],
    head: { seq: 5 },
    fault: null,
  });
});

test('is intact while a daemon writes and rotates', async () => {
  const audit = openAudit(20_000);
  const results: unknown[] = [];
  for (let round = 0; round < 15; round += 1) {
    const checking = run({ verify: true });
    for (let processId = 0; processId < 20; processId += 1) {
      audit.record({ event: 'daemon-started', surface: 'daemon', processId });
      await audit.flush();
    }
    results.push((await checking).exitCode);
  }
  expect(new Set(results)).toEqual(new Set([0]));
});

test('follows new lines across rotations and restarts, until it is interrupted', { timeout: 30_000 }, async () => {
  for (let processId = 0; processId < 15; processId += 1) {
    await write({ event: 'daemon-started', surface: 'daemon', processId });
  }
  const interrupt = new AbortController();
  const seen: number[] = [];
  const following = run({
    follow: true,
    json: true,
    signal: interrupt.signal,
    onOutput(text) {
      for (const [, id] of text.matchAll(/"processId":(\d+)/g)) seen.push(Number(id));
    },
  });
  const expectSeen = (last: number) => waitFor(`line ${last}`, () => seen.at(-1) === last);
  await expectSeen(14);
  expect(seen).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const audit = openAudit(2000);
  for (let processId = 15; processId < 60; processId += 1) {
    audit.record({ event: 'daemon-started', surface: 'daemon', processId });
    await audit.flush();
    if (processId % 4 === 0) await expectSeen(processId);
  }
  await expectSeen(59);
  rmSync(path);
  renameSync(`${path}.1`, `${path}.old`);
  await write({ event: 'daemon-started', surface: 'daemon', processId: 60 });
  await expectSeen(60);
  expect(seen).toEqual(Array.from({ length: 56 }, (_, index) => index + 5));
  interrupt.abort(new Error('interrupted'));
  await expect(following).rejects.toThrow('interrupted');
});
