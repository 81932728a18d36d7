// A minimal terminal for the picker: turns what is written to it into lines of text without styles.
export interface WrittenScreen {
  write(text: string): void;
  /** The lines, without spaces at their ends. */
  lines(): readonly string[];
  cursor(): { readonly row: number; readonly column: number };
}

/** Rows and columns count from 0; a character takes one column, two when `isWide` says so. */
export function createWrittenScreen(rows: number, isWide: (character: string) => boolean = () => false): WrittenScreen {
  const cells: string[][] = Array.from({ length: rows }, () => []);
  let [row, column] = [0, 0];

  function control(code: string, last: string): void {
    const line = cells[row];
    if (line === undefined) throw new Error(`a control in line ${row} of ${rows}`);
    if (last === 'H') {
      const [toRow = 1, toColumn = 1] = code === '' ? [] : code.split(';').map(Number);
      [row, column] = [toRow - 1, toColumn - 1];
    } else if (last === 'G') {
      column = Number(code) - 1;
    } else if (last === 'K' && code === '2') {
      line.length = 0;
    } else if (last === 'J') {
      for (const below of cells.slice(row + 1)) below.length = 0;
    } else if (!['m', 'h', 'l'].includes(last)) {
      throw new Error(`a control that is not known: ${code}${last}`);
    }
  }

  return {
    write(text) {
      for (const [, code, last = '', character = ''] of text.matchAll(/\u001b\[([0-9;?]*)([A-Za-z])|([\s\S])/gu)) {
        if (last !== '') control(code ?? '', last);
        else if (character === '\r') column = 0;
        else if (character === '\n') row += 1;
        else {
          const line = cells[row];
          if (line === undefined) throw new Error(`a character below the screen: ${character}`);
          while (line.length < column) line.push(' ');
          line[column] = character;
          if (isWide(character)) line[column + 1] = '';
          column += isWide(character) ? 2 : 1;
        }
      }
    },
    lines: () =>
      cells.map((line) =>
        Array.from(line, (cell) => cell ?? ' ')
          .join('')
          .trimEnd(),
      ),
    cursor: () => ({ row, column }),
  };
}
