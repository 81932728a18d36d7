// The menu as text for hosts that run a program and show what it prints: SwiftBar, xbar and Argos.
import { INERT_WORD, toHarmlessLine } from '../../core/text/harmless-text.ts';
import type { StateWord } from '../../local-api/state-summary.ts';
import type { Action, Menu, MenuItem } from '../menu.ts';

export const TEXT_HOSTS = ['swiftbar', 'xbar', 'argos'] as const;
export type TextHost = (typeof TEXT_HOSTS)[number];

/** The words of our own command line, by absolute paths: a bar has another PATH than a shell. */
export type CommandWords = readonly string[];

export interface TextMenu {
  readonly host: TextHost;
  readonly state: StateWord;
  /** What stands in the bar itself, next to the mark of the state. */
  readonly title: string;
  readonly menu: Menu;
  /** Node and our own script. */
  readonly program: CommandWords;
}

/** A host that asks anew each time has nothing to forget or to quit; a sign-in is cancelled where it was started. */
const WITHOUT_COMMAND: readonly Action['does'][] = ['quit', 'forget-notice', 'cancel-sign-in'];
const MARKS: Readonly<Record<StateWord, string>> = { ok: '●', 'ends-soon': '◐', 'signed-out': '○', problem: '▲' };
const LONGEST_TITLE = 30;
/** Only ever inside quotes. */
const QUOTABLE_WORD = /^[A-Za-z0-9_.@/+=:, -]+$/;

/** Everything a host could take for a command of its own is switched off or replaced. */
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
  const head = formatLine(host, `${MARKS[state]} `, toHarmlessLine(title, LONGEST_TITLE), []);
  return [head, ...groups.map((group) => group.map((entry) => item(entry, '')).join(''))].join('---\n');
}

/** Words for our command line; undefined when a name in it could be taken for something else. */
function toCommand(action: Action): CommandWords | undefined {
  switch (action.does) {
    case 'use':
      return withName(['use', '--current'], action.role.profile);
    case 'console':
      return withName(['console'], action.role.profile);
    case 'sign-in': {
      const words = action.force ? ['login', '--force', '--no-wait'] : ['login', '--no-wait'];
      // It runs in a terminal, where it asks for a name that we can't give.
      return withName(words, action.session) ?? words;
    }
    case 'sign-out':
      return withName(['logout'], action.session);
    case 'open-page':
      return ['web'];
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
  // The code of a sign-in has to be read.
  const terminal = `terminal=${words[0] === 'login'}`;
  if (host === 'argos') {
    // One shell command, in the quotes of the line itself.
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

/** The bar parts text from its attributes at the first or last bar, and a line of dashes is a separator or a submenu. */
function toPlainLabel(label: string, prefix: string): string {
  const text = label.replaceAll('|', '¦');
  return prefix === '' || prefix.endsWith('-') ? text.replace(/^-/, '‐') : text;
}
