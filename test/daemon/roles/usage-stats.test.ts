// Usage statistics: counted from the shells' inbox and by the daemon, halved every week, bounded.
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUsageStats, scoreAt, type UsageStats } from '../../../src/daemon/roles/usage-stats.ts';
import { createFakeClock, FAKE_NOW_MS, type FakeClock } from '../../helpers/fake-clock.ts';
import { openStateFiles } from '../../helpers/state-files.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const WEEK_MS = 7 * 24 * 60 * 60_000;

let home: TemporaryHome;
let directory: string;
let clock: FakeClock;
let logLines: string[];
beforeEach(() => {
  home = createTemporaryHome();
  directory = join(home.path, 'switch');
  clock = createFakeClock();
  logLines = [];
});
afterEach(() => home.remove());

const create = (): UsageStats =>
  createUsageStats({
    directory,
    openStateFile: openStateFiles(),
    clock,
    log: (_level, message) => void logLines.push(message),
  });
const inbox = () => join(directory, 'used');
/** As a shell does it, be it before a daemon was ever there. */
function append(text: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(inbox(), text, { flag: 'a' });
}
const scores = async (uses: UsageStats) =>
  Object.fromEntries([...(await uses.read())].map(([name, use]) => [name, scoreAt(use, clock.nowMs())]));

describe('usage statistics', () => {
  test('are read from the inbox, which is private and empty afterwards', async () => {
    const uses = create();
    expect(await scores(uses)).toEqual({});
    expect({ mode: statSync(inbox()).mode & 0o777, folder: statSync(directory).mode & 0o777 }).toEqual({
      mode: 0o600,
      folder: 0o700,
    });
    append('a.Admin\nb.Admin\na.Admin\n');
    expect(await scores(uses)).toEqual({ 'a.Admin': 2, 'b.Admin': 1 });
    expect(readFileSync(inbox(), 'utf8')).toBe('');
    await uses.record('b.Admin');
    expect(await scores(uses)).toEqual({ 'a.Admin': 2, 'b.Admin': 2 });
    expect(statSync(join(directory, 'uses.json')).mode & 0o777).toBe(0o600);
  });

  test('halve every seven days and do not change when the clock is set back', async () => {
    const uses = create();
    append('a\na\n');
    expect(await scores(uses)).toEqual({ a: 2 });
    await clock.advance(WEEK_MS);
    expect(await scores(uses)).toEqual({ a: 1 });
    append('a\nb\n');
    expect(await scores(uses)).toEqual({ a: 2, b: 1 });
    clock.jump(-30 * WEEK_MS);
    expect(await scores(uses)).toEqual({ a: 2, b: 1 });
  });

  test('survive a restart of the daemon', async () => {
    append('a\n');
    await create().record('b');
    expect(await scores(create())).toEqual({ a: 1, b: 1 });
    expect(JSON.parse(readFileSync(join(directory, 'uses.json'), 'utf8'))).toEqual({
      schemaVersion: 1,
      uses: [
        { profileName: 'b', score: 1, lastUsedAtMs: FAKE_NOW_MS },
        { profileName: 'a', score: 1, lastUsedAtMs: FAKE_NOW_MS },
      ],
    });
  });

  test('are the same object until a use is added', async () => {
    const uses = create();
    append('a\n');
    const first = await uses.read();
    expect(await uses.read()).toBe(first);
    append('a\n');
    expect(await uses.read()).not.toBe(first);
  });

  test('ignore names that need quoting in a shell, from the inbox and from the daemon', async () => {
    const uses = create();
    append(`$(touch x)\n\`id\`\n%F{red}\na b\n\n${'x'.repeat(513)}\nfine\n`);
    await uses.record("it's");
    expect(await scores(uses)).toEqual({ fine: 1 });
  });

  test('keep at most 2,000 names and drop the least used', async () => {
    const uses = create();
    append('often\noften\n');
    await uses.read();
    append(Array.from({ length: 2100 }, (_, index) => `p${index}\n`).join(''));
    const kept = await uses.read();
    expect(kept.size).toBe(2000);
    expect(kept.get('often')?.score).toBe(2);
  });

  test('read only the end of a large inbox, and no partial name', async () => {
    append(`${'first\n'.repeat(60_000)}last\n`);
    const found = await scores(create());
    expect(found['last']).toBe(1);
    expect(Object.keys(found)).toEqual(['first', 'last']);
    expect(found['first']).toBeLessThan(50_000);
    expect(readFileSync(inbox(), 'utf8')).toBe('');
  });

  test('count concurrent uses separately', async () => {
    const uses = create();
    await Promise.all(Array.from({ length: 20 }, () => uses.record('a')));
    expect(await scores(create())).toEqual({ a: 20 });
  });

  test.each([
    '',
    'no JSON',
    '[]',
    '{}',
    '{"schemaVersion":2,"uses":[]}',
    '{"schemaVersion":1,"uses":[{}]}',
    '{"schemaVersion":1,"uses":[{"profileName":"a","score":1,"lastUsedAtMs":1e300}]}',
  ])('are empty when the file holds %j', async (text) => {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, 'uses.json'), text, { mode: 0o600 });
    expect(await scores(create())).toEqual({});
  });

  test('never reject: read and write errors are logged', async () => {
    mkdirSync(directory, { mode: 0o700 });
    const victim = join(home.path, 'victim');
    writeFileSync(victim, 'a\n');
    symlinkSync(victim, inbox());
    const uses = create();
    expect(await scores(uses)).toEqual({});
    expect(readFileSync(victim, 'utf8')).toBe('a\n');
    expect(logLines).toEqual([expect.stringContaining('ELOOP')]);
    expect(existsSync(join(directory, 'uses.json'))).toBe(false);
  });
});
