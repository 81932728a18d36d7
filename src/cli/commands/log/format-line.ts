// One line of the audit log as text for people: time, event, role, and who caused it.
import { chainNameOf, isChainName } from '../../../core/aws/chain-role.ts';
import { nameOfRole } from '../../../core/text/role-title.js';
import type { AuditHop, AuditLine } from '../../../local-api/schemas/audit.ts';
import { nameProgram } from '../../../core/program.ts';
import { cutToWidth, displayWidth } from '../../terminal/display-width.ts';
import { harmless, type Style } from '../../terminal/render.ts';
import { EVENT_WORDS } from './event-words.ts';
import type { RoleNames } from './role-names.ts';

export interface LineFormat {
  readonly paint: (style: Style, text: string) => string;
  readonly names: RoleNames;
  /** Of a terminal; undefined: lines are not wrapped. */
  readonly columns: number | undefined;
}

const EVENT_COLUMNS = 17;
const INDENT = '          ';

/** Formats line by line; puts the date above the first line of each day, in local time. */
export function createLineFormatter(format: LineFormat): (line: AuditLine) => string {
  let day = '';
  return (line) => {
    const at = new Date(line.at);
    const lineDay = Number.isNaN(at.getTime()) ? day : formatDay(at);
    const heading = lineDay === day ? '' : `${day === '' ? '' : '\n'}${format.paint('bold', lineDay)}\n`;
    day = lineDay;
    return heading + formatLine(line, at, format);
  };
}

function formatLine(line: AuditLine, at: Date, { paint, names, columns }: LineFormat): string {
  // A newer daemon may have written it.
  const words = Object.hasOwn(EVENT_WORDS, line.event) ? EVENT_WORDS[line.event] : { text: harmless(line.event) };
  const event = words.text.padEnd(EVENT_COLUMNS);
  const start = `${paint('dim', formatTime(at))}  ${words.style === undefined ? event : paint(words.style, event)}`;
  const subject = harmless(nameSubject(line, names));
  const details = describeDetails(line).map(({ text, style }) => ({ text: harmless(text), style }));
  const plain = details.map(({ text }) => text).join(', ');
  const painted = details.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join(', ');
  const head = INDENT.length + EVENT_COLUMNS + 1;
  const whole = head + displayWidth(subject) + (subject === '' || plain === '' ? 0 : 2) + displayWidth(plain);
  if (columns === undefined || whole <= columns) {
    const row = [`${start} ${subject}`, painted].filter((part) => part !== '');
    return `${row.join(subject === '' ? '' : '  ').trimEnd()}\n`;
  }
  const first = `${start} ${cutToWidth(subject, Math.max(1, columns - head))}`.trimEnd();
  if (plain === '') return `${first}\n`;
  const room = Math.max(1, columns - INDENT.length);
  return `${first}\n${INDENT}${displayWidth(plain) <= room ? painted : cutToWidth(plain, room)}\n`;
}

/** What the event is about: the role by its profile name, or the sso-session. */
function nameSubject(line: AuditLine, names: RoleNames): string {
  if (line.permissionSet !== undefined) {
    const [name] = names.of(line);
    return name ?? nameByIds(line.accountId ?? '', line.permissionSet);
  }
  if (line.current === true) return 'the current role';
  return line.label ?? line.session ?? (line.subject === 'unlock' ? 'unlock' : '');
}

/** The name of a chained role is that of its profile. */
function nameByIds(accountId: string, permissionSet: string): string {
  const chain = chainNameOf(permissionSet);
  return chain !== undefined && isChainName(chain) ? chain : `${accountId} ${nameOfRole(permissionSet)}`;
}

interface Detail {
  readonly text: string;
  readonly style?: Style;
}

function describeDetails(line: AuditLine): readonly Detail[] {
  const { surface, program, processId, code, by, reason, federated, flow, rules, purpose, count, via } = line;
  const { executable, script } = program ?? {};
  const agent = program?.agent;
  const details: (Detail | false | undefined)[] = [
    code !== undefined && { text: code, style: 'red' },
    by !== undefined && { text: `by ${by}` },
    reason !== undefined && { text: `by ${reason}` },
    federated === true && { text: 'signed-in link' },
    flow !== undefined && { text: flow },
    purpose !== undefined && { text: purpose },
    via !== undefined && { text: describeHop(via) },
    rules !== undefined && { text: `rules ${rules}` },
    typeof executable === 'string' && {
      text: nameProgram({ executable, script: script ?? null }),
    },
    typeof agent === 'string' && describeAgent(agent, program?.confined === true),
    program?.confined === true && { text: 'confined', style: 'green' },
    count !== undefined && { text: `${count} times` },
    surface !== 'daemon' && { text: SURFACE_WORDS[surface] ?? surface, style: 'dim' },
    processId !== undefined && { text: `pid ${processId}`, style: 'dim' },
  ];
  return details.filter((detail) => typeof detail === 'object');
}

/** The policy by the beginning of its digest; --json has all of it. */
function describeHop({
  roleArn,
  sourceAccountId,
  sourcePermissionSet,
  policySha256,
  policyArns = [],
}: AuditHop): string {
  return [
    `${roleArn} from ${nameByIds(sourceAccountId, sourcePermissionSet)}`,
    ...(policySha256 === undefined ? [] : [`policy ${policySha256.slice(0, 12)}`]),
    ...policyArns,
  ].join(', ');
}

function describeAgent(agent: string, isConfined: boolean): Detail {
  return isConfined ? { text: `agent ${agent}` } : { text: `agent ${agent}, not confined`, style: 'yellow' };
}

const SURFACE_WORDS: Readonly<Record<string, string>> = { web: 'page' };

const two = (value: number) => String(value).padStart(2, '0');

function formatTime(at: Date): string {
  if (Number.isNaN(at.getTime())) return '--:--:--';
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** For example `2026-11-30, Monday`. */
function formatDay(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}, ${DAYS[at.getDay()] ?? ''}`;
}
