// Formats the status for prompts (name and state), tmux (with colour and time left) and Waybar (JSON with a tooltip).
import { formatDuration } from '../../../core/text/format-duration.ts';
import { escapeMarkup, INERT_WORD, toHarmlessLine } from '../../../core/text/harmless-text.ts';
import { nameOfRole, titleOfRole } from '../../../core/text/role-title.js';
import type { CurrentRoleDocument, StatusDocument } from '../../../local-api/schemas.ts';
import { summarizeState } from '../../../local-api/state-summary.ts';

const MAX_LINE_LENGTH = 200;

/** The profile if its name has no special characters, else account and role, which never have any. */
export function nameCurrent(current: CurrentRoleDocument | null): string | undefined {
  if (current === null) return undefined;
  const names = [current.profile ?? '', `${current.accountId}/${nameOfRole(current.permissionSet)}`];
  return names.find((name) => INERT_WORD.test(name));
}

/** The same line as in the daemon's prompt file. */
export function formatPrompt(name: string, status: StatusDocument | undefined, nowMs: number): string {
  return status === undefined ? '' : `${name} ${summarizeState(status, nowMs)}`;
}

/** `name` must have no special characters: tmux evaluates `#(…)` in the output of programs. */
export function formatTmux(name: string, status: StatusDocument | undefined, nowMs: number): string {
  if (status === undefined) return '';
  switch (summarizeState(status, nowMs)) {
    case 'ok':
      return name;
    case 'ends-soon':
      return `#[fg=yellow]${name} ${describeEnd(status, nowMs)}#[default]`;
    case 'signed-out':
      return `#[fg=red]${name} signed out#[default]`;
    case 'needs-approval':
      return `#[fg=yellow]${name} needs approval#[default]`;
    case 'locked':
      return `#[fg=yellow]${name} locked#[default]`;
    default:
      return `#[fg=red]${name} problem#[default]`;
  }
}

/** The time left of the session that ends first: "25 min left". */
function describeEnd({ sessions }: StatusDocument, nowMs: number): string {
  const ends = sessions.flatMap(({ state, sessionExpiresAt }) =>
    state === 'live' && sessionExpiresAt !== undefined ? [Date.parse(sessionExpiresAt)] : [],
  );
  return `${formatDuration(Math.min(...ends) - nowMs)} left`;
}

const SESSION_STATES = {
  live: 'signed in',
  pending: 'waiting for approval',
  expired: 'sign-in has ended',
  'signed-out': 'signed out',
} as const;

/** Waybar reads text and tooltip as markup. */
export function formatWaybar(name: string, status: StatusDocument | undefined, nowMs: number): string {
  const lines =
    status === undefined ? ['The rolecall daemon is not running: rolecall daemon start'] : describe(status, nowMs);
  const state = status === undefined ? 'stopped' : summarizeState(status, nowMs);
  const tooltip = lines.map((line) => escapeMarkup(toHarmlessLine(line, MAX_LINE_LENGTH))).join('\n');
  return JSON.stringify({ text: escapeMarkup(name), alt: state, class: state, tooltip });
}

function describe({ current, sessions, problems, approvals = 0, lock }: StatusDocument, nowMs: number): string[] {
  const words = current === null ? [] : [current.accountName, current.accountId, titleOfRole(current), current.profile];
  return [
    ...(approvals === 0 ? [] : [`Approvals that wait for you: ${approvals}. See: rolecall approvals`]),
    ...(lock?.isLocked === true
      ? [`${lock.scope === 'all' ? 'Locked' : 'Protected roles are locked'}: rolecall unlock`]
      : []),
    current === null ? 'No current role' : `Current: ${words.filter(Boolean).join('  ')}`,
    ...sessions.map(({ session, label, state, sessionExpiresAt }) => {
      const end = state === 'live' ? sessionExpiresAt : undefined;
      const left = end === undefined ? '' : `, ${formatDuration(Date.parse(end) - nowMs)} left`;
      return `${label ?? session}: ${SESSION_STATES[state]}${left}`;
    }),
    ...problems.map(({ message }) => message),
  ];
}
