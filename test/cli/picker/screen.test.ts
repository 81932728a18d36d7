// The picker's screen in terminals of several sizes, with names of every kind.
import { describe, expect, test } from 'vitest';
import { createPickerState, keepInView } from '../../../src/cli/picker/picker-state.ts';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import { createRoleColumns, protectedMark, styleOfSession } from '../../../src/cli/picker/role-columns.ts';
import { drawScreen, fitWidths, listHeight } from '../../../src/cli/picker/screen.ts';
import { createPainter } from '../../../src/cli/terminal/render.ts';
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { aChain } from '../../helpers/documents.ts';
import { role, ROLES } from './roles.ts';
import { createWrittenScreen } from './written-screen.ts';

const isWide = (character: string) => /[検証環境🚀]/u.test(character);

function draw(roles: readonly RoleDocument[], query: string, columns: number, rows: number, isColoured = false) {
  const size = { columns, rows };
  const state = keepInView(
    createPickerState(query, (words) => createRoleIndex(roles).search(words).positions),
    listHeight(size),
  );
  const text = drawScreen(state, size, {
    roles,
    total: roles.length,
    columns: createRoleColumns(roles),
    purpose: 'in this shell',
    mark: '⚠',
    paint: createPainter({ write: () => true, isTTY: isColoured }, {}),
  });
  const screen = createWrittenScreen(rows, isWide);
  screen.write(text);
  return { lines: screen.lines(), cursor: screen.cursor(), text };
}

