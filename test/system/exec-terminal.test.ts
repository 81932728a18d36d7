// `rolecall exec` in a real terminal: Ctrl-C, Ctrl-Z, and subshells of each kind whose prompt says the role.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRig, type Rig } from '../helpers/rig.ts';
import { ROLECALL } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { openTerminal, TMUX, type Terminal } from '../helpers/terminal.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';
const hasTmux = systemPart('tmux', TMUX);

let rig: Rig;
let terminal: Terminal;
beforeAll(async () => {
  rig = await createRig();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  writeFileSync(join(rig.home.path, 'rolecall'), `#!/bin/sh\nexec ${process.execPath} ${ROLECALL} "$@"\n`, {
    mode: 0o755,
  });
});
afterAll(() => rig.remove());

const read = (name: string) => readFileSync(join(rig.home.path, name), 'utf8');
const write = (name: string, text: string) => writeFileSync(join(rig.home.path, name), text);

function open(shell: string): void {
  terminal = openTerminal({
    directory: rig.home.path,
    environment: {
      ...rig.environment,
      PATH: `${rig.home.path}:${rig.environment['PATH'] ?? ''}`,
      P: PROFILE,
      PS1: '$ ',
      SHELL: shell,
      ZDOTDIR: join(rig.home.path, 'zsh'),
    },
    command: ['/bin/bash', '--norc', '--noprofile'],
  });
}

describe.skipIf(!hasTmux)('keys', () => {
  beforeEach(() => open('/bin/bash'));
  afterEach(() => terminal.close());

  test('Ctrl-C reaches the program once, and its own status is the one that counts', async () => {
    write('count', '');
    terminal.type(
      `rolecall exec $P -- sh -c 'trap "echo got >> count" INT; echo rea""dy; until [ -e go ]; do sleep 0.05; done; exit 5'; echo "status $?"`,
    );
    await terminal.see(/^ready/m);
    terminal.press('C-c');
    await waitFor('the signal', () => read('count'));
    write('go', '');
    await terminal.see(/^(\^C)?status 5$/m);
    expect(read('count')).toBe('got\n');
  });

  test('Ctrl-C ends a program that does not mind it, and the script around it, as without us', async () => {
    terminal.type(`rolecall exec $P -- sh -c 'echo rea""dy; exec sleep 100'`);
    await terminal.see(/^ready/m);
    terminal.press('C-c');
    // bash gives up the rest of a line whose command was ended by Ctrl-C, so the question is a line of its own.
    terminal.type('echo "status $?"');
    await terminal.see(/^status 130$/m);
    terminal.type(
      `bash -c 'for n in 1 2; do rolecall exec $P -- sh -c "echo round \\$0; exec sleep 100" $n; done; echo went on'`,
    );
    await terminal.see(/^round 1$/m);
    terminal.press('C-c');
    terminal.type('echo "script $?"');
    await terminal.see(/^script 130$/m);
    expect(terminal.screen()).not.toMatch(/^(went on|round 2)$/m);
  });

  test('Ctrl-Z stops it and fg goes on with it', async () => {
    terminal.type(
      `rolecall exec $P -- sh -c 'echo rea""dy; until [ -e on ]; do sleep 0.05; done; exit 6'; echo "status $?"`,
    );
    await terminal.see(/^ready/m);
    terminal.press('C-z');
    await terminal.see(/Stopped/);
    write('on', '');
    terminal.type('fg; echo "then $?"');
    await terminal.see(/^then 6$/m);
  });

  test('the program writes to the terminal itself, in blocking mode', async () => {
    terminal.type(
      `rolecall exec $P -- python3 -c 'import os; print([os.isatty(n) for n in range(3)], [os.get_blocking(n) for n in range(3)])'`,
    );
    await terminal.see(/^\[True, True, True\] \[True, True, True\]$/m);
  });
});

