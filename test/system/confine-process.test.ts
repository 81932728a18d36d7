// A confined command as a process: status, signals, streams, the terminal, and its end.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canConfine, createConfinedWorld, PROFILE, type ConfinedWorld } from '../helpers/confined-world.ts';
import { systemPart } from '../helpers/system.ts';
import { openTerminal, TMUX, type Terminal } from '../helpers/terminal.ts';
import { waitFor } from '../helpers/wait-for.ts';

const hasTmux = systemPart('tmux', TMUX);

let world: ConfinedWorld;
beforeAll(async () => {
  if (!canConfine) return;
  world = await createConfinedWorld();
  const [node, rolecall] = world.rolecall;
  writeFileSync(
    join(world.project, 'confined'),
    `#!/bin/sh\nexport XDG_RUNTIME_DIR=${world.environment['XDG_RUNTIME_DIR']}\nexec ${node} ${rolecall} exec --confine --network=host ${PROFILE} -- "$@"\n`,
    { mode: 0o755 },
  );
});
afterAll(() => world?.remove());

const script = (text: string) => world.run(['/bin/bash', '-c', text]);
const read = (name: string) => readFileSync(join(world.project, name), 'utf8');

describe.skipIf(!canConfine)('a confined command', () => {
  test('has the status of the command, also of one that does not start or was killed', async () => {
    const lines = [`sh -c 'exit 37'`, `sh -c 'kill -TERM $$'`, `sh -c 'kill -KILL $$'`, 'nosuch', '/etc/hostname'];
    const { stdout } = await script(lines.map((line) => `./confined ${line} 2>/dev/null; echo $?`).join('\n'));
    expect(stdout).toBe('37\n143\n137\n127\n126\n');
  });

  test('has the streams of the caller, and descriptors that it names', async () => {
    expect(await script(`printf 'one\\ntwo\\n' | ./confined sh -c 'cat; echo error >&2'`)).toEqual({
      exitCode: 0,
      stdout: 'one\ntwo\n',
      stderr: 'error\n',
    });
    expect(await script('./confined yes | head -n 1')).toMatchObject({ stdout: 'y\n', stderr: '' });
    expect(await script('./confined cat <(echo one) <(echo two)')).toMatchObject({ stdout: 'one\ntwo\n' });
  });

  test('gets no open folder, from which everything beside it could be reached', async () => {
    expect(await script('./confined ls /dev/fd/8 8</')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("can't have an open folder as descriptor 8."),
    });
    expect(await script('./confined ls /dev/fd/0/ </')).toMatchObject({ exitCode: 2, stdout: '' });
    // An open folder that it does not name is closed.
    expect(await script('exec 8</ 208</; ./confined ls /proc/self/fd')).toMatchObject({ stdout: '0\n1\n2\n3\n' });
  });

  test('says what to share when its program is hidden', async () => {
    await script(
      'mkdir -p ~/tool/bin; printf "#!/bin/sh\\necho tool\\n" > ~/tool/bin/my-tool; chmod +x ~/tool/bin/my-tool',
    );
    const line = `PATH=$PATH:~/tool/bin; set -- my-tool; . ./run`;
    writeFileSync(
      join(world.project, 'run'),
      `${world.rolecall.join(' ')} exec --confine --network=host $SHARE ${PROFILE} -- "$@"\n`,
    );
    expect(await script(line)).toEqual({
      exitCode: 127,
      stdout: '',
      stderr: `rolecall: ${world.home}/tool/bin/my-tool is not visible to a confined command.\nRun: rolecall exec --confine --readable ${world.home}/tool PROFILE -- my-tool\n`,
    });
    expect(await script(`SHARE='--readable ${world.home}/tool'; ${line}`)).toMatchObject({ stdout: 'tool\n' });
  });

  test.each(['TERM', 'HUP', 'USR1', 'INT'] as const)('gets %s once', async (name) => {
    const program = `trap 'echo got >> ${name}.got; exit 11' ${name}; : > ${name}.ready; while :; do sleep 0.05; done`;
    const child = spawn(join(world.project, 'confined'), ['sh', '-c', program], {
      env: world.environment,
      cwd: world.project,
      stdio: 'ignore',
    });
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
    await waitFor('the program to start', () => existsSync(join(world.project, `${name}.ready`)));
    child.kill(`SIG${name}`);
    expect(await ended).toBe(11);
    expect(read(`${name}.got`)).toBe('got\n');
  });

  test('dies with rolecall, and what it has started with it', async () => {
    const mark = '86399.25';
    const runs = () => commandLines().some((line) => line === `sleep\0${mark}\0`);
    const child = spawn(
      join(world.project, 'confined'),
      ['sh', '-c', `(setsid nohup sleep ${mark} >/dev/null 2>&1 &) ; sleep ${mark}`],
      {
        env: world.environment,
        cwd: world.project,
        stdio: 'ignore',
      },
    );
    await waitFor('the programs to start', runs);
    child.kill('SIGKILL');
    await waitFor('the programs to end', () => !runs());
  });

  test('ends what it has left in the background', async () => {
    const mark = '86399.75';
    expect(await script(`./confined sh -c '(setsid sleep ${mark} >/dev/null 2>&1 &); exit 3'`)).toMatchObject({
      exitCode: 3,
    });
    await waitFor('the program to end', () => !commandLines().includes(`sleep\0${mark}\0`));
  });
});

