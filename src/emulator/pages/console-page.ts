// A page in place of the AWS console: shows account, role and the requested destination.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { ConsoleSession, ConsoleSessions } from '../sessions/console-sessions.ts';
import type { Directory } from '../directory/directory.ts';
import { markup, pageReply } from '../http/html.ts';
import type { Reply, Route } from '../http/http.ts';

export function createConsoleRoutes(deps: {
  readonly directory: Directory;
  readonly consoleSessions: ConsoleSessions;
}): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/console',
      handle({ query }) {
        const session = deps.consoleSessions.find(query.get('session') ?? '');
        return session === undefined
          ? refusedConsole(403, 'Your session has expired. Sign in again.')
          : consolePage(deps.directory, session);
      },
    },
  ];
}

/** Redirects to the console page, so that the URL contains no sign-in token. */
export function openConsole(consoleSessions: ConsoleSessions, session: ConsoleSession): Reply {
  const location = `/console?session=${consoleSessions.begin(session)}`;
  return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
}

export function refusedConsole(status: number, problem: string): Reply {
  return pageReply(status, {
    title: 'No console',
    body: markup`<div class="card narrow"><h1>No console</h1><p class="lead">${problem}</p>
<a class="button" href="/start">Go to the access portal</a></div>`,
  });
}

const CONSOLE_HOST =
  /^(?:([a-z0-9-]+)\.)?console\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com|amazonaws-eusc\.eu)$/;

/** The destination if it is a page of an AWS console; no other is allowed. */
export function parseDestination(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && CONSOLE_HOST.test(url.hostname) ? url.href : undefined;
}

function consolePage(directory: Directory, session: ConsoleSession): Reply {
  const { accountId, destination, permissionSet, userName } = session;
  const url = new URL(destination);
  const service = url.pathname.split('/')[1] ?? '';
  const region = url.searchParams.get('region') ?? CONSOLE_HOST.exec(url.hostname)?.[1] ?? '';
  return pageReply(200, {
    title: 'AWS console',
    user: markup`<span class="who"><b>${permissionSet}/${userName}</b></span>`,
    body: markup`<div class="card narrow"><h1>AWS console</h1>
<p class="lead">You are <b id="role">${permissionSet}</b> in <b id="account">${accountId}</b>
 <span id="account-name">${directory.findAccount(accountId)?.accountName ?? ''}</span>.</p>
<p>Service <b id="service">${service}</b> in <b id="region">${region}</b>, as ${userName}, until ${formatUtcSeconds(session.expiresAtMs)}.</p>
<p class="soft small">AWS would have shown <code id="destination">${destination}</code></p></div>`,
  });
}
