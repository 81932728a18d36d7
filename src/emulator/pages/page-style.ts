// The stylesheet and the icon of the emulator's pages, for light and dark mode.
import type { Route } from '../http/http.ts';

export function createStyleRoutes(): readonly Route[] {
  return [fileRoute('/style.css', 'text/css; charset=utf-8', STYLE), fileRoute('/icon.svg', 'image/svg+xml', ICON)];
}

function fileRoute(path: string, contentType: string, body: string): Route {
  const headers = { 'content-type': contentType, 'cache-control': 'max-age=3600', 'x-content-type-options': 'nosniff' };
  return { method: 'GET', path, handle: () => ({ status: 200, headers, body }) };
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
  '<rect width="32" height="32" rx="8" fill="#3b5bdb"/>' +
  '<circle cx="16" cy="12" r="4.5" fill="none" stroke="#fff" stroke-width="2.4"/>' +
  '<path d="M8 25c.8-4.6 4-7 8-7s7.2 2.4 8 7" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>' +
  '</svg>';

const STYLE = `:root {
  --page: #f4f5f8; --card: #fff; --ink: #1b2130; --soft: #5a6376; --line: #dfe2ea; --field: #fff;
  --accent: #3b5bdb; --accent-ink: #fff; --accent-soft: #e9edfc; --bad: #b42318; --bad-soft: #fdecea;
  --good: #1b7f4b; --good-soft: #e4f5ec; --shadow: 0 1px 2px rgb(20 26 40 / 6%), 0 8px 24px rgb(20 26 40 / 6%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151c; --card: #1b1f29; --ink: #e8eaf0; --soft: #9aa3b5; --line: #2d3341; --field: #151922;
    --accent: #7c95ff; --accent-ink: #0e1220; --accent-soft: #232b4a; --bad: #ff8a7d; --bad-soft: #3a1f1d;
    --good: #5fd39a; --good-soft: #16332540; --shadow: none;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); display: flex; flex-direction: column; min-height: 100vh;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { display: flex; align-items: center; justify-content: space-between; gap: 1rem; flex-wrap: wrap;
  padding: .8rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: .65rem; color: inherit; text-decoration: none; }
.brand b { color: var(--soft); font-weight: 500; }
.who { color: var(--soft); font-size: .92rem; }
.who b { color: var(--ink); }
main { flex: 1; width: 100%; max-width: 46rem; margin: 0 auto; padding: 2.25rem 1.25rem 3rem; }
.narrow { max-width: 28rem; margin-left: auto; margin-right: auto; }
footer { padding: 1.25rem; text-align: center; color: var(--soft); font-size: .85rem; }
h1 { margin: 0 0 .35rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.05rem; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
.lead, .soft { color: var(--soft); }
.small { font-size: .88rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow);
  padding: 1.5rem; }
label, legend { display: block; padding: 0; font-weight: 600; margin-bottom: .35rem; }
fieldset { border: 0; margin: 0; padding: 0; }
input { width: 100%; padding: .65rem .8rem; border: 1px solid var(--line); border-radius: 9px; background: var(--field);
  color: inherit; font: inherit; }
input.code { font: 600 1.35rem/1.4 ui-monospace, SFMono-Regular, Menlo, monospace; letter-spacing: .14em;
  text-transform: uppercase; text-align: center; }
button, .button { display: inline-block; padding: .6rem 1rem; border: 1px solid var(--line); border-radius: 9px;
  background: var(--card); color: inherit; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { border-color: var(--accent); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button.quiet { white-space: nowrap; padding: .35rem .7rem; font-size: .9rem; font-weight: 500; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.stack > * + * { margin-top: 1.1rem; }
.card > :last-child, .card > form > :last-child { margin-bottom: 0; }
.row { display: flex; gap: .75rem; align-items: center; flex-wrap: wrap; }
.row > .grow { flex: 1; min-width: 10rem; }
.people { list-style: none; margin: 0; padding: 0; }
.people li + li { margin-top: .55rem; }
.person { display: flex; width: 100%; align-items: center; gap: .8rem; text-align: left; padding: .65rem .8rem; }
.person small { display: block; color: var(--soft); font-weight: 400; }
label.person { padding-block: .5rem; border: 1px solid var(--line); border-radius: 9px; cursor: pointer; margin: 0; }
label.person small { display: inline; margin-left: .6rem; }
label.person:has(:checked) { border-color: var(--accent); background: var(--accent-soft); }
input[type="radio"] { flex: none; width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--accent); }
.initial { flex: none; width: 2.2rem; height: 2.2rem; border-radius: 50%; display: grid; place-items: center;
  background: var(--accent-soft); color: var(--accent); font-weight: 700; text-transform: uppercase; }
.usercode { margin: 1rem 0; padding: .9rem; border-radius: 10px; background: var(--accent-soft); text-align: center;
  font: 700 2rem/1.2 ui-monospace, SFMono-Regular, Menlo, monospace; letter-spacing: .12em; }
.note { padding: .7rem .9rem; border-radius: 9px; background: var(--accent-soft); font-size: .93rem; }
.note.bad { background: var(--bad-soft); color: var(--bad); }
.note.good { background: var(--good-soft); color: var(--good); }
details { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
details + details { margin-top: .7rem; }
summary { padding: .9rem 1.1rem; cursor: pointer; overflow-wrap: anywhere; }
summary b { margin-right: .5rem; }
summary .soft { display: block; font-size: .9rem; padding-left: 1.1rem; }
details > div, details > ul { border-top: 1px solid var(--line); }
details > div { padding: 1rem 1.1rem; }
details.plain { background: none; border: 0; box-shadow: none; }
details.plain > summary { padding: 0; color: var(--accent); }
details.plain > div { border: 0; padding: .7rem 0 0; }
.roles { list-style: none; margin: 0; padding: .35rem 1.1rem; }
.roles li { display: flex; align-items: center; justify-content: space-between; gap: .75rem; padding: .45rem 0; }
.roles li + li { border-top: 1px solid var(--line); }
.roles code { overflow-wrap: anywhere; }
.tag { display: inline-block; padding: .05rem .5rem; border-radius: 99px; border: 1px solid var(--line);
  color: var(--soft); font-size: .78rem; vertical-align: .08em; }
pre { overflow-x: auto; margin: 0; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: 10px;
  background: var(--field); font: .86rem/1.55 ui-monospace, SFMono-Regular, Menlo, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
`;
