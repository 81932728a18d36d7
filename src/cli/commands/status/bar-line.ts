// The line of a bar or a prompt: a word on the state, a colour and a time for tmux, JSON with a tooltip for Waybar.
import { formatDuration } from '../../../core/text/format-duration.ts';
import { escapeMarkup, toHarmlessLine } from '../../../core/text/harmless-text.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { summarizeState } from '../../../local-api/state-summary.ts';

const LONGEST_LINE = 200;

/** The same line as in the file that the daemon keeps. */
export function formatPrompt(name: string, status: StatusDocument | undefined, nowMs: number): string {
  return status === undefined ? '' : `${name} ${summarizeState(status, nowMs)}`;
}

/** `name` must be inert: tmux runs `#(…)` also in what a program printed. */
export function formatTmux(name: string, status: StatusDocument | undefined, nowMs: number): string {
  if (status === undefined) return '';
  switch (summarizeState(status, nowMs)) {
    case 'ok':
      return name;
    case 'ends-soon':
      return `#[fg=yellow]${name} ${describeEnd(status, nowMs)}#[default]`;
    case 'signed-out':
      return `#[fg=red]${name} signed out#[default]`;
    default:
      return `#[fg=red]${name} problem#[default]`;
  }
}

/** "25 min left": of the session that ends first. */
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

/** Text and tooltip are markup there. */
export function formatWaybar(name: string, status: StatusDocument | undefined, nowMs: number): string {
  const lines =
    status === undefined ? ['The rolecall daemon is not running: rolecall daemon start'] : describe(status, nowMs);
  const state = status === undefined ? 'stopped' : summarizeState(status, nowMs);
  const tooltip = lines.map((line) => escapeMarkup(toHarmlessLine(line, LONGEST_LINE))).join('\n');
  return JSON.stringify({ text: escapeMarkup(name), alt: state, class: state, tooltip });
}

function describe({ current, sessions, problems }: StatusDocument, nowMs: number): string[] {
  const words =
    current === null ? [] : [current.accountName, current.accountId, current.permissionSet, current.profile];
  return [
    current === null ? 'No current role' : `Current: ${words.filter(Boolean).join('  ')}`,
    ...sessions.map(({ session, label, state, sessionExpiresAt }) => {
      const end = state === 'live' ? sessionExpiresAt : undefined;
      const left = end === undefined ? '' : `, ${formatDuration(Date.parse(end) - nowMs)} left`;
      return `${label ?? session}: ${SESSION_STATES[state]}${left}`;
    }),
    ...problems.map(({ message }) => message),
  ];
}
