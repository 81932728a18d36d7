// Formats the menu as text for hosts that show the output of a program: SwiftBar, xbar and Argos.
import { INERT_WORD } from '../../core/text/harmless-text.ts';
import type { StateWord } from '../../local-api/state-summary.ts';
import { createLineShortener } from '../line-shortener.ts';
import type { Action, Menu, MenuItem } from '../menu-item.ts';

export const TEXT_HOSTS = ['swiftbar', 'xbar', 'argos'] as const;
export type TextHost = (typeof TEXT_HOSTS)[number];

/** The words of a rolecall command line, with absolute paths because the host has another PATH than a shell. */
export type CommandWords = readonly string[];

export interface TextMenu {
  readonly host: TextHost;
  readonly state: StateWord;
  /** The text in the bar itself, next to the state mark. */
  readonly title: string;
  readonly menu: Menu;
  /** Node and the path of rolecall's script. */
  readonly program: CommandWords;
}

/** Actions that make no sense for a program that runs once; a sign-in is cancelled in the terminal that it runs in. */
const WITHOUT_COMMAND: readonly Action['does'][] = ['quit', 'forget-notice', 'cancel-sign-in', 'refuse'];
const MARKS: Readonly<Record<StateWord, string>> = {
  ok: '●',
  'ends-soon': '◐',
  'signed-out': '○',
  problem: '▲',
  locked: '■',
  'needs-approval': '◆',
};
const MAX_TITLE_LENGTH = 30;
/** Words that are safe inside quotes. */
const QUOTABLE_WORD = /^[A-Za-z0-9_.@/+=:, -]+$/;

/** Disables or replaces everything that a host could interpret in a name. */
export function formatTextMenu({ host, state, title, menu, program }: TextMenu): string {
  const item = (entry: MenuItem, prefix: string): string => {
    const words = entry.action === undefined ? undefined : toCommand(entry.action);
    const mark = entry.chosen === undefined ? '' : `${entry.chosen ? '●' : '○'} `;
    const line = formatLine(host, `${prefix}${mark}`, entry.label, formatAction(host, program, words));
    return line + (entry.children ?? []).map((child) => item(child, `${prefix}--`)).join('');
  };
  const groups = menu
    .map((group) => group.filter(({ action }) => action === undefined || !WITHOUT_COMMAND.includes(action.does)))
    .filter((group) => group.length > 0);
  // The end of a profile name is its permission set.
  const head = formatLine(host, `${MARKS[state]} `, createLineShortener([title], MAX_TITLE_LENGTH)(title), []);
  return [head, ...groups.map((group) => group.map((entry) => item(entry, '')).join(''))].join('---\n');
}

/** The command line of an action; undefined when a name in it could be misread. */
function toCommand(action: Action): CommandWords | undefined {
  switch (action.does) {
    case 'use':
      return withName(['use', '--current'], action.role.profile);
    case 'console':
      return withName(['console'], action.role.profile);
    case 'sign-in': {
      const words = [
        'login',
        ...(action.force ? ['--force'] : []),
        ...(action.flow === 'device' ? ['--use-device-code'] : []),
        '--no-wait',
      ];
      // It runs in a terminal, so without a safe name `login` asks for one.
      return withName(words, action.session) ?? words;
    }
    case 'sign-out':
      return withName(['logout'], action.session);
    case 'open-page':
    case 'open-passkey-page':
      return ['web'];
    case 'lock':
      return ['lock'];
    case 'unlock':
      return ['unlock'];
    case 'start-daemon':
      return ['daemon', 'start'];
    default:
      return undefined;
  }
}

function withName(words: CommandWords, name: string | null): CommandWords | undefined {
  return name !== null && INERT_WORD.test(name) && !name.startsWith('-') ? [...words, name] : undefined;
}

function formatAction(host: TextHost, program: CommandWords, words: CommandWords | undefined): string[] {
  if (words === undefined || !program.every((word) => QUOTABLE_WORD.test(word))) return [];
  // A sign-in shows its code or its page in a terminal, and unlocking where it is answered.
  const terminal = `terminal=${words[0] === 'login' || words[0] === 'unlock'}`;
  if (host === 'argos') {
    // Argos takes one shell command, in the quotes of the line itself.
    const command = [...program, ...words].map((word) => (INERT_WORD.test(word) ? word : `"${word}"`)).join(' ');
    return [`bash='${command}'`, terminal, 'refresh=true'];
  }
  const [executable = '', ...rest] = program;
  const parameters = [...rest, ...words].map((word, index) => `param${index + 1}="${word}"`);
  const command = host === 'swiftbar' ? 'bash' : 'shell';
  return [`${command}="${executable}"`, ...parameters, terminal, 'refresh=true'];
}

const SWITCHES: Readonly<Record<TextHost, readonly string[]>> = {
  swiftbar: ['symbolize=false', 'emojize=false', 'ansi=false', 'md=false', 'trim=false'],
  xbar: ['emojize=false', 'ansi=false', 'trim=false'],
  argos: ['useMarkup=false', 'emojize=false', 'ansi=false', 'unescape=false', 'trim=false'],
};

function formatLine(host: TextHost, prefix: string, label: string, action: readonly string[]): string {
  return `${prefix}${toPlainLabel(label, prefix)} | ${[...SWITCHES[host], ...action].join(' ')}\n`;
}

/** Replaces "|", which separates text and attributes, and a leading "-", which means a separator or submenu. */
function toPlainLabel(label: string, prefix: string): string {
  const text = label.replaceAll('|', '¦');
  return prefix === '' || prefix.endsWith('-') ? text.replace(/^-/, '‐') : text;
}
