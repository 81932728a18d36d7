// Text with a terminal's colours as HTML: the sixteen colours, bold, dim, underlined and reversed, which is all that we print.

const SELECT_GRAPHIC_RENDITION = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`, 'g');
export const COLOURS = ['#24292f', '#cf222e', '#1a7f37', '#9a6700', '#0969da', '#8250df', '#1b7c83', '#6e7781'];
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

export const escapeMarkup = (text) => text.replaceAll(/[&<>]/g, (character) => ESCAPES[character]);

/** What `tmux capture-pane -e` gives. @throws Error: it has something in it that is not drawn here */
export const ansiToHtml = (text) =>
  readRuns(text)
    .map((run) => span(run.text, run.style))
    .join('');

/** The pieces of the text with one style each. @throws Error: it has something in it that is not drawn here */
function readRuns(text) {
  let style = {};
  const runs = [];
  let from = 0;
  for (const match of text.matchAll(SELECT_GRAPHIC_RENDITION)) {
    runs.push({ text: text.slice(from, match.index), style });
    style = applyCodes(style, match[1]);
    from = match.index + match[0].length;
  }
  runs.push({ text: text.slice(from), style });
  return runs.filter((run) => run.text !== '');
}

/** The same by lines: tmux lets a style go on into the next line. */
export function readLines(text) {
  const lines = [[]];
  for (const { text: piece, style } of readRuns(text)) {
    for (const [index, part] of piece.split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (part !== '') lines.at(-1).push({ text: part, style });
    }
  }
  return lines;
}

function applyCodes(before, codes) {
  let style = before;
  for (const code of (codes || '0').split(';').map(Number)) {
    if (code === 0) style = {};
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 2) style = { ...style, dim: true };
    else if (code === 4) style = { ...style, underlined: true };
    else if (code === 7) style = { ...style, reversed: true };
    else if (code === 22) style = { ...style, bold: false, dim: false };
    else if (code === 24) style = { ...style, underlined: false };
    else if (code === 27) style = { ...style, reversed: false };
    else if (code === 39) style = { ...style, colour: undefined };
    else if (code >= 30 && code <= 37) style = { ...style, colour: COLOURS[code - 30] };
    else if (code >= 90 && code <= 97) style = { ...style, colour: COLOURS[code - 90] };
    else throw new Error(`a terminal's code ${code} is not drawn yet`);
  }
  return style;
}

function span(text, { bold, dim, underlined, reversed, colour }) {
  const css = [
    bold ? 'font-weight:700' : '',
    dim ? 'opacity:.6' : '',
    underlined ? 'text-decoration:underline' : '',
    reversed ? 'background:#dde3ea' : '',
    colour === undefined ? '' : `color:${colour}`,
  ].filter((part) => part !== '');
  return css.length === 0 ? escapeMarkup(text) : `<span style="${css.join(';')}">${escapeMarkup(text)}</span>`;
}
