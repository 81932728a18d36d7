// Text with a terminal's colours as HTML: the sixteen colours, bold, dim, underlined and reversed, which is all that we print.

const SELECT_GRAPHIC_RENDITION = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`, 'g');
const COLOURS = ['#24292f', '#cf222e', '#1a7f37', '#9a6700', '#0969da', '#8250df', '#1b7c83', '#6e7781'];
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const escapeHtml = (text) => text.replaceAll(/[&<>]/g, (character) => ESCAPES[character]);

/** What `tmux capture-pane -e` gives. @throws Error: it has something in it that is not drawn here */
export function ansiToHtml(text) {
  let style = {};
  let html = '';
  let from = 0;
  for (const match of text.matchAll(SELECT_GRAPHIC_RENDITION)) {
    html += span(text.slice(from, match.index), style);
    style = applyCodes(style, match[1]);
    from = match.index + match[0].length;
  }
  return html + span(text.slice(from), style);
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
  if (text === '') return '';
  const css = [
    bold ? 'font-weight:700' : '',
    dim ? 'opacity:.6' : '',
    underlined ? 'text-decoration:underline' : '',
    reversed ? 'background:#dde3ea' : '',
    colour === undefined ? '' : `color:${colour}`,
  ].filter((part) => part !== '');
  return css.length === 0 ? escapeHtml(text) : `<span style="${css.join(';')}">${escapeHtml(text)}</span>`;
}
