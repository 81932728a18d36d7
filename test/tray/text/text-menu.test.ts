// The menu as text for SwiftBar, xbar and Argos: golden files, and no name that becomes a command.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { buildMenu } from '../../../src/tray/menu.ts';
import { formatTextMenu, TEXT_HOSTS, type TextHost } from '../../../src/tray/text/text-menu.ts';
import { EMPTY_VIEW, type TrayView } from '../../../src/tray/tray-view.ts';
import { anApproval, aRole, aSession, aStatus, HOSTILE_NAMES, NOW_MS } from '../../helpers/documents.ts';
import { aView } from '../views.ts';

const PROGRAM = ['/opt/node 24/bin/node', '/opt/rolecall/bin/rolecall.js'];

function format(host: TextHost, view: TrayView, program: readonly string[] = PROGRAM): string {
  return formatTextMenu({ host, state: 'ok', title: 'taylor.Admin', menu: buildMenu(view, NOW_MS), program });
}

const MORNING = aView({
  status: aStatus({
    sessions: [aSession(), aSession({ session: 'Other: one', state: 'expired' })],
    problems: [{ code: 'secret-store-locked', message: 'The keychain is locked.', hint: 'rolecall status' }],
  }),
  allRoles: [
    ...HOSTILE_NAMES.map((accountName, index) =>
      aRole({ accountName, accountId: `${100000000000 + index}`, profile: index === 0 ? accountName : `p${index}` }),
    ),
    aRole({ score: 1, protected: true }),
  ],
});

describe.each(TEXT_HOSTS)('%s', (host) => {
  test('matches the golden file', () => {
    const golden = fileURLToPath(new URL(`golden/${host}.txt`, import.meta.url));
    expect(format(host, MORNING)).toBe(readFileSync(golden, 'utf8'));
  });

  test('leads to a pending approval by the page, and runs nothing that answers it', () => {
    for (const accountName of HOSTILE_NAMES) {
      const view = aView({ approvals: [anApproval({ accountName })], status: aStatus({ approvals: 1 }) });
      const [, asks = '', answer = '', next] = format(host, view).replace('---\n', '').split('\n');
      expect(asks).toMatch(/^Approval needed: [^|]* \| [^|]*trim=false$/);
      expect(answer).toMatch(/^Approve on the page… \| [^|]*web"?'? terminal=false refresh=true$/);
      expect(next).toBe('---');
    }
  });

  test('has one line per entry, each with a single bar before its attributes', () => {
    const lines = format(host, MORNING).split('\n').slice(0, -1);
    const entries = buildMenu(MORNING, NOW_MS)
      .flat()
      .flatMap((item) => [item, ...(item.children ?? [])]);
    const separators = lines.filter((line) => line === '---');
    // All entries but Quit, plus the title.
    expect(lines.length - separators.length).toBe(entries.length);
    for (const line of lines.filter((each) => each !== '---')) {
      expect(line).toMatch(/^[^|]* \| [^|]*$/);
      // None of these is read as an icon name, an escape or a submenu.
      expect(line).toContain('emojize=false ansi=false');
      expect(line).not.toMatch(/^-(?!-[^-])/);
    }
  });

  test('runs only rolecall by its path with plain words', () => {
    const actions = [
      ...format(host, MORNING).matchAll(/ trim=false (?:bash|shell)=(.*?) terminal=(\w+) refresh=true$/gm),
    ];
    const words = actions.map(([, command = '', terminal]) => [
      terminal,
      command.replaceAll(/"|'|param\d+=/g, '').replace('/opt/node 24/bin/node /opt/rolecall/bin/rolecall.js ', ''),
    ]);
    expect(words.slice(0, 5)).toEqual([
      ['false', 'console taylor.Admin'],
      ['true', 'login --force --no-wait my-sso-session'],
      ['false', 'logout my-sso-session'],
      // A session name that a bar could misread is asked for in the terminal.
      ['true', 'login --no-wait'],
      ['false', 'use --current taylor.Admin'],
    ]);
    for (const [, command] of words) expect(command).toMatch(/^[a-z]+( --[a-z-]+)*( [A-Za-z0-9._-]+)?$/);
    // A profile with such a name has no action.
    expect(words.filter(([, command]) => command?.startsWith('use'))).toHaveLength(HOSTILE_NAMES.length);
  });

  test('offers a code for a sign-in whose browser may not come back, in a terminal', () => {
    const signIns = { 'my-sso-session': { state: 'pending', flow: 'pkce' } } as const;
    const sessions = [aSession({ state: 'pending' })];
    const lines = format(host, aView({ status: aStatus({ sessions }), signIns })).split('\n');
    const offer = lines.find((line) => line.startsWith('Use a code instead')) ?? '';
    expect(offer.replaceAll(/"|'|param\d+=/g, '')).toContain(
      'login --force --use-device-code --no-wait my-sso-session terminal=true',
    );
    expect(lines.join('\n')).not.toMatch(/undefined|^Code/m);
  });

  test('still works when the path of rolecall contains a quote', () => {
    const text = format(host, aView(), ["/home/o'neill/node", '/x"y/rolecall.js']);
    expect(text).toContain('audit  222222222222  ReadOnly');
    expect(text).not.toMatch(/bash=|shell=|neill/);
  });

  test('offers to start the daemon when none is running', () => {
    expect(format(host, EMPTY_VIEW)).toMatch(/^Start the daemon \| .*\bdaemon\b.*\bstart\b.* terminal=false/m);
  });
});
