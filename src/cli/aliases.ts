// Commands under the names that other tools have for them. They work, but no help or completion lists them.
import { UsageError } from '../core/errors.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';

/** Other names of the same command: its options and arguments are those of rolecall's command. */
export const ALIASES: Readonly<Record<string, string>> = {
  assume: 'use',
  switch: 'use',
  list: 'ls',
  signin: 'login',
  'sign-in': 'login',
  'sso login': 'login',
  signout: 'logout',
  'sign-out': 'logout',
  'sso logout': 'logout',
  start: 'daemon start',
  stop: 'daemon stop',
  restart: 'daemon restart',
  logs: 'service logs',
  'daemon logs': 'service logs',
  'daemon status': 'service status',
  init: 'setup',
  configure: 'setup',
  'configure sso': 'setup',
  version: '--version',
};

/** Commands that do something similar, but take other options or ask more: only named. "…" stands for the typed arguments. */
export const SUGGESTIONS: Readonly<Record<string, string>> = {
  accounts: 'ls …',
  browser: 'config edit',
  cache: 'ls --refresh',
  'config-profiles': 'profiles sync',
  current: 'whoami',
  dashboard: 'web',
  eval: 'env …',
  export: 'env …',
  flush: 'logout',
  gui: 'web',
  'integration login': 'login',
  'integration sync': 'profiles sync',
  open: 'console …',
  process: 'credential-process --help',
  role: 'use …',
  roles: 'ls …',
  run: 'exec …',
  select: 'use …',
  session: 'status',
  'session current': 'whoami',
  'session list': 'ls',
  'session open-web-console': 'console',
  'session start': 'use',
  'session stop': 'logout',
  sessions: 'status',
  settings: 'config show',
  shell: 'exec …',
  sso: 'login',
  'sso generate': 'profiles sync --dry-run',
  'sso populate': 'profiles sync',
  'sso-tokens': 'status',
  sync: 'profiles sync',
  ui: 'web',
  who: 'whoami',
};

/** What Granted's `assume` does by an option; the option is left out of the typed arguments. */
const OPTIONS_OF_ASSUME: Readonly<Record<string, string>> = {
  '--console': 'console …',
  '-c': 'console …',
  '--url': 'console --print …',
  '-u': 'console --print …',
  '--unset': 'use --off',
  '--un': 'use --off',
  '--exec': 'exec …',
  '--env': 'env …',
};

/**
 * The command line with rolecall's own command in the place of another tool's.
 * @throws UsageError usage: a command of another tool that rolecall calls differently
 */
export function expandAlias(argv: readonly string[]): readonly string[] {
  const start = argv.findIndex((word, index) => !word.startsWith('-') && argv[index - 1] !== '--color');
  if (start === -1) return argv;
  for (const length of [2, 1]) {
    const name = argv.slice(start, start + length).join(' ');
    const rest = argv.slice(start + length);
    const own = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
    if (name === 'assume') refuseOption(rest);
    if (own !== undefined) return [...argv.slice(0, start), ...own.split(' '), ...rest];
    const similar = Object.hasOwn(SUGGESTIONS, name) ? SUGGESTIONS[name] : undefined;
    if (similar !== undefined) throw suggest(`There is no command "${name}"`, similar, rest);
  }
  return argv;
}

/** @throws UsageError usage: an option of Granted's `assume` */
function refuseOption(words: readonly string[]): void {
  const end = words.indexOf('--');
  const options = end === -1 ? words : words.slice(0, end);
  const place = options.findIndex((word) => Object.hasOwn(OPTIONS_OF_ASSUME, word));
  const option = options[place];
  if (option === undefined) return;
  throw suggest(`rolecall use has no option "${option}"`, OPTIONS_OF_ASSUME[option] ?? '', words.toSpliced(place, 1));
}

function suggest(what: string, similar: string, rest: readonly string[]): UsageError {
  const [command = '', takesRest] = similar.split(' …');
  const args = takesRest === undefined ? [] : rest;
  return new UsageError('usage', `${what}; did you mean "${command}"?`, {
    hint: ['rolecall', command, ...args.map(quoteForShell)].join(' '),
  });
}
