// A recording of a terminal as an SVG that plays by CSS alone: GitHub shows such an image, and runs no script in it.
import { COLOURS, escapeMarkup, readLines } from './ansi-to-html.mjs';

const CELL = { width: 8.4, height: 20 };
const PADDING = 16;
/** How long the last frame stays before the recording starts again. */
const HOLD_MS = 6000;

/**
 * `frames` are what the terminal showed, as `tmux capture-pane -e` gives it, each with the place of its cursor and for how long.
 * Each row is a strip of all that it showed, which moves up one step at a time: a key that is typed costs one line of one row.
 */
export function formatAnimatedSvg(frames, { columns, rows, title }) {
  const durationMs = frames.reduce((sum, { durationMs: one }) => sum + one, 0) + HOLD_MS;
  const startsMs = [];
  let atMs = 0;
  for (const frame of frames) {
    startsMs.push(atMs);
    atMs += frame.durationMs;
  }
  const percentOf = (index) => `${((startsMs[index] / durationMs) * 100).toFixed(3)}%`;
  const animation = `${(durationMs / 1000).toFixed(2)}s step-end infinite`;

  const screens = frames.map(({ text }) => readLines(text));
  const strips = [];
  const keyframes = [];
  for (let row = 0; row < rows; row += 1) {
    const changes = findChanges(screens.map((lines) => JSON.stringify(lines[row] ?? [])));
    if (changes.length === 1 && changes[0].value === '[]') continue;
    const lines = changes.map(({ value }, step) => drawLine(JSON.parse(value), step * CELL.height)).join('');
    const up = (step) => `transform:translateY(${-step * CELL.height}px)`;
    const moves = changes.map(({ index }, step) => `${percentOf(index)}{${up(step)}}`).join('');
    keyframes.push(`@keyframes r${row}{${moves}}#r${row}{${up(changes.length - 1)};animation:r${row} ${animation}}`);
    const place = `y="${PADDING + row * CELL.height}" height="${CELL.height}"`;
    strips.push(`<svg x="${PADDING}" ${place} width="${columns * CELL.width}"><g id="r${row}">${lines}</g></svg>`);
  }

  const cursors = findChanges(frames.map(({ cursor }) => JSON.stringify(cursor)));
  const placeOf = ({ value }) => {
    const { x, y, isShown } = JSON.parse(value);
    return `transform:translate(${(x * CELL.width).toFixed(1)}px,${y * CELL.height}px);opacity:${isShown ? 0.5 : 0}`;
  };
  const moves = cursors.map((change) => `${percentOf(change.index)}{${placeOf(change)}}`).join('');
  keyframes.push(`@keyframes c{${moves}}#c{${placeOf(cursors.at(-1))};animation:c ${animation}}`);

  const [width, height] = [columns * CELL.width + 2 * PADDING, rows * CELL.height + 2 * PADDING].map(Math.ceil);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeMarkup(title)}</title>
<style>
text{white-space:pre;font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${COLOURS[0]}}
${keyframes.join('\n')}
@media (prefers-reduced-motion:reduce){*{animation:none!important}}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="#fbfbfa" stroke="#d0d7de"/>
${strips.join('\n')}
<rect id="c" x="${PADDING}" y="${PADDING + 1}" width="${CELL.width}" height="${CELL.height - 3}" fill="#57606a"/>
</svg>
`;
}

/** The first value and each that differs from the one before it, with its index. */
function findChanges(values) {
  return values.map((value, index) => ({ value, index })).filter(({ value, index }) => value !== values[index - 1]);
}

/** Every run has its own place and width, so that columns stay in line in whatever font there is. */
function drawLine(runs, top) {
  let column = 0;
  let markup = '';
  for (const { text, style } of runs) {
    const [x, width] = [column, text.length].map((cells) => Number((cells * CELL.width).toFixed(1)));
    column += text.length;
    if (style.reversed) markup += `<rect x="${x}" y="${top}" width="${width}" height="${CELL.height}" fill="#dde3ea"/>`;
    if (text.trim() === '') continue;
    const attributes = [
      style.bold ? ' font-weight="700"' : '',
      style.dim ? ' opacity=".6"' : '',
      style.underlined ? ' text-decoration="underline"' : '',
      style.colour === undefined ? '' : ` style="fill:${style.colour}"`,
    ].join('');
    markup += `<text x="${x}" y="${top + 15}" textLength="${width}"${attributes}>${escapeMarkup(text)}</text>`;
  }
  return markup;
}
