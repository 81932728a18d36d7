// Wording of an approval: what is asked for, who asks, for how long, where to answer, and how it ended.
import { nameOfSource } from '../../core/text/role-title.js';
import { accountTitle, count, formatMoment, harmless, roleTitle } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Approval} Approval */
/** @typedef {import('../documents.d.ts').Program} Program */
/** @typedef {{ readonly name: string, readonly text: string, readonly isCode?: true, readonly isWarning?: true }} Fact */

/** Paths and names can have any length; the ends say most. */
const MAX_PATH_LENGTH = 160;

const SURFACES = Object.freeze({
  socket: 'A profile, or a rolecall command',
  web: 'The page, or the tray',
  container: 'A program under rolecall exec, or in a container',
  daemon: 'The daemon itself, to renew keys in use',
});

const OUTCOMES = Object.freeze({
  pending: '',
  approved: 'Approved.',
  refused: 'Refused.',
  expired: 'Nobody answered in time, so it was refused.',
});

/** "1 min 05 s", "42 s"; never negative. @param {number} durationMs */
export function formatCountdown(durationMs) {
  const seconds = Math.max(0, Math.ceil(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** What is asked for, in one line for titles and screen readers. @param {Approval} approval */
export function describeSubject(approval) {
  const label = `“${harmless(approval.label ?? '')}”`;
  switch (approval.subject) {
    case 'unlock':
      return 'Unlock rolecall';
    case 'add-passkey':
      return `Add the passkey ${label}`;
    case 'remove-passkey':
      return `Remove the passkey ${label}`;
    default: {
      const title = accountTitle(nameOf(approval));
      const id = approval.accountId ?? '';
      const words = [title, title === id ? '' : id, roleOf(approval)];
      return words.filter((word) => word !== '').join(' ');
    }
  }
}

/** @param {Approval} approval */
export const nameOf = ({ accountName, accountId }) => ({ accountName, accountId: accountId ?? '' });

/** @param {Approval} approval */
export const roleOf = ({ permissionSet, chain }) => roleTitle({ permissionSet: permissionSet ?? '', chain });

/** Said when it appears. @param {Approval} approval @param {number} nowMs */
export function announce(approval, nowMs) {
  const { program } = approval;
  const who = program === null ? '' : `, asked by ${harmless(baseName(program.script ?? program.executable))}`;
  const left = formatCountdown(Date.parse(approval.expiresAt) - nowMs);
  return `Approval needed: ${describeSubject(approval)}${who}. ${left} left. Press A to go there.`;
}

/** Who asks, since when, and what an approval would allow. @param {Approval} approval @param {number} nowMs @returns {Fact[]} */
export function describeFacts(approval, nowMs) {
  const { program, surface, callers, chain } = approval;
  return [
    ...(chain === undefined ? [] : describeReach(chain)),
    ...(program === null
      ? [
          {
            name: 'Program',
            text: 'Unknown. It has ended, or cannot be seen from here.',
            isWarning: /** @type {const} */ (true),
          },
        ]
      : describeProgram(program)),
    { name: 'Through', text: SURFACES[surface] ?? harmless(surface) },
    {
      name: 'Since',
      text: `${formatMoment(Date.parse(approval.askedAt), nowMs)}${callers > 1 ? `, ${count(callers, 'request')} wait` : ''}`,
    },
    ...describeMemory(approval),
  ];
}

/** @param {NonNullable<Approval['chain']>} chain @returns {Fact[]} */
function describeReach(chain) {
  return [
    { name: 'Role', text: shortenPath(harmless(chain.roleArn)), isCode: true },
    { name: 'Assumed by', text: shortenPath(harmless(nameOfSource(chain))) },
  ];
}

/** @param {Program} program @returns {Fact[]} */
function describeProgram({ executable, script, processId, workingDirectory, terminal, agent, isVerified }) {
  const path = shortenPath(harmless(executable));
  /** @type {(Fact | undefined)[]} */
  const facts = [
    { name: 'Program', text: `${path}${script === null ? '' : ` ${shortenPath(harmless(script))}`}`, isCode: true },
    { name: 'Process', text: `${processId}${terminal === null ? ', no terminal' : `, on ${harmless(terminal)}`}` },
    workingDirectory === null
      ? undefined
      : { name: 'Folder', text: shortenPath(harmless(workingDirectory)), isCode: true },
    agent === null ? undefined : { name: 'Agent', text: `${harmless(agent)}, a coding agent`, isWarning: true },
    isVerified
      ? undefined
      : { name: 'Note', text: 'The program says this of itself; rolecall could not check it.', isWarning: true },
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** What an approval allows. @param {Approval} approval @returns {Fact[]} */
function describeMemory({ subject, rememberMinutes, for: scope, callers }) {
  if (subject !== 'role' || rememberMinutes === null) return [];
  const whom = scope === 'program' ? 'this program' : 'all programs';
  const text =
    rememberMinutes === 0
      ? `only ${callers > 1 ? `the ${callers} requests that wait` : 'the request that waits'} now`
      : `${whom}, for ${rememberMinutes} min`;
  return [{ name: 'Allows', text }];
}

/**
 * The processes that started the program, nearest first: their names, and each with its path.
 * @param {Program | null} program
 */
export function describeParents(program) {
  const parents = (program?.parents ?? []).map(({ executable, processId }) => ({
    path: harmless(executable),
    processId,
  }));
  return {
    names: parents.map(({ path }) => shortenPath(baseName(path))).join(', '),
    lines: parents.map(({ path, processId }) => `${shortenPath(path)} (${processId})`),
  };
}

/**
 * Where a question that this page cannot answer is answered, and why not here.
 * @param {Pick<Approval, 'approve' | 'places'>} approval
 * @returns {{ text: string, command?: string }[]}
 */
export function describePlaces({ approve, places }) {
  if (approve === 'passkey') return [];
  const onScreen = places.includes('screen');
  return [
    ...(onScreen ? [{ text: 'Answer in the dialog on your screen.' }] : []),
    ...(places.includes('terminal')
      ? [{ text: onScreen ? 'Or in another terminal:' : 'Answer in another terminal:', command: 'rolecall approve' }]
      : []),
    { text: 'This page can’t approve it: a program could press its button.' },
  ];
}

/** How it ended; empty while it is pending. @param {Pick<Approval, 'state'>} approval */
export const describeOutcome = ({ state }) => OUTCOMES[state] ?? '';

/** @param {string} path */
const baseName = (path) => path.slice(path.lastIndexOf('/') + 1);

/** Keeps both ends. @param {string} path */
function shortenPath(path) {
  const characters = Array.from(path);
  if (characters.length <= MAX_PATH_LENGTH) return path;
  const half = Math.floor((MAX_PATH_LENGTH - 1) / 2);
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}
