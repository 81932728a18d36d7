// The audit lines of issued and refused credentials: one per role, surface and program, then counts; and `audit = "required"`.
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RefusedError, SignInRequiredError } from '../../../src/core/errors.ts';
import { createProblems } from '../../../src/core/problems.ts';
import { HOUR_MS, MAX_LINES_PER_HOUR } from '../../../src/daemon/audit/audit-budget.ts';
import { createIssuanceLog } from '../../../src/daemon/audit/audit-issuance.ts';
import { createAuditLog } from '../../../src/daemon/audit/audit-log.ts';
import type { AuditLine, AuditProgram } from '../../../src/local-api/schemas/audit.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const ROLE = { sessionName: 'work', accountId: '111111111111', permissionSet: 'Admin' } as const;
const AWS = { executable: '/usr/bin/python3', script: '/usr/bin/aws' } as const;
const AGENT = { executable: '/usr/bin/node', script: null, agent: 'Codex' } as const;

let home: TemporaryHome;
let path: string;
beforeEach(() => {
  home = createTemporaryHome();
  path = join(home.path, 'audit.log');
});
afterEach(() => home.remove());

function open({
  isRequired = false,
  programs = {},
}: { isRequired?: boolean; programs?: Record<number, AuditProgram> } = {}) {
  const clock = createFakeClock();
  const problems = createProblems();
  const audit = createAuditLog({ path, clock, problems, isRequired });
  const lookups: number[] = [];
  const issuanceLog = createIssuanceLog({
    audit,
    clock,
    async findProgram(processId) {
      lookups.push(processId);
      await nextTurn();
      const program = programs[processId];
      return program && { processId, ...program };
    },
  });
  /** The new lines, briefly. */
  let read = 0;
  async function lines() {
    for (let turn = 0; turn < 4; turn += 1) await nextTurn();
    await audit.flush();
    const all = readFileSync(path, 'utf8').trimEnd().split('\n');
    const added = all.slice(read);
    read = all.length;
    return added.map((text) => {
      const line = JSON.parse(text) as AuditLine;
      const { event, accountId, surface, code, processId, program, count } = line;
      const name = program?.executable?.split('/').at(-1);
      return [event, accountId, code, surface, processId, name, count].filter((part) => part !== undefined).join(' ');
    });
  }
  const note = (...call: Parameters<typeof issuanceLog.note>) => void issuanceLog.note(...call);
  return { audit, clock, problems, issuanceLog, note, lookups, lines };
}

const ISSUED = 'credentials-issued 111111111111';
const REFUSED = 'credentials-refused 111111111111';

test('issued credentials have one line per role, surface and program, then a count each hour', async () => {
  const { clock, note, lines, audit } = open({ programs: { 10: AWS, 11: AWS, 20: AGENT } });
  for (let call = 0; call < 100; call += 1) {
    note({ ...ROLE }, { surface: 'socket' });
    note(ROLE, { surface: 'container', processId: 20 });
  }
  expect(await lines()).toEqual([`${ISSUED} socket`, `${ISSUED} container 20 node`]);
  note(ROLE, { surface: 'socket', processId: 10 });
  await nextTurn();
  note(ROLE, { surface: 'socket', processId: 11 });
  note({ ...ROLE, accountId: '2' }, { surface: 'socket', processId: 10 });
  expect(await lines()).toEqual([`${ISSUED} socket 10 python3`, 'credentials-issued 2 socket 10 python3']);
  await clock.advance(HOUR_MS - 1);
  note(ROLE, { surface: 'socket' });
  await clock.advance(1);
  expect(await lines()).toEqual([
    `${ISSUED} socket 100`,
    `${ISSUED} container 20 node 99`,
    // The last of them.
    `${ISSUED} socket 11 python3`,
  ]);
  note(ROLE, { surface: 'socket' });
  note(ROLE, { surface: 'socket' });
  await nextTurn();
  await audit.close();
  expect(await lines()).toEqual([`${ISSUED} socket`, `${ISSUED} socket`]);
});

