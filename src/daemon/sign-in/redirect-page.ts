// The page in the browser that comes back from a sign-in: one sentence, without script and without secrets.
import { createHash } from 'node:crypto';
import type { ErrorBody } from '../../core/errors.ts';
import { escapeMarkup, toHarmlessLine } from '../../core/text/harmless-text.ts';
import type { SignInOutcome } from '../../sso/ports.ts';
import { ANSWER_HEADERS } from '../http/error-answer.ts';

export interface Page {
  readonly title: string;
  readonly lines: readonly string[];
  /** The colour of its edge; the title says the same. */
  readonly tone?: 'good' | 'bad';
  /** A command to type. */
  readonly command?: string;
}

const MAX_NAME_CHARACTERS = 60;
const MAX_LINE_CHARACTERS = 400;

/** Colours that fit a light and a dark ground. */
const STYLE =
  ':root{color-scheme:light dark}' +
  'body{max-width:32rem;margin:0 auto;padding:12vh 1.25rem 2rem;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}' +
  'header{display:flex;align-items:center;gap:.55rem;font-weight:600;margin-bottom:.9rem}' +
  'main{padding:1.4rem 1.5rem;border:1px solid #8885;border-left:5px solid #8889;border-radius:12px;background:#8881}' +
  '.good{border-left-color:#2f9e6a}.bad{border-left-color:#d9534f}' +
  'h1{font-size:1.35rem;line-height:1.3;margin:0 0 .7rem}p{margin:.4rem 0 0}code{font:.95em ui-monospace,monospace}';

/** `src/web/icon.svg`, in the page: the policy lets it load nothing. */
const BRAND =
  '<svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#4357c9"/>' +
  '<path d="M8 11.5h7M8 16.5h5M8 21.5h5" stroke="#b9c4ff" stroke-width="2.4" stroke-linecap="round"/>' +
  '<path d="m16.5 18.2 3.4 3.6 5.6-9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>' +
  '</svg>rolecall';

const POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CLOSE = 'You can close this page.';

/** What became of the sign-in to a session. */
export function describeOutcome(sessionName: string, outcome: SignInOutcome, error?: ErrorBody): Page {
  const name = toHarmlessLine(sessionName, MAX_NAME_CHARACTERS);
  switch (outcome) {
    case 'approved':
      return { title: `Signed in to ${name}`, lines: [CLOSE], tone: 'good' };
    case 'denied':
      return { title: 'The sign-in was denied', lines: [`You are not signed in to ${name}.`, CLOSE], tone: 'bad' };
    case 'cancelled':
      return { title: 'The sign-in was cancelled', lines: ['It was cancelled, or replaced by another one.', CLOSE] };
    case 'expired':
      if (error === undefined) {
        return { title: 'The sign-in has expired', lines: [`You are not signed in to ${name}.`, CLOSE] };
      }
      return { title: 'The sign-in failed', lines: [error.message, CLOSE], command: error.hint, tone: 'bad' };
  }
}

/** AWS has not given the token yet. */
export function describeDelay(sessionName: string): Page {
  const name = toHarmlessLine(sessionName, MAX_NAME_CHARACTERS);
  return {
    title: `Still signing in to ${name}`,
    lines: ['The answer has arrived, and rolecall still waits for AWS. How it ends:', CLOSE],
    command: 'rolecall status',
  };
}

/** A request that is not the redirect of the sign-in that is waiting. */
export function describeRefusal(message: string): Page {
  return { title: 'Not a sign-in', lines: [message, 'Nothing was changed.', CLOSE] };
}

/** The right answer once more, as after a second click on Allow. */
export function describeRepetition(sessionName: string): Page {
  const name = toHarmlessLine(sessionName, MAX_NAME_CHARACTERS);
  return {
    title: `The sign-in to ${name} has its answer already`,
    lines: ['How it ended:', CLOSE],
    command: 'rolecall status',
  };
}

/** Headers and body of a page. */
export function renderPage({ title, lines, command, tone }: Page): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const text = (line: string) => escapeMarkup(toHarmlessLine(line, MAX_LINE_CHARACTERS));
  const paragraphs = lines.map((line) => `<p>${text(line)}</p>`);
  if (command !== undefined) paragraphs.splice(-1, 0, `<p><code>${text(command)}</code></p>`);
  const body =
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${text(title)} · rolecall</title><style>${STYLE}</style></head>\n` +
    `<body><header>${BRAND}</header>\n<main${tone === undefined ? '' : ` class="${tone}"`}><h1>${text(title)}</h1>\n` +
    `${paragraphs.join('\n')}\n</main></body></html>\n`;
  return {
    headers: {
      ...ANSWER_HEADERS,
      'content-security-policy': POLICY,
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cross-origin-opener-policy': 'same-origin',
      connection: 'close',
    },
    body,
  };
}
