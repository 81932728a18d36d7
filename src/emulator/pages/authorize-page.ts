// The page of the authorization code: shows which client asks, and lets the user choose who they are, Allow or Deny.
import type { Directory } from '../directory/directory.ts';
import { markup, pageReply } from '../http/html.ts';
import type { Reply } from '../http/http.ts';
import type { Nonces } from '../http/nonces.ts';
import type { PendingAuthorization } from '../sessions/authorization-codes.ts';
import { nonceField, problemNote, userRadios } from './form.ts';

export interface AuthorizePageDeps {
  readonly directory: Directory;
  readonly nonces: Nonces;
}

export function authorizePage(
  { directory, nonces }: AuthorizePageDeps,
  { requestId, clientName, redirectUri, scopes }: PendingAuthorization,
  again: { readonly problem?: string; readonly userName?: string } = {},
): Reply {
  return pageReply(again.problem === undefined ? 200 : 400, {
    title: 'Allow access?',
    redirectOrigin: formTarget(redirectUri),
    body: markup`<div class="card narrow"><h1>Allow access?</h1>
<p class="lead"><b>${clientName}</b> wants to list your accounts and get keys for them.</p>
${problemNote(again.problem)}
<form method="post" action="/authorize/decision" class="stack">${nonceField(nonces)}
<input type="hidden" name="request" value="${requestId}">
${userRadios(directory, again.userName)}
<p class="note">Allow it only if you started this sign-in yourself, on this computer.</p>
<div class="row"><button class="primary" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></div>
<p class="soft small">There are no passwords: all users here are fictional. The client asks for
<code>${scopes.join(' ')}</code>, and this browser returns to it at <code>${new URL(redirectUri).host}</code>.</p>
</form></div>`,
  });
}

/** For a request that cannot be answered on its redirect URI. */
export function refusedAuthorization(problem: string): Reply {
  return pageReply(400, {
    title: 'This sign-in cannot continue',
    body: markup`<div class="card narrow"><h1>This sign-in cannot continue</h1>
${problemNote(problem)}
<p>Please start it again where you started it, for example in your terminal.</p></div>`,
  });
}

/** For the Content-Security-Policy, whose syntax has no IPv6 addresses. */
function formTarget(redirectUri: string): string {
  const { origin, hostname } = new URL(redirectUri);
  return hostname === '[::1]' ? 'http:' : origin;
}
