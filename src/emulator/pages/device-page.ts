// The device page: sign in as a user of the directory, compare the code, and allow or deny.
import type { DeviceAuthorizations, PendingDeviceAuthorization } from '../sessions/device-authorizations.ts';
import type { Directory } from '../directory/directory.ts';
import { chosenUser, nonceField, problemNote, readForm, userChoice } from './form.ts';
import { markup, pageReply } from '../http/html.ts';
import type { HttpRequest, Reply, Route } from '../http/http.ts';
import type { Nonces } from '../http/nonces.ts';

export interface DevicePageDeps {
  readonly directory: Directory;
  readonly deviceAuthorizations: DeviceAuthorizations;
  readonly nonces: Nonces;
}

export function createDevicePageRoutes(deps: DevicePageDeps): readonly Route[] {
  return [
    { method: 'GET', path: '/device', handle: (request) => showSignIn(deps, request) },
    { method: 'POST', path: '/device', handle: (request) => showConfirmation(deps, request) },
    { method: 'POST', path: '/device/decision', handle: (request) => decide(deps, request) },
  ];
}

const NO_SUCH_CODE = 'No sign-in is waiting for this code. It may have been used or have expired.';

function showSignIn(deps: DevicePageDeps, { query }: HttpRequest): Reply {
  const request = query.get('request_uri');
  if (request !== null) {
    const found = deps.deviceAuthorizations.findPendingByRequest(request);
    return signInPage(deps, found === undefined ? { problem: NO_SUCH_CODE } : { request, found });
  }
  const userCode = query.get('user_code');
  if (userCode === null || userCode === '') return signInPage(deps, {});
  const found = deps.deviceAuthorizations.findPending(userCode);
  return signInPage(
    deps,
    found === undefined ? { userCode, problem: NO_SUCH_CODE } : { userCode: found.userCode, found },
  );
}

interface SignInView {
  readonly userCode?: string;
  readonly request?: string;
  readonly found?: PendingDeviceAuthorization;
  readonly problem?: string;
  readonly userName?: string;
}

function signInPage(deps: DevicePageDeps, view: SignInView): Reply {
  const codeField =
    view.request === undefined
      ? markup`<div><label for="code">Code</label>
<input class="code" id="code" name="user_code" value="${view.userCode}" placeholder="XXXX-XXXX" maxlength="12" required
 autocomplete="off" autocapitalize="characters" spellcheck="false">
<p class="soft small">The code shown in your terminal.</p></div>`
      : markup`<input type="hidden" name="request_uri" value="${view.request}">`;
  return pageReply(view.problem === undefined ? 200 : 400, {
    title: 'Authorize a device',
    body: markup`<div class="card narrow"><h1>Sign in to continue</h1>
<p class="lead">${
      view.found === undefined
        ? 'A program wants to use your accounts.'
        : markup`<b>${view.found.clientName}</b> wants to use your accounts.`
    }</p>
${problemNote(view.problem)}
<form method="post" action="/device" class="stack">${nonceField(deps.nonces)}
${codeField}
${userChoice(deps.directory, view.userName)}
</form></div>`,
  });
}

function showConfirmation(deps: DevicePageDeps, httpRequest: HttpRequest): Reply {
  const form = readForm(httpRequest, deps.nonces, '/device');
  if ('status' in form) return form;
  const request = form.get('request_uri');
  const userCode = form.get('user_code') ?? '';
  const found =
    request === null
      ? deps.deviceAuthorizations.findPending(userCode)
      : deps.deviceAuthorizations.findPendingByRequest(request);
  if (found === undefined) return signInPage(deps, { userCode, problem: NO_SUCH_CODE });

  const userName = chosenUser(form);
  const user = deps.directory.findUser(userName);
  if (user === undefined) {
    const problem = userName === '' ? 'Please choose who you are.' : `There is no user ${userName} in this directory.`;
    const known = request === null ? { userCode: found.userCode } : { request };
    return signInPage(deps, { ...known, found, problem, userName });
  }
  return pageReply(200, {
    title: 'Allow access?',
    user: markup`<span class="who">Signed in as <b>${user.displayName ?? userName}</b></span>`,
    body: markup`<div class="card narrow"><h1>Is this your code?</h1>
<p class="lead">Compare it with the code in your terminal.</p>
<p class="usercode" id="user-code">${found.userCode}</p>
<p><b>${found.clientName}</b> will be able to list your accounts and get keys for them as <b>${userName}</b>.</p>
<p class="note">Allow it only if you started this sign-in yourself. Never enter a code that somebody sent you.</p>
<form method="post" action="/device/decision" class="row">${nonceField(deps.nonces)}
<input type="hidden" name="user_code" value="${found.userCode}">
<input type="hidden" name="user" value="${userName}">
<button class="primary" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form></div>`,
  });
}

function decide(deps: DevicePageDeps, request: HttpRequest): Reply {
  const form = readForm(request, deps.nonces, '/device');
  if ('status' in form) return form;
  const found = deps.deviceAuthorizations.findPending(form.get('user_code') ?? '');
  if (found === undefined) return signInPage(deps, { problem: NO_SUCH_CODE });
  if (form.get('decision') !== 'allow') {
    deps.deviceAuthorizations.deny(found.userCode);
    return outcomePage('Access denied', 'bad', found, 'was denied access. You can close this page.');
  }
  const user = deps.directory.findUser(chosenUser(form));
  if (user === undefined) return signInPage(deps, { userCode: found.userCode, problem: 'Please choose who you are.' });
  deps.deviceAuthorizations.approve(found.userCode, user.userName);
  return outcomePage(
    'Access allowed',
    'good',
    found,
    'can continue. You can close this page and return to your terminal.',
  );
}

function outcomePage(title: string, tone: string, { clientName }: PendingDeviceAuthorization, words: string): Reply {
  return pageReply(200, {
    title,
    body: markup`<div class="card narrow"><h1>${title}</h1>
<p class="note ${tone}" role="status"><b>${clientName}</b> ${words}</p>
<a class="button" href="/start">Go to the access portal</a></div>`,
  });
}
