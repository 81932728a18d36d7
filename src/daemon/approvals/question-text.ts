// The text of a question, the same in a dialog and on a terminal: plain lines, in which names from AWS and paths are only text.
import { cutMiddle } from '../../core/text/cut-middle.ts';
import { toHarmlessLine } from '../../core/text/harmless-text.ts';
import { nameOfRole, nameOfSource, titleOfRole } from '../../core/text/role-title.js';
import type { ApprovalDocument, ProgramDocument } from '../../local-api/schemas.ts';

export interface QuestionText {
  /** Fixed, so that no name can pass for it. */
  readonly heading: string;
  /** Each value on a line of its own after its label: text that runs from right to left can't change its neighbours. */
  readonly lines: readonly string[];
}

const MAX_VALUE_CHARACTERS = 60;
const MAX_PARENTS = 4;

export function describeQuestion(approval: ApprovalDocument, nowMs: number): QuestionText {
  const { program } = approval;
  const lines = [
    ...describeSubject(approval),
    '',
    ...(program === null ? ['Asked by: unknown'] : describeProgram(program)),
    `Through: ${SURFACES[approval.surface]}`,
    `Asked: ${describeAge(nowMs - Date.parse(approval.askedAt))}${describeCallers(approval.callers)}`,
    ...describeMemory(approval),
  ];
  return { heading: HEADINGS[approval.subject], lines };
}

/** For the title of a notification. */
export function nameQuestion(approval: ApprovalDocument): string {
  const { subject, accountId, permissionSet, label } = approval;
  switch (subject) {
    case 'role':
      return `${cut(titleOfRole({ ...approval, permissionSet: permissionSet ?? '' }))} in ${accountId}`;
    case 'unlock':
      return 'Unlocking rolecall';
    case 'add-passkey':
      return `A new passkey, ${quote(label ?? '')},`;
    case 'remove-passkey':
      return `The removal of the passkey ${quote(label ?? '')}`;
  }
}

const HEADINGS = {
  role: 'rolecall: allow credentials for this role?',
  unlock: 'rolecall: unlock?',
  'add-passkey': 'rolecall: register a passkey?',
  'remove-passkey': 'rolecall: remove this passkey?',
} as const satisfies Record<ApprovalDocument['subject'], string>;

const SURFACES = {
  socket: 'the command line',
  web: 'the page',
  container: 'a port for containers and "rolecall exec"',
  daemon: 'the daemon itself',
} as const satisfies Record<ApprovalDocument['surface'], string>;

function describeSubject(approval: ApprovalDocument): readonly string[] {
  if (approval.subject !== 'role') return approval.label === null ? [] : [`Name: ${quote(approval.label)}`];
  return [
    line('Account', approval.accountId),
    `Account name: ${approval.accountName === null ? 'unknown' : quote(approval.accountName)}`,
    ...describeRole(approval),
    line('Session', approval.session),
  ];
}

/** Of a chained role, what is assumed and whose credentials do that. */
function describeRole({ permissionSet, chain }: ApprovalDocument): readonly string[] {
  if (chain === undefined) return [line('Permission set', permissionSet === null ? null : nameOfRole(permissionSet))];
  return [line('Role', chain.roleArn), `Assumed by: ${quote(nameOfSource(chain))}`];
}

function describeProgram(program: ProgramDocument): readonly string[] {
  const { executable, script, processId, agent, workingDirectory, terminal, parents, isVerified } = program;
  const note = isVerified ? '' : ', as it says itself';
  return [
    `Asked by: ${quote(executable)}, process ${processId}${note}`,
    ...(script === null ? [] : [`Script: ${quote(script)}`]),
    ...(agent === null ? [] : [line('Coding agent', agent)]),
    `Folder: ${workingDirectory === null ? 'unknown' : quote(workingDirectory)}`,
    line('Terminal', terminal ?? 'none'),
    ...(parents.length === 0 ? [] : [line('Started by', parents.slice(0, MAX_PARENTS).map(nameParent).join(' < '))]),
  ];
}

const nameParent = ({ executable }: ProgramDocument['parents'][number]) =>
  cut(executable.slice(executable.lastIndexOf('/') + 1) || executable);

function describeAge(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  return seconds === 0 ? 'just now' : `${seconds} s ago`;
}

const describeCallers = (callers: number) => (callers > 1 ? `, ${callers} requests wait` : '');

function describeMemory({ subject, rememberMinutes, for: scope }: ApprovalDocument): readonly string[] {
  if (subject !== 'role') return [];
  if (rememberMinutes === null || rememberMinutes === 0) return ['If allowed: only for these requests'];
  const whom = scope === 'program' ? 'this program' : 'every program';
  return [`If allowed: ${rememberMinutes} min, for ${whom}`];
}

const line = (label: string, value: string | null) => `${label}: ${value === null ? 'unknown' : cut(value)}`;

/** Marks where a name ends that somebody else chose: a long one continues on the next line, and could look like a line of ours. */
const quote = (value: string) => `“${cut(value.replaceAll(/[“”]/g, '"'))}”`;

/** More than two marks on one letter reach into the lines above and below. */
const PILED_MARKS = /(\p{Mark}{2})\p{Mark}+/gu;

function cut(value: string): string {
  const harmless = toHarmlessLine(value.replaceAll(PILED_MARKS, '$1'), value.length);
  return cutMiddle(harmless.replaceAll(/\s+/g, ' '), MAX_VALUE_CHARACTERS);
}