describe.skipIf(!hasTmux)('a person who is asked', () => {
  beforeEach(() => open('/bin/bash'));
  afterEach(() => terminal.close());

  test('chooses a role, and the command gets the terminal as it was', async () => {
    const program = 'import os; print([os.get_blocking(n) for n in range(3)]); print("got", input())';
    terminal.type(`ROLECALL_PICKER=builtin rolecall exec readonly -- python3 -c '${program}'; echo "status $?"`);
    const [, chosen = ''] = await terminal.see(/^> readonly +3 of 5\n> {3}.* (\d{12}) {2}ReadOnly /mu);
    terminal.press('Enter');
    await terminal.see(new RegExp(` ${chosen} {2}ReadOnly {2}us-east-1\\n\\[True, True, True\\]$`, 'mu'));
    terminal.type('a line');
    await terminal.see(/^a line\ngot a line\nstatus 0$/mu);
  });

  // A terminal of its own each, so that nothing matches what an earlier command printed.
  test.each([
    ['inside of eval', 'eval "$(rolecall env $P)"; echo "keys $?, ${#AWS_SESSION_TOKEN}"', /^keys 0, [1-9]\d+$/mu],
    ['before a command, which gets the next line', "rolecall exec $P -- sed 's/^/got /;q'", /^got a line$/mu],
  ])('signs in %s', async (_, line, done) => {
    expect(await rig.runCli(['logout'])).toMatchObject({ exitCode: 0 });
    terminal.type(line);
    await terminal.see(/^Sign in to my-sso-session now\? \[Y\/n\] $/mu);
    terminal.press('Enter');
    await terminal.see(/^Continue\? \[y\/N\] $/mu);
    terminal.type('y');
    await terminal.see(/^Signed in to my-sso-session\.$/mu);
    terminal.type('a line');
    await terminal.see(done);
  });
});

describe.skipIf(!hasTmux)('a subshell', () => {
  const SHELLS: readonly [name: string, path: string, startup: string, text: string, dead: string][] = [
    ['bash', '/bin/bash', '.bashrc', `PS1='own> '\nMINE=yes\n`, 'echo "mine $MINE region $AWS_REGION"'],
    ['zsh', '/usr/bin/zsh', 'zsh/.zshrc', `PROMPT='own> '\nMINE=yes\n`, 'echo "mine $MINE region $AWS_REGION"'],
    [
      'fish',
      '/usr/bin/fish',
      '.config/fish/config.fish',
      `set MINE yes\nfunction fish_prompt; echo -n 'own> '; end\n`,
      'echo "mine $MINE region $AWS_REGION"',
    ],
    ['sh', '/bin/sh', '.profile', '', 'MINE=yes; echo "mine $MINE region $AWS_REGION"'],
  ];

  test.each(SHELLS.filter(([name, path]) => systemPart(name, path)))(
    'of %s has its own startup files, the role in its prompt, and ends with its status',
    async (name, path, startup, text, line) => {
      mkdirSync(join(rig.home.path, startup, '..'), { recursive: true });
      write(startup, text);
      open(path);
      try {
        terminal.type('rolecall exec $P; echo "status $?"');
        await terminal.see(new RegExp(`^\\(${PROFILE}\\) ${name === 'sh' ? '\\$' : 'own>'}`, 'm'));
        terminal.type(line);
        await terminal.see(/^mine yes region us-east-1$/m);
        if (name === 'zsh') {
          terminal.type('echo "dir $ZDOTDIR"');
          await terminal.see(new RegExp(`^dir ${rig.home.path}/zsh$`, 'm'));
        }
        expect(await rig.client.call('grants', {})).toMatchObject({ grants: [{ current: false }] });
        terminal.type('exit 3');
        await terminal.see(/^status 3$/m);
        await waitFor('the grant to end', async () => (await rig.client.call('grants', {})).grants.length === 0);
        terminal.type('echo "still $((40 + 2))"');
        await terminal.see(/^still 42$/m);
      } finally {
        terminal.close();
      }
    },
  );
});
