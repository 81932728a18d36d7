// The tray menu as data for all hosts: labels, and the action of each click.
import { formatDuration } from '../core/text/format-duration.ts';
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { CurrentRoleDocument, RoleDocument, SessionStatusDocument, StatusDocument } from '../local-api/schemas.ts';
import { ENDS_SOON_MS } from '../local-api/state-summary.ts';
import { describeApprovals, describeLock } from './approval-items.ts';
import { chooseRoles } from './choose-roles.ts';
import type { Menu, MenuItem } from './menu-item.ts';
import { describeRole, isSameRole } from './role-label.ts';
import type { TrayView } from './tray-view.ts';

const MAX_LINE_LENGTH = 160;
/** The tooltip and `status` show the full sentence. */
const MAX_SENTENCE_LENGTH = 80;
const MAX_PROBLEMS = 5;

export function buildMenu(view: TrayView, nowMs: number): Menu {
  const { status } = view;
  const groups = [
    describeNotice(view),
    status === undefined ? [] : describeApprovals(view.approvals),
    status?.lock?.isLocked === true ? describeLock(status, nowMs) : [],
    ...(status === undefined
      ? [describeNoDaemon()]
      : [describeCurrent(status), describeSessions(view, status, nowMs), describeRoles(view, status)]),
    status === undefined ? [] : describeProblems(status),
    [
      ...(status === undefined || status.lock?.isLocked === true ? [] : describeLock(status, nowMs)),
      { key: 'quit', label: 'Quit', action: { does: 'quit' } as const },
    ],
  ];
  return groups.filter((group) => group.length > 0);
}

/** Problems except those that the session's own line already shows. */
export function listProblems({ problems }: StatusDocument): StatusDocument['problems'] {
  return problems.filter(({ code }) => code !== 'sign-in-required' && code !== 'sign-in-expired');
}

/** A session for tooltip and menu: "Signed in: my-sso-session, 5 h 12 min left". */
export function describeSession(session: SessionStatusDocument, nowMs: number): string {
  const name = labelOf(session);
  switch (session.state) {
    case 'live':
      return `Signed in: ${name}${describeTimeLeft(session, nowMs)}`;
    case 'pending':
      return `Waiting for approval: ${name}`;
    case 'expired':
      return `Sign-in has ended: ${name}`;
    default:
      return `Signed out: ${name}`;
  }
}

/** The current role, for titles and tooltips; undefined when there is none. */
export function describeCurrentRole({ current, sessions }: StatusDocument): string | undefined {
  if (current === null) return undefined;
  const label = sessions.find(({ session }) => session === current.session)?.label ?? current.session;
  return describeRole({ ...current, label }, sessions.length > 1);
}

function describeNotice({ notice }: TrayView): MenuItem[] {
  if (notice === undefined) return [];
  return [
    { key: 'notice', label: sentence(notice.message), action: { does: 'forget-notice' } },
    { key: 'notice-hint', label: line(`Run: ${notice.hint}`) },
  ];
}

function describeNoDaemon(): MenuItem[] {
  return [
    { key: 'no-daemon', label: 'The rolecall daemon is not running' },
    { key: 'start-daemon', label: 'Start the daemon', action: { does: 'start-daemon' } },
  ];
}

function describeCurrent(status: StatusDocument): MenuItem[] {
  const { current } = status;
  if (current === null) return [{ key: 'current', label: 'No current role' }];
  const { session, accountId, permissionSet, profile, chain } = current;
  const label = line(`Current: ${describeCurrentRole(status)}`);
  // The access portal has no link to a chained role: the terminal signs in with its keys.
  if (chain !== undefined) {
    return [
      { key: 'current', label },
      { key: 'console', label: line(`Console: rolecall console ${quoteForShell(profile ?? chain.name)}`) },
    ];
  }
  return [
    { key: 'current', label },
    {
      key: 'console',
      label: 'Open the AWS console',
      action: { does: 'console', role: { session, accountId, permissionSet, profile } },
    },
  ];
}

function describeSessions(view: TrayView, { sessions }: StatusDocument, nowMs: number): MenuItem[] {
  if (sessions.length === 0) return [{ key: 'no-session', label: 'No sso-session yet; see: rolecall login' }];
  return sessions.flatMap((session) => describeSessionItems(session, view, nowMs));
}

