// The hash chain of the audit log: what its check finds, and how the chain continues after a restart, a rotation and a crash.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProblems } from '../../../src/core/problems.ts';
import { createAuditLog } from '../../../src/daemon/audit/audit-log.ts';
import { checkLog } from '../../../src/platform/files/check-log.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
let path: string;
beforeEach(() => {
  home = createTemporaryHome();
  path = join(home.path, 'audit.log');
});
afterEach(() => home.remove());

/** A daemon's log. */
function open(maxBytes?: number) {
  const problems = createProblems();
  const clock = createFakeClock();
  const audit = createAuditLog({ path, clock, problems, ...(maxBytes === undefined ? {} : { maxBytes }) });
  return {
    problems,
    async write(count: number, from = 0) {
      for (let id = from; id < from + count; id += 1) {
        audit.record({ event: 'daemon-started', surface: 'daemon', processId: id });
      }
      await audit.flush();
    },
  };
}

const readLines = (file = path) => readFileSync(file, 'utf8').trimEnd().split('\n');
const writeLines = (lines: readonly string[], file = path) =>
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
const check = async () => {
  const { intact, torn, unchained, fault } = await checkLog(path, { pause: async () => undefined });
  return { intact, torn, unchained, fault };
};
const clean = (intact: number) => ({ intact, torn: 0, unchained: 0, fault: undefined });

test('is intact over restarts and rotations', async () => {
  for (let start = 0; start < 10; start += 1) await open(100_000).write(200, start * 200);
  const report = await checkLog(path, { pause: async () => undefined });
  expect(report).toMatchObject({ fault: undefined, torn: 0, unchained: 0, head: { seq: 2000 } });
  expect(report.paths).toEqual([`${path}.1`, path]);
  expect(report.intact).toBe(2001 - (report.first ?? 0));
  expect(report.intact).toBeGreaterThan(500);
});

test('names a changed line, also the oldest and the last one', async () => {
  await open(5000).write(5);
  for (let id = 5; id < 60; id += 5) await open(5000).write(5, id);
  const [earlier, later] = [readLines(`${path}.1`), readLines()];
  const firstSeq = 61 - earlier.length - later.length;
  const change = (line = '') => line.replace(/"processId":\d+/, '"processId":99999');
  for (const index of [0, 3, earlier.length - 1]) {
    writeLines(earlier.with(index, change(earlier[index])), `${path}.1`);
    expect(await check()).toMatchObject({
      fault: { kind: 'changed', seq: firstSeq + index, place: { path: `${path}.1`, number: index + 1 } },
    });
  }
  writeLines(earlier, `${path}.1`);
  for (const index of [0, later.length - 1]) {
    writeLines(later.with(index, change(later[index])));
    expect(await check()).toMatchObject({
      fault: { kind: 'changed', seq: firstSeq + earlier.length + index, place: { path, number: index + 1 } },
    });
  }
  writeLines(later.with(later.length - 1, later.at(-1)?.replace('daemon', 'dae') ?? ''));
  expect(await check()).toMatchObject({ fault: { kind: 'changed', seq: 60 } });
  writeLines(later);
  expect(await check()).toEqual(clean(earlier.length + later.length));
});

test('names removed, moved, repeated and added lines', async () => {
  await open().write(10);
  const lines = readLines();
  const found = async (changed: readonly (string | undefined)[]) => {
    writeLines(changed.filter((line) => line !== undefined));
    return (await check()).fault;
  };
  const place = (number: number) => ({ path, number });
  expect(await found(lines.toSpliced(3, 1))).toEqual({ kind: 'missing', from: 4, to: 4, place: place(4) });
  expect(await found(lines.toSpliced(3, 4))).toEqual({ kind: 'missing', from: 4, to: 7, place: place(4) });
  expect(await found(lines.toSpliced(0, 2))).toEqual({ kind: 'start-missing', from: 1, to: 2 });
  expect(await found(lines.slice(0, 8))).toEqual({ kind: 'end-missing', from: 9, to: 10 });
  expect(await found([])).toEqual({ kind: 'end-missing', from: 1, to: 10 });
  expect(await found(lines.with(3, lines[4] ?? '').with(4, lines[3] ?? ''))).toMatchObject({ kind: 'moved', from: 4 });
  expect(await found(lines.toSpliced(3, 0, lines[2] ?? ''))).toEqual({
    kind: 'moved',
    from: 3,
    to: 3,
    place: place(4),
  });
  expect(await found(lines.toSpliced(3, 0, '{"event":"signed-out"}'))).toEqual({
    kind: 'unchained',
    seq: 4,
    place: place(4),
  });
  expect(await found(lines.with(3, 'rubbish'))).toEqual({ kind: 'changed', seq: 4, place: place(4) });
  expect(await found(lines.with(9, 'rubbish'))).toEqual({ kind: 'changed', seq: 10, place: place(10) });
  expect(await found(lines)).toBeUndefined();
});

test('keeps the gap after its end was removed, whether the daemon runs or starts later', async () => {
  const daemon = open();
  await daemon.write(10);
  writeLines(readLines().slice(0, 8));
  await daemon.write(2);
  expect(await check()).toMatchObject({ fault: { kind: 'missing', from: 9, to: 10, place: { number: 9 } } });
  writeLines(readLines().slice(0, 5));
  await open().write(1);
  expect(await check()).toMatchObject({ fault: { kind: 'missing', from: 6, to: 12, place: { number: 6 } } });
});

test('does not accept another chain of the same length', async () => {
  await open().write(3);
  const head = readFileSync(`${path}.head`);
  rmSync(path);
  rmSync(`${path}.head`);
  await open().write(3, 100);
  expect(await check()).toEqual(clean(3));
  writeFileSync(`${path}.head`, head);
  expect(await check()).toMatchObject({ fault: { kind: 'replaced', seq: 3 } });
});

