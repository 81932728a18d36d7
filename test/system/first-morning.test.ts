// A morning with rolecall in real terminals of three sizes, with three shells, and with few and many roles: what is printed fits.
// ROLECALL_MORNINGS=all takes every combination; with ROLECALL_SCREENS=FOLDER the screens are written there.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/cli/terminal/display-width.ts';
import type { DirectoryDocument } from '../../src/emulator/directory/directory-model.ts';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { CONFIG, createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { ROLECALL } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { openTerminal, TMUX, type Terminal } from '../helpers/terminal.ts';
import { waitFor } from '../helpers/wait-for.ts';

interface Morning {
  readonly shell: 'bash' | 'zsh' | 'fish';
  readonly columns: number;
  readonly rows: number;
  readonly roleCount: number;
}

const SHELLS = {
  bash: { command: ['/bin/bash', '--norc', '--noprofile'], setUp: '. ./hook.bash' },
  zsh: { command: ['/usr/bin/zsh', '-f'], setUp: '. ./hook.zsh' },
  fish: {
    command: ['/usr/bin/fish', '--no-config'],
    setUp: 'function fish_prompt; printf "\\$ "; end; set -g fish_autosuggestion_enabled 0; . ./hook.fish',
  },
} as const;

const SIZES = [
  { columns: 100, rows: 30 },
  { columns: 80, rows: 24 },
  { columns: 60, rows: 20 },
];

const ALL = (['bash', 'zsh', 'fish'] as const).flatMap((shell) =>
  SIZES.flatMap((size) => [5, 833, 20_000].map((roleCount): Morning => ({ shell, ...size, roleCount }))),
);
const SOME: readonly Morning[] = [
  { shell: 'bash', columns: 80, rows: 24, roleCount: 833 },
  { shell: 'zsh', columns: 100, rows: 30, roleCount: 5 },
  { shell: 'fish', columns: 60, rows: 20, roleCount: 5 },
];
const MORNINGS = process.env['ROLECALL_MORNINGS'] === 'all' ? ALL : SOME;
const SCREENS = process.env['ROLECALL_SCREENS'];
/** Listing 20,000 roles takes half of it on a busy machine. */
const DEADLINE_MS = 60_000;
const hasTmux = systemPart('tmux', TMUX);
const hasShells = Object.entries(SHELLS).map(([name, { command }]) => systemPart(name, command[0]));

/** Without the hand-written profile, which `login` would offer to convert. */
const SSO_SESSION = CONFIG.slice(0, CONFIG.indexOf('[profile '));

/** What a person types; `keys` are pressed after the line, `until` is on the screen before the next step. */
interface Step {
  readonly line: string;
  readonly keys?: readonly (string | { readonly see: RegExp })[];
}

const STEPS: readonly Step[] = [
  { line: 'rolecall --help' },
  { line: 'rolecall status' },
  { line: 'rolecall ls', keys: [{ see: /\[Y\/n\]/ }, 'n', 'Enter'] },
  {
    line: `rolecall login ${SESSION} --no-browser`,
    keys: [{ see: /\[y\/N\]/ }, 'y', 'Enter', { see: /\[Y\/n\]/ }, 'n', 'Enter'],
  },
  { line: 'rolecall status' },
  { line: 'rolecall ls prod read' },
  { line: 'rolecall use', keys: [{ see: /esc/ }, 'r', 'e', 'a', 'd', 'Enter'] },
  { line: 'rolecall whoami' },
  { line: 'rolecall exec --help' },
  { line: 'rolecall use nothing-like-this' },
  { line: 'rolecall exec nothing-like-this -- true' },
  { line: 'rolecall profiles sync --dry-run' },
  { line: 'rolecall doctor' },
  { line: 'rolecall use --off' },
  { line: `rolecall logout ${SESSION}` },
];

describe.skipIf(!hasTmux || hasShells.includes(false))('a morning', () => {
  test.for(MORNINGS)('$shell, $columns x $rows, $roleCount roles', { timeout: 240_000 }, async (morning) => {
    const rig = await createRig({
      emulator: { directory: createDirectory(morning.roleCount) },
      config: SSO_SESSION,
      portalCallsPerSecond: 500,
    });
    try {
      const terminal = await open(rig, morning);
      try {
        const screens = await walk(terminal);
        if (SCREENS !== undefined) save(SCREENS, morning, screens);
        // Not a row of errors, which fits too.
        expect(screens.join('\n')).toMatch(new RegExp(`^Signed in to ${SESSION}\\.$[^]*^This shell now uses `, 'mu'));
        expect(findBrokenLines(screens.join('\n'), morning.columns)).toEqual([]);
      } finally {
        terminal.close();
      }
    } finally {
      await rig.remove();
    }
  });
});

async function open(rig: Rig, { shell, columns, rows }: Morning): Promise<Terminal> {
  const home = rig.home.path;
  writeFileSync(join(home, 'rolecall'), `#!/bin/sh\nexec ${process.execPath} ${ROLECALL} "$@"\n`, { mode: 0o755 });
  writeFileSync(join(home, `hook.${shell}`), (await rig.runCli(['shell-init', shell])).stdout);
  const { command, setUp } = SHELLS[shell];
  const terminal = openTerminal({
    directory: home,
    environment: {
      ...rig.environment,
      PATH: `${home}:${rig.environment['PATH'] ?? ''}`,
      PS1: '$ ',
      SHELL: command[0],
      ROLECALL_PICKER: 'builtin',
      PAGER: '',
    },
    command,
    size: { columns, rows },
  });
  terminal.type(`${setUp}; clear; echo rea""dy`);
  await terminal.see(/^ready$/mu);
  return terminal;
}

/** What each step printed, and the screens on which keys were pressed. */
async function walk(terminal: Terminal): Promise<string[]> {
  const screens: string[] = [];
  for (const { line, keys = [] } of STEPS) {
    const before = terminal.screen().trimEnd().length;
    terminal.type(line);
    for (const key of keys) {
      if (typeof key === 'string') terminal.press(key);
      else if (!(await isAsked(terminal, key.see, before + line.length))) break;
    }
    if (keys.length > 0) screens.push(terminal.visibleRows().join('\n'));
    await waitForPrompt(terminal, before + line.length);
    screens.push(terminal.screen().slice(before).trimEnd());
  }
  return screens;
}

const isPrompt = (screen: string) => /(?:^|\n)[^\n]{0,20}[$%>] ?$/.test(screen.trimEnd());

async function waitForPrompt(terminal: Terminal, from: number): Promise<void> {
  const waiting = waitFor(
    'the prompt',
    () => {
      const screen = terminal.screen();
      return screen.trimEnd().length > from && isPrompt(screen) ? screen : undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
  await waiting.catch((error: unknown) => {
    throw new Error(`${(error as Error).message}, after:\n${terminal.screen().slice(from)}`, { cause: error });
  });
}

/** False when the prompt comes instead. */
async function isAsked(terminal: Terminal, pattern: RegExp, from: number): Promise<boolean> {
  const look = () => {
    const screen = terminal.screen().trimEnd();
    // A picker has a screen of its own, which is shorter than all that was printed before.
    if (pattern.test(screen.length < from ? screen : screen.slice(from))) return 'asked';
    return screen.length > from && isPrompt(screen) ? 'prompt' : undefined;
  };
  const answer = await waitFor(`${String(pattern)} or the prompt`, look, { deadlineMs: DEADLINE_MS }).catch(
    (error: unknown) => {
      throw new Error(`${(error as Error).message}, after:\n${terminal.screen().slice(-3000)}`, { cause: error });
    },
  );
  return answer === 'asked';
}

/** Addresses, commands to copy, lines of a diff, and the line with a profile that the hook prints. */
const UNBREAKABLE = /https?:\/\/|^\s*(?:\$ |rolecall |aws |export |unset )|^[+-]|^This shell now uses /;

/** Lines that the terminal had to break, except those that nobody may break. */
function findBrokenLines(screen: string, columns: number): string[] {
  return screen
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => displayWidth(line) > columns && !UNBREAKABLE.test(line));
}

function save(folder: string, { shell, columns, rows, roleCount }: Morning, screens: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${shell}-${columns}x${rows}-${roleCount}.txt`), `${screens.join('\n\n')}\n`);
}

const AREAS = [
  'Identity',
  'Payments',
  'Payments production',
  'Log Archive',
  'Data Platform Analytics',
  'Zürich',
  '検証',
];
const STAGES = ['prod', 'staging', 'dev', 'sandbox'];
const SETS = ['AdministratorAccess', 'AWSReadOnlyAccess', 'PowerUserAccess', 'Billing', 'Network-Operations-Engineer'];

function createDirectory(roleCount: number): DirectoryDocument {
  const base = createDefaultDirectory();
  if (roleCount <= 5) return base;
  const accountCount = Math.ceil(roleCount / SETS.length);
  const accounts = Array.from({ length: accountCount }, (_, index) => ({
    accountId: String(600_000_000_000 + index * 7919),
    accountName: `${AREAS[index % AREAS.length]} ${STAGES[index % STAGES.length]} ${String(index).padStart(2, '0')}`,
  }));
  const assignments = accounts
    .flatMap(({ accountId }) => SETS.map((permissionSet) => ({ accountId, permissionSet, user: 'taylor' })))
    .slice(0, roleCount);
  return {
    ...base,
    organization: { managementAccountId: accounts[0]?.accountId ?? '' },
    accounts,
    permissionSets: SETS.map((name) => ({ name, sessionDurationSeconds: 3600 })),
    assignments,
  };
}