function describeSessionItems(document: SessionStatusDocument, view: TrayView, nowMs: number): MenuItem[] {
  const { session } = document;
  const name = labelOf(document);
  const key = `session ${session}`;
  const label = line(describeSession(document, nowMs));
  const signingIn = view.signIns[session];
  const signIn = (text: string, force: boolean): MenuItem => ({
    key: `sign-in ${session}`,
    label: line(text),
    action: { does: 'sign-in', session, force },
  });
  // A sign-in can also be pending while the session is live.
  if (document.state === 'pending' || signingIn !== undefined) {
    const code = signingIn?.userCode;
    return [
      { key, label },
      ...(code === undefined ? [] : [{ key: `code ${session}`, label: line(`Code: ${code}`) }]),
      signIn('Open the sign-in page again', false),
      ...(signingIn?.flow === 'pkce' ? [describeCodeOffer(session)] : []),
      { key: `cancel ${session}`, label: 'Cancel this sign-in', action: { does: 'cancel-sign-in', session } },
    ];
  }
  if (document.state !== 'live') return [{ key, label }, signIn(`Sign in to ${name}…`, false)];
  const children: readonly MenuItem[] = [
    signIn('Sign in again…', true),
    { key: `sign-out ${session}`, label: 'Sign out', action: { does: 'sign-out', session } },
  ];
  if (endsSoon(document, nowMs)) return [{ key, label }, ...children];
  return [{ key, label, children }];
}

/** For a browser that does not come back: on another machine, or of another user. */
function describeCodeOffer(session: string): MenuItem {
  return {
    key: `use-code ${session}`,
    label: 'Use a code instead',
    // It replaces the pending sign-in, also of a live session.
    action: { does: 'sign-in', session, force: true, flow: 'device' },
  };
}

function describeRoles(view: TrayView, { current, sessions }: StatusDocument): MenuItem[] {
  const roles = view.roles?.roles ?? [];
  const total = view.roles?.total ?? roles.length;
  const chosen = chooseRoles(roles);
  const items = chosen.map((role): MenuItem => toItem(role, describeRole(role, sessions.length > 1, chosen), current));
  const page: MenuItem = {
    key: 'page',
    label: total > items.length ? `Search all ${total} roles…` : 'Open the page…',
    action: { does: 'open-page' },
  };
  return [...items, page];
}

function toItem(role: RoleDocument, label: string, current: CurrentRoleDocument | null): MenuItem {
  const { session, accountId, permissionSet, profile } = role;
  return {
    key: `role ${session} ${accountId} ${permissionSet}`,
    label: line(label),
    action: { does: 'use', role: { session, accountId, permissionSet, profile } },
    chosen: current !== null && isSameRole(role, current),
  };
}

function describeProblems(status: StatusDocument): MenuItem[] {
  const problems = listProblems(status);
  const items = problems.slice(0, MAX_PROBLEMS).flatMap(({ message, hint }, index): MenuItem[] => [
    { key: `problem ${index}`, label: sentence(message) },
    { key: `hint ${index}`, label: line(`Run: ${hint}`) },
  ]);
  const left = problems.length - MAX_PROBLEMS;
  return left > 0 ? [...items, { key: 'more-problems', label: `… and ${left} more: rolecall status` }] : items;
}

function describeTimeLeft({ sessionExpiresAt }: SessionStatusDocument, nowMs: number): string {
  return sessionExpiresAt === undefined ? '' : `, ${formatDuration(Date.parse(sessionExpiresAt) - nowMs)} left`;
}

function endsSoon({ sessionExpiresAt }: SessionStatusDocument, nowMs: number): boolean {
  return sessionExpiresAt !== undefined && Date.parse(sessionExpiresAt) - nowMs <= ENDS_SOON_MS;
}

function labelOf({ session, label }: SessionStatusDocument): string {
  return toHarmlessLine(label ?? session, 40);
}

const sentence = (text: string) => toHarmlessLine(`⚠ ${text}`, MAX_SENTENCE_LENGTH);
const line = (text: string) => toHarmlessLine(text, MAX_LINE_LENGTH);