describe('the screen', () => {
  test('shows the query, the count, roles in columns with marks, and what Enter does', () => {
    const { lines, cursor } = draw(ROLES, 'pay', 100, 8);
    expect(lines).toEqual([
      `> pay${' '.repeat(89)}3 of 6`,
      '>   Payments Production  222222222222  ReadOnly             Work    Payments-Production.ReadOnly',
      '    Payments Staging     333333333333  ReadOnly             Work    Payments-Staging.ReadOnly',
      '  ⚠ Payments Production  222222222222  AdministratorAccess  Work    Payments-Product…nistratorAccess',
      '',
      '',
      '',
      '  enter  Payments-Production.ReadOnly in this shell   esc  cancel',
    ]);
    expect(cursor).toEqual({ row: 0, column: 5 });
  });

  test('warns when a protected role is selected', () => {
    expect(draw(ROLES, 'administrator', 100, 4).lines.at(-1)).toBe(
      '  ⚠ protected  enter  Payments-Production.AdministratorAccess in this shell   esc  cancel',
    );
  });

  test('shows a chained role by its role and source, with what could move the cursor replaced', () => {
    const roles = [
      aChain(),
      aChain(
        { accountName: null, profile: null },
        { name: 'hub', sourceProfile: 'build\u001b[2J.Admin', roleName: 'audit' },
      ),
    ];
    expect(draw(roles, '', 80, 4).lines).toEqual([
      `> ${' '.repeat(72)}2 of 2`,
      '>   prod  222222222222  deploy via taylor.Admin    prod.deploy',
      '          222222222222  audit via build\ufffd[2J.Admin',
      '  enter  prod.deploy in this shell   esc  cancel',
    ]);
    expect(draw(roles.slice(1), '', 80, 3).lines.at(-1)).toBe(
      '  enter  audit via build\ufffd[2J.Admin in 222222222222 in this shell   esc  cancel',
    );
  });

  test('says that nothing matches', () => {
    expect(draw(ROLES, 'zzz', 40, 4).lines).toEqual([
      '> zzz                             0 of 6',
      '    No matches.',
      '',
      '  esc  cancel',
    ]);
  });

  test('omits the label when all roles belong to one session', () => {
    expect(draw(ROLES.slice(0, 5), 'log', 100, 3).lines[1]).toBe(
      '>   Log Archive          044444444444  ReadOnly             Log-Archive.ReadOnly',
    );
  });

  test.each([100, 80, 60, 48, 34])('fits into %i columns', (columns) => {
    const { lines } = draw(ROLES, '', columns, 9);
    const widths = lines.map((line) => Array.from(line).reduce((sum, each) => sum + (isWide(each) ? 2 : 1), 0));
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line.includes('222222222222'))).toHaveLength(2);
  });

  test.each([100, 80, 60, 48])('shows no two rows alike in %i columns', (columns) => {
    const roles = Array.from({ length: 16 }, (_, index) =>
      role(
        `Acme Corporation payments platform production ${String(index + 1).padStart(2, '0')}`,
        'AdministratorAccess',
      ),
    );
    const { lines } = draw(roles, '', columns, 18);
    const names = lines.slice(1, -1).map((line) => line.slice(4, line.indexOf('111111111111')));
    expect(new Set(names).size).toBe(16);
    expect(lines[7]).toContain('on 07 ');
  });

  test('highlights matches on both sides of what a name leaves out', () => {
    const roles = [role('Payments platform for customers in Europe prod 07', 'AdministratorAccess')];
    const { text } = draw(roles, 'pay 07', 60, 3, true);
    const marked = [...text.matchAll(/\u001b\[1m\u001b\[4m(.*?)\u001b\[24m/gu)].map(([, part]) => part);
    expect(marked).toEqual(['Pay', '07']);
  });

  test('fits into one or two lines', () => {
    expect(draw(ROLES, 'log', 60, 1).lines).toHaveLength(1);
    expect(draw(ROLES, 'log', 60, 2).lines).toHaveLength(2);
  });

  test('keeps its columns aligned with wide characters, and shows names from AWS as plain text', () => {
    const roles = [
      role('検証環境', 'ReadOnly'),
      role('\u001b[31mred\u001b[0m', 'ReadOnly'),
      role('two\nlines', 'ReadOnly'),
      role('🚀 \u202etxt.exe', 'ReadOnly'),
    ];
    const { lines, text } = draw(roles, '', 80, 6, true);
    expect(lines.slice(1, 5)).toEqual([
      '>   検証環境      111111111111  ReadOnly  -.ReadOnly',
      '    \ufffd[31mred\ufffd[0m  111111111111  ReadOnly  -31mred-0m.ReadOnly',
      '    two\ufffdlines     111111111111  ReadOnly  two-lines.ReadOnly',
      '    🚀 \ufffdtxt.exe   111111111111  ReadOnly  -txt-exe.ReadOnly',
    ]);
    expect(text).not.toContain('\u001b[31mred');
    expect(text).not.toContain('\u202e');
  });

  test('conveys nothing by colour alone, and uses colour only where it is enabled', () => {
    const plain = draw(ROLES, 'pay', 100, 8);
    const coloured = draw(ROLES, 'pay', 100, 8, true);
    expect(coloured.lines).toEqual(plain.lines);
    expect(plain.text).not.toMatch(/\u001b\[\d+m/u);
    expect(coloured.text).toContain('\u001b[31m⚠\u001b[39m');
  });
});

test('columns shrink in order: the profile, the names, then the label', () => {
  const natural = [20, 12, 19, 6, 40];
  expect(fitWidths(natural, 110)).toEqual(natural);
  expect(fitWidths(natural, 90)).toEqual([20, 12, 19, 6, 25]);
  expect(fitWidths(natural, 65)).toEqual([20, 12, 19, 6, 0]);
  expect(fitWidths(natural, 58)).toEqual([18, 12, 16, 6, 0]);
  expect(fitWidths(natural, 30)).toEqual([8, 12, 6, 0, 0]);
});

test('a session always has the same style, and the mark is ASCII without UTF-8', () => {
  expect(styleOfSession('work')).toBe(styleOfSession('work'));
  expect(styleOfSession('work')).not.toBe('red');
  expect([
    protectedMark({ LANG: 'C.UTF-8' }),
    protectedMark({ LANG: 'C.UTF-8', LC_ALL: 'C' }),
    protectedMark({}),
  ]).toEqual(['⚠', '!', '!']);
});