test('says that nothing records the end if that file is gone', async () => {
  await open().write(3);
  rmSync(`${path}.head`);
  expect(await check()).toMatchObject({ fault: { kind: 'no-head' } });
  await open().write(1);
  expect(await check()).toEqual(clean(4));
  expect(statSync(`${path}.head`).mode & 0o777).toBe(0o600);
});

test('misses the predecessor if somebody deleted it, not if it went away by rotation', async () => {
  const daemon = open(2000);
  for (let id = 0; id < 40; id += 1) await daemon.write(1, id);
  const kept = readLines(`${path}.1`).length;
  expect(await check()).toEqual(clean(kept + readLines().length));
  rmSync(`${path}.1`);
  const fault = { kind: 'start-missing', from: 41 - kept - readLines().length, to: 40 - readLines().length };
  expect(await check()).toMatchObject({ fault });
});

test('begins after the lines of an earlier version', async () => {
  writeLines(['{"at":"2026-11-01T00:00:00Z","event":"daemon-started"}', '{"at":"2026-11-02T00:00:00Z"}']);
  expect(await check()).toEqual({ ...clean(0), unchained: 2 });
  await open().write(3);
  expect(await check()).toEqual({ ...clean(3), unchained: 2 });
});

test('takes no line for one of an earlier version once the beginning of the chain has gone by rotation', async () => {
  const daemon = open(2000);
  for (let id = 0; id < 40; id += 1) await daemon.write(1, id);
  const lines = readLines(`${path}.1`);
  writeLines(['{"at":"2026-11-01T00:00:00Z","event":"sign-in-approved","surface":"daemon"}', ...lines], `${path}.1`);
  const seq = Number(/"seq":(\d+)/.exec(lines[0] ?? '')?.[1]);
  expect(await check()).toMatchObject({
    fault: { kind: 'unchained', seq, place: { path: `${path}.1`, number: 1 } },
  });
});

test.each(['{"at":"2026-11-24T06:00', '\0\0\0\0', 'x'.repeat(200_000)])(
  'continues after a line that a power cut tore, and does not call it changed',
  async (rest) => {
    await open().write(3);
    appendFileSync(path, rest);
    expect(await check()).toEqual({ ...clean(3), torn: 1 });
    await open().write(2);
    expect(await check()).toEqual({ ...clean(5), torn: 1 });
  },
);

test('is not broken by a crash between a line and the record of the end, or during a rotation', async () => {
  const daemon = open();
  await daemon.write(3);
  const head = readFileSync(`${path}.head`);
  await daemon.write(3);
  writeFileSync(`${path}.head`, head);
  expect(await check()).toEqual(clean(6));
  await open().write(1);
  expect(await check()).toEqual(clean(7));
  renameSync(path, `${path}.1`);
  expect(await check()).toEqual(clean(7));
  await open().write(1);
  expect(await check()).toEqual(clean(8));
});

test('goes on when two daemons write for a while', async () => {
  const [one, other] = [open(3000), open(3000)];
  for (let round = 0; round < 10; round += 1) await Promise.all([one.write(2), other.write(1)]);
  await Promise.all([one.write(0), other.write(0)]);
  expect(await check()).toMatchObject({ torn: 0, fault: undefined });
  expect((await checkLog(path, { pause: async () => undefined })).head?.seq).toBe(30);
});

test('counts the lines that were dropped while the disk accepted none', async () => {
  mkdirSync(path);
  const daemon = open();
  await daemon.write(1005);
  rmdirSync(path);
  await daemon.write(1);
  expect(JSON.parse(readLines()[0] ?? '')).toMatchObject({ event: 'lines-lost', count: 6, seq: 1 });
  expect(await check()).toEqual(clean(1001));
});

test('raises a problem if the record of the end cannot be written, and writes the lines', async () => {
  mkdirSync(`${path}.head`);
  const daemon = open();
  await daemon.write(1);
  expect(daemon.problems.list()).toMatchObject([{ message: `${path}.head cannot be written: it is a folder.` }]);
  expect(readLines()).toHaveLength(1);
  rmdirSync(`${path}.head`);
  await daemon.write(1);
  expect(daemon.problems.list()).toEqual([]);
  expect(await check()).toEqual(clean(2));
});

test('finds every single change of a character, and every removed line', async () => {
  const daemon = open(1500);
  for (let id = 0; id < 12; id += 1) await daemon.write(1, id);
  const files = [`${path}.1`, path];
  const texts = files.map((file) => readFileSync(file, 'latin1'));
  let tried = 0;
  const changes = record({
    file: nat(1),
    at: nat(100_000),
    to: constantFrom('0', 'z', '"', ' ', '\0', '}'),
    cut: nat(3),
  });
  await assert(
    asyncProperty(changes, async ({ file, at, to, cut }) => {
      const text = texts[file] ?? '';
      const lines = text.split(/(?<=\n)/);
      const offset = at % text.length;
      // A newline more or less is no change of a line, and a changed file end is none either.
      const changed =
        cut === 0
          ? lines.toSpliced(at % lines.length, 1).join('')
          : text.slice(0, offset) + (text[offset] === '\n' ? '\n' : to) + text.slice(offset + 1);
      if (changed === text) return;
      tried += 1;
      writeFileSync(files[file] ?? '', changed, 'latin1');
      expect((await check()).fault).toBeDefined();
      writeFileSync(files[file] ?? '', text, 'latin1');
    }),
    { numRuns: 60 },
  );
  expect(tried).toBeGreaterThan(30);
  expect((await check()).fault).toBeUndefined();
});