test('a process is looked up once an hour, after the answer, and few at a time', async () => {
  const { note, lookups, lines } = open({ programs: { 10: AWS } });
  note(ROLE, { surface: 'socket', processId: 10 });
  expect(lookups).toEqual([]);
  await lines();
  for (let call = 0; call < 100; call += 1) note(ROLE, { surface: 'socket', processId: 10 });
  await lines();
  expect(lookups).toEqual([10]);
  for (let processId = 100; processId < 200; processId += 1) note(ROLE, { surface: 'web', processId });
  await nextTurn();
  expect(lookups).toHaveLength(21);
});

test('a role has a limited number of programs an hour', async () => {
  const programs = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [1000 + index, { executable: `/tmp/x${index}` }]),
  );
  const { note, lines } = open({ programs });
  for (let processId = 1000; processId < 1060; processId += 1) {
    note(ROLE, { surface: 'socket', processId });
    await nextTurn();
  }
  expect(await lines()).toHaveLength(MAX_LINES_PER_HOUR);
});

test('each of very many roles has a line, and a repeat has none', async () => {
  const { note, lines } = open();
  const written: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    for (let id = 0; id < 3000; id += 1) {
      note({ ...ROLE, accountId: String(id) }, { surface: 'socket' });
      // The log drops lines if more than a thousand wait for the disk.
      if (id % 500 === 499) written.push(...(await lines()));
    }
    expect(new Set(written).size).toBe(3000);
    expect(written).toHaveLength(3000);
  }
});

test('issued credentials have a line again when the clock was set back', async () => {
  const { audit, clock, note, lines } = open();
  for (let call = 0; call < 3; call += 1) note(ROLE, { surface: 'socket' });
  expect(await lines()).toEqual([`${ISSUED} socket`]);
  clock.jump(-2 * HOUR_MS);
  note(ROLE, { surface: 'socket' });
  expect(await lines()).toEqual([`${ISSUED} socket`]);
  note(ROLE, { surface: 'socket' });
  expect(await lines()).toEqual([]);
  await audit.close();
  expect(await lines()).toEqual([`${ISSUED} socket 3`]);
});

test('the log says which programs were confined', async () => {
  const { note, lines } = open({ programs: { 20: AGENT } });
  note(ROLE, { surface: 'container', processId: 20, isConfined: true });
  await lines();
  note(ROLE, { surface: 'container', processId: 21, isConfined: true });
  await lines();
  note(ROLE, { surface: 'container', processId: 20 });
  await lines();
  const programs = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as AuditLine).program);
  const { executable, agent } = AGENT;
  expect(programs).toEqual([{ executable, agent, confined: true }, { confined: true }, { executable, agent }]);
});

test('refusals have a line with their code, and a budget of their own', async () => {
  const { audit, issuanceLog, note, lines } = open({ programs: { 20: AGENT } });
  const refused = new RefusedError('approval-refused', 'No.');
  const ended = new SignInRequiredError('sign-in-expired', 'Over.');
  for (let call = 0; call < 50; call += 1) {
    issuanceLog.refuse(ROLE, { surface: 'socket', processId: 20 }, refused);
    await nextTurn();
  }
  issuanceLog.refuse('current', { surface: 'socket' }, ended);
  expect(await lines()).toEqual([
    `${REFUSED} approval-refused socket 20 node`,
    'credentials-refused sign-in-expired socket',
  ]);
  for (let id = 0; id < 500; id += 1) {
    issuanceLog.refuse({ ...ROLE, accountId: `x${id}` }, { surface: 'socket' }, ended);
  }
  expect(await lines()).toHaveLength(MAX_LINES_PER_HOUR - 1);
  issuanceLog.refuse({ ...ROLE, accountId: '3' }, { surface: 'socket' }, refused);
  note(ROLE, { surface: 'socket' });
  expect(await lines()).toEqual(['credentials-refused 3 approval-refused socket', `${ISSUED} socket`]);
  await audit.close();
  expect((await lines()).map((line) => line.split(' ').at(-1))).toEqual(['49', '481']);
});

