// HTML from templates in which everything is escaped that is not HTML already.
import type { Reply } from './http.ts';

export interface Html {
  readonly html: string;
}

type HtmlValue = string | Html | readonly Html[] | undefined;

/**
 * A template tag: texts are escaped, Html goes in as it is, undefined is nothing.
 * Not called `html`, because formatters lay such templates out anew, and blanks count here.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map((text, index) => (index === 0 ? '' : render(values[index - 1])) + text);
  return { html: parts.join('') };
}

/** Fit for text and for quoted attributes, of HTML and of XML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escapeHtml(value);
  return 'html' in value ? value.html : value.map((part) => part.html).join('');
}

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // Not no-referrer: browsers would then send `Origin: null` with the page's own forms.
  'referrer-policy': 'same-origin',
} as const;

/** A whole page: its own title and body in the frame that all pages share; `script` is a path of ours. */
export function pageReply(status: number, page: { title: string; body: Html; user?: Html; script?: string }): Reply {
  const document = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · Identity Center emulator</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">${
    page.script === undefined ? undefined : markup`\n<script src="${page.script}"></script>`
  }
</head>
<body>
<header>
<a class="brand" href="/start"><img src="/icon.svg" alt="" width="28" height="28"><span>Identity Center <b>emulator</b></span></a>
${page.user}
</header>
<main>
${page.body}
</main>
<footer>An emulator in memory, part of rolecall. No AWS account is behind it, and its keys open nothing.</footer>
</body>
</html>
`;
  const csp = PAGE_HEADERS['content-security-policy'];
  const headers =
    page.script === undefined
      ? PAGE_HEADERS
      : { ...PAGE_HEADERS, 'content-security-policy': `${csp}; script-src 'self'` };
  return { status, headers, body: document.html };
}
