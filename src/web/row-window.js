// Which of very many rows are to be drawn: those in sight and a few more, however long the list is.

/** Drawn above and below what is in sight, so that a fast hand sees no gap. */
const MARGIN_ROWS = 6;

/**
 * The rows from `first` up to but without `end`.
 * @param {{ scrollTop: number, height: number, rowHeight: number, rowCount: number }} view
 */
export function rowsInSight({ scrollTop, height, rowHeight, rowCount }) {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MARGIN_ROWS);
  const end = Math.min(rowCount, Math.ceil((scrollTop + height) / rowHeight) + MARGIN_ROWS);
  return { first: Math.min(first, end), end };
}

/**
 * Where to scroll for the row `index` to be seen whole; as it is when it is.
 * @param {number} index @param {{ scrollTop: number, height: number, rowHeight: number }} view
 */
export function scrollToRow(index, { scrollTop, height, rowHeight }) {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight;
  return bottom > scrollTop + height ? bottom - height : scrollTop;
}

/**
 * The row that a key leads to; undefined for a key that moves nowhere.
 * @param {string} key @param {{ index: number, rowCount: number, pageRows: number }} at `index` -1: none is selected
 */
export function rowAfterKey(key, { index, rowCount, pageRows }) {
  if (rowCount === 0) return undefined;
  const last = rowCount - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1);
    case 'ArrowUp':
      return index === -1 ? last : Math.max(0, index - 1);
    case 'PageDown':
      return Math.min(last, Math.max(0, index) + pageRows);
    case 'PageUp':
      return Math.max(0, index - pageRows);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
