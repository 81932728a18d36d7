// What the bench prints: rows as a Markdown table, the page that is kept in docs, and whether a bound is exceeded.

/**
 * A row: `name`, `how` it is measured in one sentence, `unit`, `measured`, and where there is one the `floor` with its
 * `floorName` and the `bound` that measured / floor must not exceed. A row without a bound informs and never fails.
 */

/** Measured over floor; undefined without a floor. */
export function ratioOf(row) {
  return row.floor === undefined ? undefined : row.measured / row.floor;
}

/** True only for a row with a bound. What is printed is rounded, what is compared is not. */
export function isOver(row) {
  return row.bound !== undefined && !(ratioOf(row) <= row.bound);
}

/** 2 when the page was to be written and is not; 1 when any bound is exceeded, or when nothing was measured at all. */
export function exitCodeOf(rows, isPageRefused = false) {
  if (isPageRefused) return 2;
  return rows.length === 0 || rows.some(isOver) ? 1 : 0;
}

/** The rows as a Markdown table. */
export function formatTable(rows) {
  const lines = rows.map((row) => [
    row.name,
    row.floor === undefined ? '' : `${formatQuantity(row.floor, row.unit)} (${row.floorName})`,
    formatQuantity(row.measured, row.unit),
    ratioOf(row)?.toFixed(2) ?? '',
    row.bound === undefined ? '' : `<= ${Number(row.bound.toFixed(2))}`,
    verdictOf(row),
  ]);
  return [['what', 'floor', 'measured', 'ratio', 'bound', ''], ['---', '---', '---:', '---:', '---:', '---'], ...lines]
    .map((cells) => `| ${cells.map(escapeCell).join(' | ')} |\n`)
    .join('');
}

/** The page for docs: where and when, the table, one sentence for each row. */
export function formatPage(rows, { date, machine, nodeVersion }) {
  const sentences = rows.map((row) => `- **${row.name}**: ${row.how}\n`).join('');
  return `# The bench

\`npm run bench\` measures each figure beside a floor in the same run, turn by turn, and fails when a ratio exceeds its
bound: a slow or busy machine slows both sides. \`npm run bench -- --write\` writes this page. Rows without a bound inform.

${date}, Node ${nodeVersion}, ${machine}.

${formatTable(rows)}
## How each row is measured

${sentences}`;
}

function verdictOf(row) {
  if (row.bound === undefined) return '';
  return isOver(row) ? '**over**' : 'ok';
}

function formatQuantity(value, unit) {
  return `${value.toFixed(digitsOf(value))} ${unit}`.trim();
}

/** Three figures are more than two runs agree on. */
function digitsOf(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return 0;
  return Math.abs(value) >= 10 ? 1 : 2;
}

function escapeCell(text) {
  return text.replaceAll('|', '\\|');
}
