// The rows that fzf gets (what fits the terminal in front, full texts behind the edge), and which of them can be its answer.
import { expect, test } from 'vitest';
import { canHaveFound, fzfRows } from '../../../src/cli/picker/fzf.ts';
import { createRoleColumns } from '../../../src/cli/picker/role-columns.ts';
import { role } from './roles.ts';

const NAMES = ['Customer Support production 07', 'Customer Support production 08'];
const SETS = ['PowerUserAccess-Extended-Billing', 'PowerUserAccess-Extended-Oncall'];
const ROLES = NAMES.flatMap((name) => SETS.map((set) => role(name, set)));
/** What fzf itself draws: pointer and marker in front, ellipsis and scrollbar behind. */
const FZF_COLUMNS = 5;

function rowsAt(columns: number): readonly string[] {
  const stderr = { columns, write: () => true };
  const look = { mark: '!', paint: (_style: unknown, text: string) => text };
  const rows = fzfRows([0, 1, 2, 3], { roles: ROLES, columns: createRoleColumns(ROLES), ...look, stderr });
  return rows.split('\u0000').slice(0, -1);
}

test.each([60, 80, 100])(
  'shows a difference between any two roles in %i columns, and all of each text to fzf',
  (columns) => {
    const rows = rowsAt(columns);
    const visible = rows.map((row) => (row.split('\t')[1] ?? '').slice(0, columns - FZF_COLUMNS));
    expect(new Set(visible).size).toBe(ROLES.length);
    for (const [index, row] of rows.entries()) {
      expect(row).toContain(NAMES[Math.floor(index / 2)]);
      expect(row).toContain(SETS[index % 2]);
    }
  },
);

test('does not repeat what fits', () => {
  expect(rowsAt(300)[0]?.split('\t')).toHaveLength(2);
});

test.each([
  ['production 08', true],
  ['prd 8', true],
  ['support oncall', false],
  ['', true],
  ["'oncall", true],
  ['Zurich', true],
])('a row that fzf returns for "%s" is its answer: %s', (query, isAnswer) => {
  expect(canHaveFound('  Customer Support production 08  PowerUser-Billing Zürich', query)).toBe(isAnswer);
});
