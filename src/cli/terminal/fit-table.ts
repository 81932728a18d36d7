// Fits a table into the width of a terminal: columns give way in a defined order, and names are shortened in the middle.
import { createNameShortener } from '../../core/text/short-names.js';
import { cutToWidth, displayWidth } from './display-width.ts';
import { fitColumns, GAP, type FitStep } from './fit-columns.ts';

export interface FittedTable {
  readonly rows: readonly (readonly string[])[];
  /** Columns that are left out. */
  readonly dropped: readonly number[];
}

/** The rows with shortened cells; different cells of one column stay different where the width allows. */
export function fitTable(rows: readonly (readonly string[])[], room: number, steps: readonly FitStep[]): FittedTable {
  const natural: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) natural[column] = Math.max(natural[column] ?? 0, displayWidth(cell));
  }
  const widths = fitColumns(natural, room, steps);
  const shorten = widths.map((width, column) =>
    width === natural[column] || width === 0 ? undefined : createCellShortener(column, width, rows),
  );
  const shown = widths.flatMap((width, column) => (width > 0 ? [column] : []));
  return {
    rows: rows.map((row) =>
      cutRow(
        shown.map((column) => shorten[column]?.(row[column] ?? '') ?? row[column] ?? ''),
        widths,
        shown,
        room,
      ),
    ),
    dropped: widths.flatMap((width, column) => (width === 0 && (natural[column] ?? 0) > 0 ? [column] : [])),
  };
}

/** Colour codes around a cell stay around its shortened text. */
const PAINTED = /^((?:\u001b\[\d+m)*)(.*?)((?:\u001b\[\d+m)*)$/su;

function createCellShortener(
  column: number,
  width: number,
  rows: readonly (readonly string[])[],
): (cell: string) => string {
  const textOf = (cell: string) => (cell.includes('\u001b') ? (PAINTED.exec(cell)?.[2] ?? cell) : cell);
  const shorten = createNameShortener(
    rows.map((row) => textOf(row[column] ?? '')),
    width,
    displayWidth,
  );
  // Thousands of rows repeat the same few names.
  const known = new Map<string, string>();
  return (cell) => {
    const text = known.get(cell) ?? shortenCell(cell);
    known.set(cell, text);
    return text;
  };

  function shortenCell(cell: string): string {
    if (!cell.includes('\u001b')) return shorten(cell).text;
    const [, before = '', text = '', after = ''] = PAINTED.exec(cell) ?? [];
    return before + shorten(text).text + after;
  }
}

/** In a terminal narrower than every step allows, the end of the row is cut, so that no row takes two lines. */
function cutRow(
  cells: readonly string[],
  widths: readonly number[],
  shown: readonly number[],
  room: number,
): readonly string[] {
  const total = shown.reduce((sum, column) => sum + (widths[column] ?? 0) + GAP, -GAP);
  if (total <= room) return cells;
  let left = room;
  return cells.flatMap((cell, index) => {
    const width = Math.min(left, widths[shown[index] ?? 0] ?? 0);
    left -= width + GAP;
    return width > 0 ? [cutToWidth(cell.replaceAll(/\u001b\[\d+m/g, ''), width)] : [];
  });
}
