// The pictures of the terminal: what tmux really shows of `use`, `login` and `status`, drawn by the browser with its colours.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ansiToHtml } from './ansi-to-html.mjs';
import { createCompany } from './company.mjs';
import { createWorld, CONFIG, SETTINGS } from './world.mjs';

const ROLECALL = fileURLToPath(new URL('../../bin/rolecall.js', import.meta.url));
const HOUR_MS = 3_600_000;
const PROTECTED = `${SETTINGS}
[[protect]]
permission_set = "AdministratorAccess"
`;

export async function takeTerminalPictures(studio) {
  const world = await createWorld({ directory: createCompany(), config: CONFIG, settings: PROTECTED });
  try {
    const terminal = openTerminal(world, { columns: 96, rows: 30 });
    try {
      await terminal.type('rolecall login work --no-browser --yes');
      const approval = await world.waitForValue('the code', async () => {
        const signIn = await world.client.call('signIn', { session: 'work' });
        return signIn?.userCode;
      });
      await terminal.see('Approve only if');
      world.emulator.approve(approval, 'taylor');
      await terminal.see('profiles, ');
      await terminal.seePrompt();
      await studio.shootMarkup(terminal.toHtml(), 'terminal-login');
    } finally {
      terminal.close();
    }

    world.setClock(-3.4 * HOUR_MS);
    await world.signIn('lab', 'lab');
    world.setClock(0);
    const switching = openTerminal(world, { columns: 96, rows: 14 });
    try {
      await switching.type('rolecall use payments');
      await switching.see('esc  cancel');
      switching.press('Down');
      await switching.see('enter');
      await studio.shootMarkup(switching.toHtml(), 'terminal-picker');
      switching.press('Enter');
      await switching.see('[y/N]');
      await switching.type('y');
      await switching.see('This shell now uses');
      await switching.clear();
      for (const line of [
        'rolecall use shop prod read',
        'rolecall whoami',
        'rolecall use -',
        'rolecall use --current log archive read',
      ]) {
        await switching.run(line);
      }
      await studio.shootMarkup(switching.toHtml(), 'terminal-switch');
    } finally {
      switching.close();
    }
  } finally {
    await world.remove();
  }
}

/** A bash in tmux with the hook in it, as a newcomer has it. */
function openTerminal(world, { columns, rows }) {
  const { HOME: home } = world.environment;
  writeFileSync(join(home, 'rolecall'), `#!/bin/sh\nexec '${process.execPath}' '${ROLECALL}' "$@"\n`, { mode: 0o755 });
  const environment = {
    ...world.environment,
    PATH: [home, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    TERM: 'xterm-256color',
    PS1: '$ ',
    SHELL: '/bin/bash',
    ROLECALL_PICKER: 'builtin',
  };
  const socket = join(home, 'tmux');
  const tmux = (...args) =>
    execFileSync('/usr/bin/tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: environment, encoding: 'utf8' });
  const size = ['-x', String(columns), '-y', String(rows)];
  tmux('new-session', '-d', ...size, '--', '/bin/bash', '--norc', '--noprofile');
  const see = (text) => world.waitFor(`${text} on the screen`, async () => tmux('capture-pane', '-p').includes(text));
  const seePrompt = () => world.waitFor('the prompt', async () => tmux('capture-pane', '-p').trimEnd().endsWith('\n$'));
  const type = async (line) => {
    tmux('send-keys', '-l', line);
    tmux('send-keys', 'Enter');
  };
  const hook = execFileSync(process.execPath, [ROLECALL, 'shell-init', 'bash'], { env: environment });
  writeFileSync(join(home, 'hook.bash'), hook);
  tmux('send-keys', '-l', '. ~/hook.bash; clear');
  tmux('send-keys', 'Enter');
  return {
    see,
    seePrompt,
    type,
    /** Types a line and waits for what it prints. */
    async run(line) {
      await type(line);
      await world.waitFor(`the end of ${line}`, async () => {
        const [, after = ''] = tmux('capture-pane', '-p').split(`$ ${line}\n`);
        return after.trimEnd().endsWith('\n$');
      });
    },
    async clear() {
      await type('clear');
      await world.waitFor('an empty screen', async () => tmux('capture-pane', '-p').trim() === '$');
    },
    press: (key) => tmux('send-keys', key),
    toHtml: () => ansiToHtml(tmux('capture-pane', '-p', '-e').trimEnd()),
    close: () => tmux('kill-server'),
  };
}
