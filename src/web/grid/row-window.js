// Computes which rows of a long list to render: the visible ones and a margin.

/** Extra rows above and below the visible ones, so that fast scrolling shows no gap. */
const MARGIN_ROWS = 6;

/**
 * The rows from `first` up to, but not including, `end`.
 * @param {{ scrollTop: number, height: number, rowHeight: number, rowCount: number }} view
 */
export function rowsInSight({ scrollTop, height, rowHeight, rowCount }) {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MARGIN_ROWS);
  const end = Math.min(rowCount, Math.ceil((scrollTop + height) / rowHeight) + MARGIN_ROWS);
  return { first: Math.min(first, end), end };
}

/**
 * The scroll position that makes row `index` fully visible; unchanged when it already is.
 * @param {number} index @param {{ scrollTop: number, height: number, rowHeight: number }} view
 */
export function scrollToRow(index, { scrollTop, height, rowHeight }) {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight;
  return bottom > scrollTop + height ? bottom - height : scrollTop;
}

/**
 * The row that a key moves to; undefined for other keys.
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
