// Draws the picker as one string that fills the terminal: the query, the visible roles, and what Enter does.
import { findMarks } from '../../core/search/role-marks.js';
import { titleOfRole } from '../../core/text/role-title.js';
import { createNameShortener, moveMarks } from '../../core/text/short-names.js';
import { parseWords } from '../../core/search/search-words.js';
import type { RoleDocument } from '../../local-api/schemas.ts';
import { cutToWidth, displayWidth } from '../terminal/display-width.ts';
import { fitColumns, GAP } from '../terminal/fit-columns.ts';
import { harmless, type Style } from '../terminal/render.ts';
import { paintMarks } from './paint-marks.ts';
import type { PickerState } from './picker-state.ts';
import type { RoleCell, RoleColumns } from './role-columns.ts';
import type { Size } from '../terminal/terminal.ts';

export interface ScreenParts {
  readonly roles: readonly RoleDocument[];
  readonly columns: RoleColumns;
  /** More than `roles.length` while the rest is loading. */
  readonly total: number;
  /** What the role is for, as shown in the last line: `in this shell`. */
  readonly purpose: string;
  readonly mark: string;
  readonly paint: (style: Style, text: string) => string;
}

/** Lines that are not roles: the query above, what Enter does below. */
const OTHER_LINES = 2;
export const GUTTER = 4;
/** A narrower column would be useless. */
const MIN_COLUMN_WIDTH = 8;

/** The number of visible roles. */
export function listHeight({ rows }: Size): number {
  return Math.max(1, rows - OTHER_LINES);
}

/** The whole screen, drawn over the one before, with the cursor in the query. */
export function drawScreen(state: PickerState, size: Size, parts: ScreenParts): string {
  const height = listHeight(size);
  const query = state.before + state.after;
  const widths = fitWidths(parts.columns.widths, size.columns - GUTTER);
  const visible = Array.from(
    { length: Math.max(0, Math.min(height, state.found.length - state.top)) },
    (_, row) => parts.roles[state.found[state.top + row] ?? 0] as RoleDocument,
  );
  const shorten = createShorteners(visible, widths, parts.columns);
  const lines = visible.map((role, row) =>
    drawRole(role, { ...parts, widths, shorten, query, isChosen: state.top + row === state.chosen }),
  );
  if (state.found.length === 0) lines.push(parts.paint('dim', cutToWidth('    No matches.', size.columns)));
  while (lines.length < height) lines.push('');
  const head = drawQuery(state, size, parts);
  const all = size.rows < OTHER_LINES + 1 ? [head.line] : [head.line, ...lines, drawFoot(state, size, parts)];
  const text = all.map((line) => `\u001b[2K${line}`).join('\r\n');
  return `\u001b[?25l\u001b[H${text}\u001b[0J\u001b[1;${head.cursorColumn + 1}H\u001b[?25h`;
}

const PROMPT = '> ';

function drawQuery(state: PickerState, size: Size, { roles, total, paint }: ScreenParts) {
  const found = state.found.length === roles.length ? total : state.found.length;
  const tally = `${found} of ${total}`;
  const room = Math.max(1, size.columns - PROMPT.length - 1);
  // Cuts a long query at its start, as the cursor is usually at its end.
  const before = cutStart(harmless(state.before), room);
  const shown = before + cutToWidth(harmless(state.after), room - displayWidth(before));
  const at = size.columns - tally.length;
  const hasRoom = PROMPT.length + displayWidth(shown) + GAP <= at;
  const line = `${paint('bold', PROMPT)}${shown}${hasRoom ? `\u001b[${at + 1}G${paint('dim', tally)}` : ''}`;
  return { line, cursorColumn: PROMPT.length + displayWidth(before) };
}

function cutStart(text: string, columns: number): string {
  const characters = Array.from(text);
  while (displayWidth(characters.join('')) > columns) characters.shift();
  return characters.join('');
}

function drawFoot(state: PickerState, size: Size, { roles, purpose, mark, paint }: ScreenParts): string {
  const role = roles[state.found[state.chosen] ?? -1];
  if (role === undefined) return paint('dim', cutToWidth('  esc  cancel', size.columns));
  const warning = role.protected ? `${mark} protected  ` : '';
  const [before, after] = [`  ${warning}enter  `, ` ${purpose}   esc  cancel`];
  const name = harmless(role.profile ?? `${titleOfRole(role)} in ${role.accountId}`);
  const room = Math.max(MIN_COLUMN_WIDTH, size.columns - displayWidth(before + after));
  const foot = cutToWidth(before + createNameShortener([], room, displayWidth)(name).text + after, size.columns);
  const start = 2 + warning.length;
  return `${paint('red', foot.slice(0, start))}${paint('dim', foot.slice(start))}`;
}

type Shorten = ReturnType<typeof createNameShortener>;

/** For each column: shortens its cells so that different names of these roles stay different. */
export function createShorteners(
  visible: readonly RoleDocument[],
  widths: readonly number[],
  columns: RoleColumns,
): readonly Shorten[] {
  const rows = visible.map((role) => columns.cells(role));
  return widths.map((width, column) =>
    createNameShortener(
      // A column that is not shown has nothing to keep apart.
      width === 0 ? [] : rows.map((cells) => cells[column]?.text ?? ''),
      width,
      displayWidth,
    ),
  );
}

interface RoleRow extends ScreenParts {
  readonly widths: readonly number[];
  readonly shorten: readonly Shorten[];
  readonly query: string;
  readonly isChosen: boolean;
}

function drawRole(role: RoleDocument, { columns, widths, shorten, query, isChosen, mark, paint }: RoleRow): string {
  const gutter = `${isChosen ? paint('cyan', '> ') : '  '}${role.protected ? paint('red', mark) : ' '} `;
  const cells = columns.cells(role);
  const marks = findMarks(cells, parseWords(query), { marksLetters: true });
  let column = GUTTER + 1;
  const drawn = cells.map(({ text, style }, index) => {
    const width = widths[index] ?? 0;
    if (width === 0) return '';
    const at = column;
    column += width + GAP;
    const short = shorten[index]?.(text) ?? { text, parts: [] };
    const cell = drawCell({ text: short.text, style }, moveMarks(short, marks[index]), isChosen, paint);
    // Moves to an absolute column, as terminals disagree on the width of some emoji.
    return `\u001b[${at}G${cell}`;
  });
  return gutter + drawn.join('');
}

/** A cell in its style, with the matching parts highlighted. */
function drawCell(
  { text, style }: RoleCell,
  marks: ReadonlySet<number>,
  isChosen: boolean,
  paint: ScreenParts['paint'],
): string {
  const base = (part: string) => {
    const styled = style === undefined || (isChosen && style === 'dim') ? part : paint(style, part);
    return isChosen ? paint('bold', styled) : styled;
  };
  return paintMarks(text, marks, paint, base);
}

/**
 * Column widths that fit into `room`, gaps included. The profile shrinks first, then account name and permission set
 * share the rest; the label is dropped last. A column of width 0 is not shown.
 */
export function fitWidths(natural: readonly number[], room: number): readonly number[] {
  const [name, set, label, profile] = [0, 2, natural.length > 4 ? 3 : undefined, natural.length - 1] as const;
  return fitColumns(natural, room, [
    { columns: [profile], least: MIN_COLUMN_WIDTH, orDrop: true },
    { columns: [set, name], least: 2 * MIN_COLUMN_WIDTH },
    { columns: [set, name], least: MIN_COLUMN_WIDTH },
    ...(label === undefined ? [] : [{ columns: [label], least: natural[label] ?? 0, orDrop: true }]),
    { columns: [set], least: 0 },
  ]);
}
