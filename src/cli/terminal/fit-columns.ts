// Column widths that fit a terminal: which columns give way, in which order, and how far.

/** Two columns are this far apart. */
export const GAP = 2;

/** One step of giving way. Steps are taken in order until the row fits. */
export interface FitStep {
  /** These columns share the shrinking. */
  readonly columns: readonly number[];
  readonly least: number;
  /** Leaves the columns out if shrinking them to `least` is not enough. */
  readonly orDrop?: boolean;
}

/** The widths of all columns in `room`, gaps included. A column of width 0 is not shown. */
export function fitColumns(natural: readonly number[], room: number, steps: readonly FitStep[]): readonly number[] {
  const widths = [...natural];
  const excess = () => {
    const shown = widths.filter((width) => width > 0);
    return shown.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, shown.length - 1) - room;
  };
  for (const { columns, least, orDrop = false } of steps) {
    const spare = columns.reduce((sum, column) => sum + Math.max(0, (widths[column] ?? 0) - least), 0);
    if (orDrop && excess() > spare) {
      for (const column of columns) widths[column] = 0;
      continue;
    }
    // First by equal shares; then again, for what a narrow column could not give.
    for (const [index, column] of [...columns, ...columns].entries()) {
      const width = widths[column] ?? 0;
      const share = index < columns.length ? Math.ceil(excess() / (columns.length - index)) : excess();
      if (share > 0) widths[column] = Math.min(width, Math.max(least, width - share));
    }
  }
  return widths;
}