test('with a required log, an answer waits for its line, and repeats do not', async () => {
  const { issuanceLog } = open({ isRequired: true });
  const recipient = { surface: 'socket' } as const;
  expect(issuanceLog.isCovered(ROLE, recipient)).toBe(false);
  await Promise.all(Array.from({ length: 20 }, async () => issuanceLog.note(ROLE, recipient)));
  expect(readFileSync(path, 'utf8')).toContain('credentials-issued');
  expect(issuanceLog.isCovered(ROLE, recipient)).toBe(true);
  expect(issuanceLog.note(ROLE, recipient)).toBeUndefined();
});

test('with a required log, nothing is served from the first failed line until one succeeds', async () => {
  const { audit, clock, issuanceLog, lines, problems } = open({ isRequired: true });
  const recipient = { surface: 'socket' } as const;
  const other = { ...ROLE, accountId: '2' };
  await issuanceLog.note(ROLE, recipient);
  expect(await lines()).toEqual([`${ISSUED} socket`]);
  const content = readFileSync(path);
  rmSync(path);
  mkdirSync(path);
  const unavailable = { code: 'audit-unavailable', message: expect.stringContaining('it is a folder') as string };
  for (let call = 0; call < 50; call += 1) {
    await expect(issuanceLog.note(other, recipient)).rejects.toMatchObject(unavailable);
  }
  // Its line is on disk, but later ones would not be.
  expect(issuanceLog.isCovered(ROLE, recipient)).toBe(false);
  await expect(issuanceLog.note(ROLE, recipient)).rejects.toMatchObject(unavailable);
  await expect(audit.recordServing({ event: 'grant-issued', role: ROLE, surface: 'socket' })).rejects.toMatchObject(
    unavailable,
  );
  expect(problems.list()[0]?.message).toContain('no credentials are served (audit = "required")');
  rmdirSync(path);
  writeFileSync(path, content);
  await issuanceLog.note(ROLE, recipient);
  await issuanceLog.note(other, recipient);
  expect(problems.list()).toEqual([]);
  expect(issuanceLog.isCovered(ROLE, recipient)).toBe(true);
  const written = await lines();
  expect(written.slice(0, MAX_LINES_PER_HOUR)).toEqual(
    Array.from({ length: MAX_LINES_PER_HOUR }, () => 'credentials-refused 2 audit-unavailable socket'),
  );
  expect(written.slice(MAX_LINES_PER_HOUR)).toEqual([`${ISSUED} socket`, 'credentials-issued 2 socket']);
  await clock.advance(HOUR_MS);
  expect(await lines()).toEqual(['credentials-refused 111111111111 audit-unavailable socket 32']);
});

test('with a required log, a second failure within the hour blocks as the first one does', async () => {
  const { audit, issuanceLog, lines } = open({ isRequired: true });
  const recipient = { surface: 'socket' } as const;
  await issuanceLog.note(ROLE, recipient);
  await lines();
  for (const outage of [1, 2]) {
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    rmSync(path, { force: true });
    mkdirSync(path);
    for (let call = 0; call < 2 * MAX_LINES_PER_HOUR; call += 1) {
      await expect(issuanceLog.note({ ...ROLE, accountId: '2' }, recipient)).rejects.toThrow();
    }
    await audit.flush();
    expect({ outage, isBlocked: audit.isBlocked() }).toEqual({ outage, isBlocked: true });
    rmdirSync(path);
    writeFileSync(path, content);
    await audit.flush();
    expect({ outage, isBlocked: audit.isBlocked() }).toEqual({ outage, isBlocked: false });
  }
});
