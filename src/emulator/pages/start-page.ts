// The access portal page: a user's accounts and permission sets, and temporary keys.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryAccount, DirectoryUser } from '../directory/directory-model.ts';
import { SHORTCUT_SCRIPT } from './shortcut.ts';
import { chosenUser, nonceField, problemNote, readForm, userChoice } from './form.ts';
import { type Html, markup, pageReply } from '../http/html.ts';
import type { HttpRequest, Reply, Route } from '../http/http.ts';
import type { Nonces } from '../http/nonces.ts';
import type { RoleCredentialsIssuer } from '../sessions/role-credentials.ts';
import { formatConfigSection, formatExports } from './shell-lines.ts';

export interface StartPageDeps {
  readonly directory: Directory;
  readonly roleCredentials: RoleCredentialsIssuer;
  readonly nonces: Nonces;
  /** The variables that point AWS clients here. */
  readonly environment: () => Readonly<Record<string, string>>;
}

export function createStartPageRoutes(deps: StartPageDeps): readonly Route[] {
  const show = (request: HttpRequest) => showPortal(deps, request);
  return [
    { method: 'GET', path: '/', handle: () => ({ status: 302, headers: { location: '/start' }, body: '' }) },
    { method: 'GET', path: '/start', handle: show },
    { method: 'GET', path: '/start/', handle: show },
    { method: 'POST', path: '/start', handle: (request) => signIn(deps, request) },
    { method: 'POST', path: '/start/keys', handle: (request) => showKeys(deps, request) },
  ];
}

/** With more accounts than this, the list is collapsed and has a search field. */
const MANY_ACCOUNTS = 8;

function showPortal(deps: StartPageDeps, { query }: HttpRequest): Reply {
  const userName = query.get('user');
  if (userName === null) return signInPage(deps);
  const user = deps.directory.findUser(userName);
  return user === undefined ? signInPage(deps, userName) : portalPage(deps, user, query.get('q') ?? '');
}

function signIn(deps: StartPageDeps, request: HttpRequest): Reply {
  const form = readForm(request, deps.nonces, '/start');
  if ('status' in form) return form;
  const user = deps.directory.findUser(chosenUser(form));
  if (user === undefined) return signInPage(deps, chosenUser(form));
  return { status: 303, headers: { location: portalPath(user) }, body: '' };
}

function portalPath(user: DirectoryUser): string {
  return `/start?user=${encodeURIComponent(user.userName)}`;
}

function signInPage(deps: StartPageDeps, unknownUser?: string): Reply {
  return pageReply(unknownUser === undefined ? 200 : 404, {
    title: 'AWS access portal',
    script: SHORTCUT_SCRIPT,
    body: markup`<div class="card narrow"><h1>AWS access portal</h1>
<p class="lead">Start URL <code>${deps.directory.startUrl}</code></p>
${problemNote(unknownUser === undefined ? undefined : `There is no user ${unknownUser} in this directory.`)}
<form method="post" action="/start" class="stack">${nonceField(deps.nonces)}${userChoice(deps.directory, unknownUser)}</form>
</div>`,
  });
}

function signedIn(user: DirectoryUser): Html {
  return markup`<span class="who">Signed in as <b>${user.displayName ?? user.userName}</b> · <a href="/start">Sign out</a></span>`;
}

function portalPage(deps: StartPageDeps, user: DirectoryUser, search: string): Reply {
  const accounts = deps.directory.accountsOf(user.userName);
  const found = accounts.filter((account) => isFound(account, search));
  const isLong = accounts.length > MANY_ACCOUNTS;
  // One nonce for all forms of the page, which may list thousands of accounts.
  const nonce = nonceField(deps.nonces);
  return pageReply(200, {
    title: 'AWS access portal',
    script: SHORTCUT_SCRIPT,
    user: signedIn(user),
    body: markup`<h1>AWS access portal</h1>
<p class="lead">${countOf(accounts.length, 'account')} for ${user.userName}</p>
${
  isLong
    ? markup`<form method="get" action="/start" class="row"><input type="hidden" name="user" value="${user.userName}">
<input class="grow" type="search" name="q" value="${search}" placeholder="Account name, id or email" aria-label="Search accounts"><button>Search</button></form><p></p>`
    : undefined
}
${accounts.length === 0 ? markup`<p class="note">No account is assigned to this user or to one of their groups yet.</p>` : undefined}
${found.length === 0 && accounts.length > 0 ? markup`<p class="note">No account matches this search.</p>` : undefined}
${found.map((account) => accountCard(deps, user, account, nonce, found.length <= MANY_ACCOUNTS))}
<h2>Use it from your terminal</h2>
<p class="soft small">An sso-session for <code>~/.aws/config</code>, and the variables that point AWS's tools to this emulator:</p>
<pre>${formatConfigSection(deps.directory)}</pre>
<p></p>
<pre>${formatExports(deps.environment())}</pre>`,
  });
}

