// A bash in tmux, inside the home of a world: what pictures and recordings of the terminal type into and read from.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ansiToHtml } from './ansi-to-html.mjs';

const ROLECALL = fileURLToPath(new URL('../../bin/rolecall.js', import.meta.url));

/** A bash in tmux with the hook in it, as a newcomer has it. */
export function openTerminal(world, { columns, rows, hasHook = true }) {
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
  const seeEndOf = (line) =>
    world.waitFor(`the end of ${line}`, async () => {
      const [, after = ''] = tmux('capture-pane', '-p', '-J').split(`$ ${line}\n`);
      return after.trimEnd().endsWith('\n$');
    });
  if (hasHook) {
    const hook = execFileSync(process.execPath, [ROLECALL, 'shell-init', 'bash'], { env: environment });
    writeFileSync(join(home, 'hook.bash'), hook);
    tmux('send-keys', '-l', '. ~/hook.bash; clear');
    tmux('send-keys', 'Enter');
  }
  return {
    see,
    seePrompt,
    type,
    /** Types a line and waits for what it prints. */
    async run(line) {
      await type(line);
      await seeEndOf(line);
    },
    seeEndOf,
    async clear() {
      await type('clear');
      await world.waitFor('an empty screen', async () => tmux('capture-pane', '-p').trim() === '$');
    },
    press: (key) => tmux('send-keys', key),
    typeText: (text) => tmux('send-keys', '-l', '--', text),
    plainText: () => tmux('capture-pane', '-p'),
    /** What is on the screen, with its escapes for colours, and where the cursor is. */
    capture() {
      const [x, y, flag] = tmux('display-message', '-p', '#{cursor_x} #{cursor_y} #{cursor_flag}').trim().split(' ');
      return {
        text: tmux('capture-pane', '-p', '-e'),
        cursor: { x: Number(x), y: Number(y), isShown: flag === '1' },
      };
    },
    toHtml: () => ansiToHtml(tmux('capture-pane', '-p', '-e').trimEnd()),
    close: () => tmux('kill-server'),
  };
}
