// HTML templates that escape everything that is not HTML already.
import type { Reply } from './http.ts';

export interface Html {
  readonly html: string;
}

type HtmlValue = string | Html | readonly Html[] | undefined;

/**
 * A template tag: escapes strings, inserts Html unchanged, omits undefined.
 * Not called `html`, because formatters would reformat such templates, and whitespace matters here.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map((text, index) => (index === 0 ? '' : render(values[index - 1])) + text);
  return { html: parts.join('') };
}

/** Escapes for text and quoted attributes in HTML and XML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escapeHtml(value);
  return 'html' in value ? value.html : value.map((part) => part.html).join('');
}

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Not no-referrer, with which browsers send `Origin: null` for the page's own forms.
  'referrer-policy': 'same-origin',
} as const;

export interface PageContent {
  readonly title: string;
  readonly body: Html;
  readonly user?: Html;
  /** A path on this server. */
  readonly script?: string;
  /** The origin to which a form of this page redirects; browsers block others. */
  readonly redirectOrigin?: string;
}

/** A page with the shared layout. */
export function pageReply(status: number, page: PageContent): Reply {
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
<footer>An in-memory emulator, part of rolecall. It is not connected to AWS, and its keys give access to nothing.</footer>
</body>
</html>
`;
  return { status, headers: { ...PAGE_HEADERS, 'content-security-policy': policyOf(page) }, body: document.html };
}

function policyOf({ script, redirectOrigin }: PageContent): string {
  const csp = CONTENT_SECURITY_POLICY.replace(
    "form-action 'self'",
    ['form-action', "'self'", redirectOrigin].filter(Boolean).join(' '),
  );
  return script === undefined ? csp : `${csp}; script-src 'self'`;
}