function isFound(account: DirectoryAccount, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return [account.accountId, account.accountName ?? '', account.emailAddress ?? ''].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

function accountCard(
  deps: StartPageDeps,
  user: DirectoryUser,
  account: DirectoryAccount,
  nonce: Html,
  isOpen: boolean,
): Html {
  const { accountId, accountName = '', emailAddress, kind } = account;
  const facts = [accountName === '' ? undefined : accountId, emailAddress].filter((fact) => fact !== undefined);
  return markup`<details${isOpen ? markup` open` : undefined}><summary><b>${accountName === '' ? accountId : accountName}</b>${
    kind === undefined || kind === 'created' ? undefined : markup` <span class="tag">${kind}</span>`
  }<span class="soft">${facts.join(' · ')}</span></summary>
<ul class="roles">${deps.directory.permissionSetsOf(user.userName, accountId).map(
    (permissionSet) => markup`<li><code>${permissionSet}</code>
<form method="post" action="/start/keys">${nonce}<input type="hidden" name="user" value="${user.userName}">
<input type="hidden" name="account_id" value="${accountId}"><input type="hidden" name="role_name" value="${permissionSet}">
<button class="quiet" aria-label="Access keys of ${permissionSet} in ${accountName} ${accountId}">Access keys</button></form></li>`,
  )}</ul></details>`;
}

function showKeys(deps: StartPageDeps, request: HttpRequest): Reply {
  const form = readForm(request, deps.nonces, '/start');
  if ('status' in form) return form;
  const user = deps.directory.findUser(chosenUser(form));
  const accountId = form.get('account_id') ?? '';
  const permissionSet = form.get('role_name') ?? '';
  if (user === undefined || !deps.directory.permissionSetsOf(user.userName, accountId).includes(permissionSet)) {
    return pageReply(403, {
      title: 'No access',
      body: markup`<div class="card narrow"><h1>No access</h1>
<p class="lead">${permissionSet} in ${accountId} is not assigned to ${chosenUser(form)}.</p>
<a class="button" href="/start">Back to the access portal</a></div>`,
    });
  }
  const keys = deps.roleCredentials.issue(user.userName, accountId, permissionSet);
  const accountName = deps.directory.findAccount(accountId)?.accountName ?? '';
  return pageReply(200, {
    title: 'Access keys',
    user: signedIn(user),
    body: markup`<p><a href="${portalPath(user)}">← All accounts</a></p>
<h1>Access keys</h1>
<p class="lead"><b>${permissionSet}</b> in ${accountName} ${accountId}, until ${formatUtcSeconds(keys.expiresAtMs)}</p>
<h2>macOS and Linux</h2>
<pre>export AWS_ACCESS_KEY_ID="${keys.accessKeyId}"
export AWS_SECRET_ACCESS_KEY="${keys.secretAccessKey}"
export AWS_SESSION_TOKEN="${keys.sessionToken}"</pre>
<h2>A profile in the credentials file</h2>
<pre>[${accountId}_${permissionSet}]
aws_access_key_id=${keys.accessKeyId}
aws_secret_access_key=${keys.secretAccessKey}
aws_session_token=${keys.sessionToken}</pre>
<p></p>
<p class="note">Pasted keys expire, and until then they stay in files and in the shell's history. A profile
from <code>rolecall login</code> always has fresh keys.</p>`,
  });
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
