// Reads the emulator's forms, and renders what several pages share.
import type { Directory } from '../directory/directory.ts';
import { type Html, markup, pageReply } from '../http/html.ts';
import type { HttpRequest, Reply } from '../http/http.ts';
import type { Nonces } from '../http/nonces.ts';

/** The fields of the form, or an error page if it is too old or not from the emulator. */
export function readForm(request: HttpRequest, nonces: Nonces, again?: string): URLSearchParams | Reply {
  const form = new URLSearchParams(request.body);
  if (nonces.isGood(form.get('nonce'))) return form;
  return pageReply(403, {
    title: 'This page has expired',
    body: markup`<div class="card narrow stack"><h1>This page has expired</h1>
<p class="lead">Its form is no longer valid. Please start again${again === undefined ? ' where you started the sign-in' : ''}.</p>
${again === undefined ? undefined : markup`<a class="button" href="${again}">Start again</a>`}</div>`,
  });
}

export function nonceField(nonces: Nonces): Html {
  return markup`<input type="hidden" name="nonce" value="${nonces.issue()}">`;
}

/** Further users type their name. */
const MAX_USER_BUTTONS = 6;

/** Lets the user choose who signs in: buttons for a few users, and a field for any user name. */
export function userChoice(directory: Directory, wasTyped?: string): Html {
  const users = directory.users();
  const drawn = users.slice(0, MAX_USER_BUTTONS);
  const typed = markup`<div class="row"><input class="grow" name="user_name" aria-label="User name" placeholder="User name"
 autocomplete="off" autocapitalize="none" spellcheck="false" value="${wasTyped}"><button>Continue</button></div>`;
  return markup`<fieldset><legend>Sign in as</legend>
<ul class="people">${drawn.map(
    ({ userName, displayName }) => markup`<li><button class="person" name="user" value="${userName}">
<span class="initial" aria-hidden="true">${initialOf(displayName ?? userName)}</span>
<span>${displayName ?? userName}<small>${userName}</small></span></button></li>`,
  )}</ul></fieldset>
${
  drawn.length === users.length && wasTyped === undefined
    ? markup`<details class="plain"><summary class="small">Type a user name instead</summary><div>${typed}</div></details>`
    : typed
}
<p class="soft small">There are no passwords: all users here are fictional.</p>`;
}

/** Like userChoice, for a form with buttons of its own: the first user is chosen already. */
export function userRadios(directory: Directory, wasTyped?: string): Html {
  const users = directory.users();
  const drawn = users.slice(0, MAX_USER_BUTTONS);
  const isOpen = drawn.length < users.length || wasTyped !== undefined;
  return markup`<fieldset><legend>Sign in as</legend>
<ul class="people">${drawn.map(
    (
      { userName, displayName },
      index,
    ) => markup`<li><label class="person"><input type="radio" name="user" value="${userName}"${
      index === 0 ? markup` checked` : undefined
    }>
<span>${displayName ?? userName} <small>${userName}</small></span></label></li>`,
  )}</ul></fieldset>
<details class="plain"${isOpen ? markup` open` : undefined}><summary class="small">Type a user name instead</summary><div>
<input name="user_name" aria-label="User name" placeholder="User name" autocomplete="off" autocapitalize="none"
 spellcheck="false" value="${wasTyped}"></div></details>`;
}

/** The user name chosen in a form with userChoice. */
export function chosenUser(form: URLSearchParams): string {
  return form.get('user') ?? form.get('user_name')?.trim() ?? '';
}

/** The user name chosen in a form with userRadios, where a typed name replaces the chosen one. */
export function typedOrChosenUser(form: URLSearchParams): string {
  const typed = form.get('user_name')?.trim() ?? '';
  return typed === '' ? (form.get('user') ?? '') : typed;
}

export function problemNote(problem: string | undefined): Html {
  return problem === undefined ? markup`` : markup`<p class="note bad" role="alert">${problem}</p>`;
}

function initialOf(name: string): string {
  return String.fromCodePoint(name.codePointAt(0) ?? 0x3f);
}