/** Of all processes that this user sees. */
function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    });
}

/** Types into the terminal for the next program that reads it, at every place where it could be. */
const PUSH = `import fcntl, os, termios
for path in ("/dev/stdin", "/dev/tty", "/dev/console", *["/dev/pts/%d" % n for n in range(8)]):
    try:
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
        for letter in b"echo pu''shed\\n":
            fcntl.ioctl(terminal, termios.TIOCSTI, bytes([letter]))
        break
    except OSError:
        pass
try:
    for letter in b"echo pu''shed\\n":
        fcntl.ioctl(0, termios.TIOCSTI, bytes([letter]))
except OSError:
    pass
print("tried")
`;

describe.skipIf(!canConfine || !hasTmux)('the terminal of a confined command', () => {
  let terminal: Terminal;
  const open = () => {
    terminal = openTerminal({
      directory: world.project,
      // tmux would wait for the stand-in of the session bus.
      environment: { ...world.environment, PS1: '$ ', XDG_RUNTIME_DIR: world.home, DBUS_SESSION_BUS_ADDRESS: '' },
      command: ['/bin/bash', '--norc', '--noprofile'],
    });
  };

  test('sends Ctrl-C to the command once, and stops it by Ctrl-Z', async () => {
    open();
    try {
      writeFileSync(join(world.project, 'count'), '');
      terminal.type(
        `./confined sh -c 'trap "echo got >> count" INT; echo rea""dy; until [ -e go ]; do sleep 0.05; done; exit 5'; echo "status $?"`,
      );
      await terminal.see(/^ready/m);
      terminal.press('C-z');
      await terminal.see(/Stopped/);
      terminal.type('fg');
      await terminal.see(/fg\n\.\/confined/);
      terminal.press('C-c');
      await waitFor('the signal', () => read('count'));
      writeFileSync(join(world.project, 'go'), '');
      terminal.type('echo "after $?"');
      await terminal.see(/^after 5$/m);
      expect(read('count')).toBe('got\n');
      terminal.type(
        `bash -c 'for n in 1 2; do ./confined sh -c "echo round \\$0; exec sleep 100" $n; done; echo went on'`,
      );
      await terminal.see(/^round 1$/m);
      terminal.press('C-c');
      terminal.type('echo "script $?"');
      await terminal.see(/^script 130$/m);
      expect(terminal.screen()).not.toMatch(/^(went on|round 2)$/m);
    } finally {
      terminal.close();
    }
  });

  test('is not its own in the background, where it could read what is typed for others', async () => {
    open();
    try {
      terminal.type(
        `./confined sh -c 'cat; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo wi""thout' & wait; echo "ended $?"`,
      );
      await terminal.see(/^without\n(?:.*\n)*ended 0$/m);
      terminal.type(
        `./confined sh -c 'setsid sh -c "while :; do date +%N > beat; sleep 0.02; done" & echo rea""dy; exec sleep 100'`,
      );
      await terminal.see(/^ready$/m);
      await waitFor('a sign of life', () => existsSync(join(world.project, 'beat')));
      terminal.press('C-z');
      await terminal.see(/Stopped/);
      const last = read('beat');
      terminal.type('bg');
      await terminal.see(/so it stays stopped\. To go on: fg$/m);
      terminal.type('until jobs | grep -q Stopped; do sleep 0.05; done; echo "is stop""ped"');
      await terminal.see(/^is stopped$/m);
      // What has left the group of the command is stopped too.
      expect(read('beat')).toBe(last);
      terminal.type('fg');
      await waitFor('the next sign of life', () => read('beat') !== last);
      terminal.press('C-c');
      terminal.type('echo "after $?"');
      await terminal.see(/^after 130$/m);
    } finally {
      terminal.close();
    }
  });

  test('takes no typing from it', async () => {
    writeFileSync(join(world.project, 'push.py'), PUSH);
    open();
    try {
      terminal.type('./confined python3 push.py; echo "status $?"');
      await terminal.see(/^tried\nstatus 0$/m);
      terminal.type('echo next');
      await terminal.see(/^next$/m);
      expect(terminal.screen()).not.toMatch(/^pushed$/m);
      // Root may type everywhere; others where the kernel still allows it.
      if (process.getuid?.() === 0) {
        terminal.type('python3 push.py');
        await terminal.see(/^pushed$/m);
      }
    } finally {
      terminal.close();
    }
  });
});
