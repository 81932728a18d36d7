// The bench says "over" and fails by arithmetic alone, so that part of it is tested without measuring anything.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

interface Row {
  readonly name: string;
  readonly how: string;
  readonly unit: string;
  readonly measured: number;
  readonly floor?: number;
  readonly floorName?: string;
  readonly bound?: number;
}
interface Sides<T> {
  readonly floor: T;
  readonly measured: T;
}
interface Measure {
  median(values: readonly number[]): number;
  percentile(values: readonly number[], share: number): number;
  comparePairs(floors: readonly number[], measureds: readonly number[]): Sides<number>;
  describeSpread(floors: readonly number[], measureds: readonly number[]): string;
  interleave(rounds: number, sides: Sides<() => number | readonly number[]>): Promise<Sides<number>>;
}
interface Scene {
  readonly leftOut: readonly string[];
  leaveOut(name: string, path: string): readonly Row[];
}
interface Table {
  ratioOf(row: Row): number | undefined;
  isOver(row: Row): boolean;
  exitCodeOf(rows: readonly Row[], isPageRefused?: boolean): number;
  formatTable(rows: readonly Row[]): string;
  formatPage(rows: readonly Row[], run: { date: string; machine: string; nodeVersion: string }): string;
}

// Plain scripts without types: what is used of them is written down above.
const load = async (name: string): Promise<unknown> => import(new URL(name, import.meta.url).href);
const { median, percentile, comparePairs, describeSpread, interleave } = (await load('measure.mjs')) as Measure;
const { createScene } = (await load('scene.mjs')) as { createScene(): Scene };
const { ratioOf, isOver, exitCodeOf, formatTable, formatPage } = (await load('table.mjs')) as Table;

const row = (changes: Partial<Row> = {}): Row => ({
  name: 'a start',
  how: 'by a stopwatch.',
  unit: 'ms',
  floorName: 'node -e 0',
  floor: 20,
  measured: 50,
  bound: 2.5,
  ...changes,
});
const informative: Row = { name: 'packages', how: 'counted.', unit: '', measured: 103 };

describe('the arithmetic', () => {
  it('takes the middle value, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
    expect(() => median([])).toThrow(RangeError);
  });

  it('takes the smallest value that so many do not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(hundred, 0.99), percentile(hundred, 0.5), percentile([5], 0.01)]).toEqual([99, 50, 5]);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  it('compares pair by pair, so that what slows one pair down changes little', () => {
    // Two pairs out of five met a machine that was ten times slower.
    const [floors, measureds] = [
      [10, 100, 10, 10, 100],
      [13, 120, 12, 11, 150],
    ];
    expect(comparePairs(floors, measureds)).toEqual({ floor: 10, measured: 12 });
    expect(describeSpread(floors, measureds)).toMatch(/from 1\.10 to 1\.50, half of them from 1\.20 to 1\.30/);
    expect(() => comparePairs([1], [1, 2])).toThrow(RangeError);
  });

  it('measures turn by turn and leaves the first round of each side out', async () => {
    const turns: string[] = [];
    const side = (name: string, values: readonly (number | readonly number[])[]) => {
      let round = 0;
      return () => {
        turns.push(name);
        round += 1;
        return values[round - 1] ?? Number.NaN;
      };
    };
    const sides = await interleave(3, {
      floor: side('floor', [1000, 1, 2, 3]),
      measured: side('measured', [2000, [10, 20], [30], [40, 50]]),
    });
    expect(sides).toEqual({ floor: 2, measured: 30 });
    expect(turns).toEqual(Array.from({ length: 4 }, () => ['floor', 'measured']).flat());
  });
});

describe('the verdict', () => {
  it('is over beyond the bound only, and never for a row that has none', () => {
    expect([isOver(row()), isOver(row({ measured: 50.01 })), isOver(informative)]).toEqual([false, true, false]);
    expect([ratioOf(row()), ratioOf(informative)]).toEqual([2.5, undefined]);
  });

  it('is over when a bound stands beside no number', () => {
    expect([isOver(row({ measured: Number.NaN })), isOver({ ...informative, bound: 2 })]).toEqual([true, true]);
  });

  it('fails the run when one row is over, or when there is none', () => {
    expect(exitCodeOf([row(), informative])).toBe(0);
    expect(exitCodeOf([row(), row({ measured: 60 }), informative])).toBe(1);
    expect(exitCodeOf([])).toBe(1);
    expect([exitCodeOf([row()], true), exitCodeOf([row({ measured: 60 })], true)]).toEqual([2, 2]);
  });
});

describe('a part whose program is missing', () => {
  it('gives no rows, says so, and is remembered for the page that is to have them all', () => {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const scene = createScene();
    expect([scene.leaveOut('tray', '/no/dbus-daemon'), scene.leftOut]).toEqual([
      [],
      ['tray: left out, for there is no /no/dbus-daemon'],
    ]);
    expect(said.mock.calls).toEqual([scene.leftOut]);
    said.mockRestore();
  });

  it('is left out by every row that needs one', () => {
    const folder = new URL('rows/', import.meta.url);
    const silent = readdirSync(folder).filter((name) =>
      /existsSync\(\w+\)\) (?:return \[\]|\{)/u.test(readFileSync(new URL(name, folder), 'utf8')),
    );
    expect(silent).toEqual([]);
  });
});

describe('the table', () => {
  const rows = [row(), row({ name: 'a | b', measured: 123.4, unit: 'MiB' }), informative];
  const table = `| what | floor | measured | ratio | bound |  |
| --- | --- | ---: | ---: | ---: | --- |
| a start | 20 ms (node -e 0) | 50 ms | 2.50 | <= 2.5 | ok |
| a \\| b | 20 MiB (node -e 0) | 123 MiB | 6.17 | <= 2.5 | **over** |
| packages |  | 103 |  |  |  |
`;

  it('is Markdown, with three figures of each number', () => {
    expect(formatTable(rows)).toBe(table);
    expect(formatTable([row({ floor: 1.234, measured: 12.34, bound: 12 })]).split('\n')[2]).toBe(
      '| a start | 1.23 ms (node -e 0) | 12.3 ms | 10.00 | <= 12 | ok |',
    );
  });

  it('stands in the page with date, machine, Node and one sentence for each row', () => {
    const page = formatPage(rows, { date: '2026-11-24', machine: '2 x CPU', nodeVersion: 'v20.19.0' });
    expect(page).toContain('2026-11-24, Node v20.19.0, 2 x CPU.');
    expect(page).toContain(table);
    for (const { name, how } of rows) expect(page).toContain(`- **${name}**: ${how}\n`);
  });
});

describe('the program', () => {
  const main = fileURLToPath(new URL('main.mjs', import.meta.url));

  it('names its parts when asked for one that it has not, and writes the page after a whole run only', async () => {
    const home = createTemporaryHome();
    const run = (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
        env: home.environment,
        encoding: 'utf8',
      });
      return { status, stderr };
    };
    const [unknown, partial] = [run('cleint'), run('client', '--write')];
    await home.remove();
    expect(unknown).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^No such part: cleint\. There are: client, /),
    });
    expect(partial).toEqual({ status: 2, stderr: 'The page in docs is written by a whole run only.\n' });
  });
});
