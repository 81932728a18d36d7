// The page in the browser that comes back from a sign-in: one sentence, without script and without secrets.
import { createHash } from 'node:crypto';
import type { ErrorBody } from '../../core/errors.ts';
import { escapeMarkup, toHarmlessLine } from '../../core/text/harmless-text.ts';
import type { SignInOutcome } from '../../sso/ports.ts';
import { ANSWER_HEADERS } from '../http/error-answer.ts';

export interface Page {
  readonly title: string;
  readonly lines: readonly string[];
  /** A command to type. */
  readonly command?: string;
}

const MAX_NAME_CHARACTERS = 60;
const MAX_LINE_CHARACTERS = 400;

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto 0;padding:0 1.5rem}' +
  'h1{font-size:1.5rem;margin:0 0 .75rem}p{margin:.4rem 0}code{font:.95em ui-monospace,monospace}';

const POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CLOSE = 'You can close this page.';

/** What became of the sign-in to a session. */
export function describeOutcome(sessionName: string, outcome: SignInOutcome, error?: ErrorBody): Page {
  const name = toHarmlessLine(sessionName, MAX_NAME_CHARACTERS);
  switch (outcome) {
    case 'approved':
      return { title: `Signed in to ${name}`, lines: [CLOSE] };
    case 'denied':
      return { title: 'The sign-in was denied', lines: [`You are not signed in to ${name}.`, CLOSE] };
    case 'cancelled':
      return { title: 'The sign-in was cancelled', lines: ['It was cancelled, or replaced by another one.', CLOSE] };
    case 'expired':
      if (error === undefined) {
        return { title: 'The sign-in has expired', lines: [`You are not signed in to ${name}.`, CLOSE] };
      }
      return { title: 'The sign-in failed', lines: [error.message, CLOSE], command: error.hint };
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
export function renderPage({ title, lines, command }: Page): {
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
    `<body><h1>${text(title)}</h1>\n${paragraphs.join('\n')}\n</body></html>\n`;
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
