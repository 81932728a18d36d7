// The setting `browser` of a session: a command template that is split into words here and never passed to a shell.

/** The command could not be run; `message` is the reason as a clause. */
export class BrowserFailure extends Error {}

const PLACEHOLDER = '{url}';
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** URL schemes of Firefox extensions, which no desktop can open. */
const EXTENSION_URL = /^ext\+[a-z]+:/;

/**
 * The words of a template, split at blanks. Quotes and backslashes work as in a shell; nothing else is special.
 * Undefined if a quote is not closed or there is no word.
 */
export function splitCommand(template: string): readonly [string, ...string[]] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let rest = template;
  while (rest !== '') {
    const [piece = ''] = /^\s+|^'[^']*'|^"(?:[^"\\]|\\[\s\S])*"|^\\[\s\S]|^[^\s'"\\]+/.exec(rest) ?? [];
    if (piece === '') return undefined;
    rest = rest.slice(piece.length);
    if (/^\s/.test(piece)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + unquote(piece);
    }
  }
  if (word !== undefined) words.push(word);
  const [program, ...others] = words;
  return program === undefined || program === '' ? undefined : [program, ...others];
}

/**
 * The command that opens `url`: replaces `{url}` in the template, else appends it. Inside a word that is a URL itself
 * (`ext+container:name=Work&url={url}`) it is percent-encoded. A template that is only such a URL is opened by Firefox.
 * @throws BrowserFailure: the template has no words
 */
export function formatBrowserCommand(
  template: string,
  url: string,
  platform: NodeJS.Platform,
): readonly [string, ...string[]] {
  const split = splitCommand(template);
  if (split === undefined) throw new BrowserFailure('a quote is not closed, or the command is empty');
  const [program] = split;
  const words = EXTENSION_URL.test(program) ? ([...firefox(platform), ...split] as const) : split;
  if (!words.some((word) => word.includes(PLACEHOLDER))) return [...words, url];
  const [first, ...others] = words.map((word) =>
    word.replaceAll(PLACEHOLDER, () => (isUrlAround(word) ? encodeURIComponent(url) : url)),
  );
  return [first ?? '', ...others];
}

/** Whether the page becomes part of another URL, as for a Firefox container; then it cannot be a file. */
export function nestsUrl(template: string): boolean {
  return splitCommand(template)?.some(isUrlAround) === true;
}

function isUrlAround(word: string): boolean {
  return SCHEME.test(word) && word.indexOf(PLACEHOLDER) > 0;
}

function firefox(platform: NodeJS.Platform): readonly [string, ...string[]] {
  return platform === 'darwin' ? ['open', '-a', 'Firefox'] : ['firefox'];
}

function unquote(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1);
  if (piece.startsWith('\\')) return piece.slice(1);
  return piece.startsWith('"') ? piece.slice(1, -1).replaceAll(/\\(["\\$`])/g, '$1') : piece;
}
