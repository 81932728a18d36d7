// Shortcut links of the access portal: `/start/#/console?account_id=…&role_name=…` opens the console as that role.
import type { ConsoleSessions } from '../sessions/console-sessions.ts';
import { openConsole, parseDestination, refusedConsole } from './console-page.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryUser } from '../directory/directory-model.ts';
import { chosenUser, nonceField, problemNote, readForm, userChoice } from './form.ts';
import { markup, pageReply } from '../http/html.ts';
import type { HttpRequest, Reply, Route } from '../http/http.ts';
import type { KnobStore } from '../sessions/knobs.ts';
import type { Nonces } from '../http/nonces.ts';
import type { RoleCredentialsIssuer } from '../sessions/role-credentials.ts';

export interface ShortcutDeps {
  readonly directory: Directory;
  readonly knobs: KnobStore;
  readonly roleCredentials: RoleCredentialsIssuer;
  readonly consoleSessions: ConsoleSessions;
  readonly nonces: Nonces;
}

/** The only script of the pages: fragments are not sent to the server, so the page has to read them. */
export const SHORTCUT_SCRIPT = '/shortcut.js';
const SCRIPT = `// Follows a shortcut link by sending its fragment to the server.
function follow() {
  const link = /^#\\/console\\?(.*)$/.exec(location.hash);
  if (link !== null) location.replace('/start/console?' + link[1]);
}
addEventListener('hashchange', follow);
follow();
`;

export function createShortcutRoutes(deps: ShortcutDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: SHORTCUT_SCRIPT,
      handle: () => ({
        status: 200,
        headers: { 'content-type': 'text/javascript; charset=utf-8', 'x-content-type-options': 'nosniff' },
        body: SCRIPT,
      }),
    },
    { method: 'GET', path: '/start/console', handle: ({ query }) => show(deps, query, findSignedIn(deps)) },
    { method: 'POST', path: '/start/console', handle: (request) => signIn(deps, request) },
  ];
}

/** With automatic approval the browser is signed in as the approving user. */
function findSignedIn({ directory, knobs }: ShortcutDeps): DirectoryUser | undefined {
  const { autoApprove } = knobs.current;
  if (autoApprove === false) return undefined;
  return autoApprove === true ? directory.users()[0] : directory.findUser(autoApprove);
}

function signIn(deps: ShortcutDeps, request: HttpRequest): Reply {
  const form = readForm(request, deps.nonces, '/start');
  if ('status' in form) return form;
  return show(deps, form, deps.directory.findUser(chosenUser(form)), chosenUser(form));
}

function show(deps: ShortcutDeps, link: URLSearchParams, user: DirectoryUser | undefined, typed?: string): Reply {
  if (user === undefined) return signInPage(deps, link, typed);
  const accountId = link.get('account_id') ?? '';
  const permissionSet = link.get('role_name') ?? '';
  const assigned = deps.directory.permissionSetsOf(user.userName, accountId);
  // Without a role the portal shows its first page, where the user chooses one.
  if (permissionSet === '' && assigned.length > 0) {
    const location = `/start?user=${encodeURIComponent(user.userName)}&q=${encodeURIComponent(accountId)}`;
    return { status: 303, headers: { location }, body: '' };
  }
  if (!assigned.includes(permissionSet)) {
    return refusedConsole(403, `${permissionSet} in ${accountId} is not assigned to ${user.userName}.`);
  }
  const destination = parseDestination(
    link.get('destination') ?? `https://console.aws.amazon.com/console/home?region=${deps.directory.region}`,
  );
  if (destination === undefined) return refusedConsole(400, 'The destination is not a page of the AWS console.');
  const { expiresAtMs } = deps.roleCredentials.issue(user.userName, accountId, permissionSet);
  return openConsole(deps.consoleSessions, {
    userName: user.userName,
    accountId,
    permissionSet,
    expiresAtMs,
    destination,
  });
}

function signInPage(deps: ShortcutDeps, link: URLSearchParams, typed: string | undefined): Reply {
  const kept = ['account_id', 'role_name', 'destination'].flatMap((name) => {
    const value = link.get(name);
    return value === null ? [] : [markup`<input type="hidden" name="${name}" value="${value}">`];
  });
  return pageReply(typed === undefined ? 200 : 404, {
    title: 'AWS access portal',
    body: markup`<div class="card narrow"><h1>AWS access portal</h1>
<p class="lead">To the console of ${link.get('account_id') ?? ''} as <b>${link.get('role_name') ?? ''}</b></p>
${problemNote(typed === undefined ? undefined : `There is no user ${typed} in this directory.`)}
<form method="post" action="/start/console" class="stack">${nonceField(deps.nonces)}${kept}${userChoice(deps.directory, typed)}</form>
</div>`,
  });
}
