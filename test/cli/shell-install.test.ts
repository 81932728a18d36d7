// `rolecall shell-init --install` and `--uninstall`: start files of real shells, links, modes, and files that must stay as they are.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFileOf } from '../../src/cli/shell/start-file.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';

const PLAIN = { NO_COLOR: '1' };
const LINE = 'if [ -r "$HOME/.config/rolecall/init.bash" ]; then . "$HOME/.config/rolecall/init.bash"; fi';
const NOTE = '# Hook and completions. To remove them: rolecall shell-init --uninstall';
const BLOCK = `# >>> rolecall >>>\n${NOTE}\n${LINE}\n# <<< rolecall <<<\n`;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.remove());

const at = (...names: string[]) => join(rig.home.path, ...names);
const read = (...names: string[]) => readFileSync(at(...names), 'utf8');
const run = (words: readonly string[], options: Parameters<Rig['runCli']>[1] = {}) =>
  rig.runCli(['shell-init', ...words], { ...options, environment: { ...PLAIN, ...options.environment } });

beforeEach(() => {
  for (const name of ['.bashrc', '.bash_profile', '.profile', '.zshrc', 'zsh', 'dotfiles']) {
    rmSync(at(name), { recursive: true, force: true });
  }
  for (const name of ['rolecall', 'fish']) rmSync(at('.config', name), { recursive: true, force: true });
});

describe('shell-init --install', () => {
  test('shows the change, asks, writes it, and finds it the second time', async () => {
    writeFileSync(at('.bashrc'), 'export EDITOR=vi\n', { mode: 0o640 });
    const refused = await run(['--install', 'bash'], { isTerminal: true, answers: ['n'] });
    expect(refused).toMatchObject({
      exitCode: 0,
      stderr: 'Write it? [Y/n] Nothing was written. Without the hook, `rolecall use` cannot switch this shell.\n',
    });
    expect([read('.bashrc'), existsSync(at('.config', 'rolecall'))]).toEqual(['export EDITOR=vi\n', false]);

    expect(await run(['--install'], { isTerminal: true, answers: [''], environment: { SHELL: '/bin/bash' } })).toEqual({
      exitCode: 0,
      stdout:
        `Writes ~/.config/rolecall/init.bash, with hook and completions\n\n--- ${at('.bashrc')}\n+++ ${at('.bashrc')}\n` +
        `@@ -1,1 +1,5 @@\n export EDITOR=vi\n${BLOCK.replaceAll(/^(?=.)/gm, '+')}`,
      stderr:
        'Write it? [Y/n] Wrote ~/.config/rolecall/init.bash\nWrote ~/.bashrc\n' +
        'New shells have it. For this one: source ~/.config/rolecall/init.bash\n',
    });
    expect(read('.bashrc')).toBe(`export EDITOR=vi\n${BLOCK}`);
    expect([statSync(at('.bashrc')).mode & 0o777, statSync(at('.config/rolecall/init.bash')).mode & 0o777]).toEqual([
      0o640, 0o600,
    ]);
    expect(await run(['--install', 'bash'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'The shell hook for bash is set up already.\n',
    });
  });

  test('updates a file of an earlier version, and only that', async () => {
    await run(['--install', 'bash', '--yes']);
    writeFileSync(at('.config', 'rolecall', 'init.bash'), "# rolecall's hook for bash: earlier\n");
    const again = await run(['--install', 'bash', '--yes']);
    expect(again.stderr).toMatch(/^Wrote ~\/.config\/rolecall\/init.bash\nNew shells/);
    expect(read('.config', 'rolecall', 'init.bash')).toContain('command rolecall');
  });

  test('--dry-run writes nothing', async () => {
    expect((await run(['--install', 'bash', '--dry-run'])).stdout).toContain('+# >>> rolecall >>>');
    expect([existsSync(at('.bashrc')), existsSync(at('.config', 'rolecall'))]).toEqual([false, false]);
  });

  test('keeps links and bytes that are not UTF-8', async () => {
    mkdirSync(at('dotfiles'));
    const before = Buffer.from([0x23, 0xe9, 0xff, 0x0a]);
    writeFileSync(at('dotfiles', 'bashrc'), before);
    symlinkSync('dotfiles/bashrc', at('.bashrc'));
    expect(await run(['--install', 'bash', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(lstatSync(at('.bashrc')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('dotfiles', 'bashrc'))).toEqual(Buffer.concat([before, Buffer.from(BLOCK)]));
    expect(await run(['--uninstall', '--yes'])).toMatchObject({ exitCode: 0 });
    expect([lstatSync(at('.bashrc')).isSymbolicLink(), readFileSync(at('dotfiles', 'bashrc'))]).toEqual([true, before]);
  });

  test('leaves a start file alone in which the user loads the hook', async () => {
    const own = 'eval "$(rolecall shell-init bash)"';
    writeFileSync(at('.bashrc'), `# rolecall shell-init\n${own}\n`);
    expect(await run(['--install', 'bash', '--yes'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'Line 2 of ~/.bashrc loads the hook already, so that file stays as it is.\n',
    });
    expect((await run(['--uninstall', '--yes'])).stderr).toContain('Note: line 2 of ~/.bashrc was written by hand');
  });

  test('refuses a read-only file, a foreign one and broken markers, with the line to add', async () => {
    writeFileSync(at('.bashrc'), '# mine\n');
    chmodSync(at('.bashrc'), 0o444);
    expect(await run(['--install', 'bash', '--yes'])).toEqual({
      exitCode: 7,
      // Without it, the line would load nothing.
      stdout: 'Writes ~/.config/rolecall/init.bash, with hook and completions\n',
      stderr:
        `Wrote ~/.config/rolecall/init.bash\nrolecall: ${at('.bashrc')} cannot be changed: it is read-only. ` +
        `You can add the line yourself: '${LINE}'. [file-not-writable]\nRun: chmod u+w ${at('.bashrc')}\n`,
    });
    chmodSync(at('.bashrc'), 0o644);
    writeFileSync(at('.bashrc'), `${LINE}\n`);
    rmSync(at('.config', 'rolecall', 'init.bash'));
    expect((await run(['--install', 'bash', '--yes'])).stderr).toMatch(
      /^Line 1 of ~\/\.bashrc loads the hook already[^]*Wrote ~\/\.config\/rolecall\/init\.bash\n/,
    );
    if (process.getuid?.() === 0) {
      writeFileSync(at('.bashrc'), '# theirs\n');
      chownSync(at('.bashrc'), 65_534, 65_534);
      expect((await run(['--install', 'bash', '--yes'])).stderr).toContain('it belongs to another user.');
      chownSync(at('.bashrc'), 0, 0);
    }
    rmSync(at('.bashrc'));
    writeFileSync(at('.bashrc'), 'a\n# >>> rolecall >>>\n');
    expect((await run(['--install', 'bash', '--yes'])).stderr).toContain('the line "# <<< rolecall <<<" is missing.');
    expect(read('.bashrc')).toBe('a\n# >>> rolecall >>>\n');
  });

  test('loads no file that another user can write or replace', async () => {
    await run(['--install', 'bash', '--yes']);
    const path = at('.config', 'rolecall', 'init.bash');
    chmodSync(path, 0o666);
    const writable = await run(['--install', 'bash', '--yes']);
    expect(writable).toMatchObject({ exitCode: 7, stdout: '' });
    expect(writable.stderr).toBe(
      `rolecall: ${path} cannot be changed: other users can write it. [file-not-writable]\nRun: chmod go-w ${path}\n`,
    );
    rmSync(path);
    mkdirSync(at('dotfiles'));
    chmodSync(at('dotfiles'), 0o777);
    writeFileSync(at('dotfiles', 'init'), "# rolecall's hook for bash: earlier\n", { mode: 0o600 });
    symlinkSync(at('dotfiles', 'init'), path);
    const linked = await run(['--install', 'bash', '--yes']);
    expect(linked.exitCode).not.toBe(0);
    expect(linked.stderr).toContain(`${at('dotfiles')} is writable by other users.`);
    expect(read('dotfiles', 'init')).toBe("# rolecall's hook for bash: earlier\n");
  });

  test('says what keeps zsh from loading them', async () => {
    const notes = async () => (await run(['--install', 'zsh', '--yes'])).stderr.match(/(?<=Note: ).*/g) ?? [];
    writeFileSync(at('.zshenv'), 'ZDOTDIR=~/.zsh\n');
    expect(await notes()).toEqual([
      expect.stringMatching(/^~\/\.zshenv sets ZDOTDIR, which this command does not see/),
      expect.stringMatching(/^Completions in zsh need compinit\./),
    ]);
    rmSync(at('.zshenv'));
    rmSync(at('.zshrc'));
    writeFileSync(at('.zshrc'), 'source $ZSH/oh-my-zsh.sh\n');
    expect(await notes()).toEqual([]);
  });

  test('does not overwrite a function of the user', async () => {
    mkdirSync(at('.config', 'fish', 'functions'), { recursive: true });
    writeFileSync(at('.config', 'fish', 'functions', 'rolecall.fish'), 'function rolecall; end\n');
    expect(await run(['--install', 'fish', '--yes'])).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('rolecall.fish is not a file of rolecall') as string,
    });
    await run(['--uninstall', '--yes']);
    expect(read('.config', 'fish', 'functions', 'rolecall.fish')).toBe('function rolecall; end\n');
  });

  test('needs a shell that it knows', async () => {
    expect(await run(['--install'], { environment: { SHELL: '/bin/tcsh' } })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('needs the name of your shell: bash, zsh or fish') as string,
    });
    expect(await run(['--install', '--uninstall'])).toMatchObject({ exitCode: 2 });
  });
});

test('says how fish gets the hook in the current shell, which may have looked for it already', async () => {
  expect(await run(['--install', 'fish', '--yes'])).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(
      'New shells have it. For this one: source ~/.config/fish/functions/rolecall.fish\n',
    ) as string,
  });
});

describe('shell-init --uninstall', () => {
  test('removes exactly what was written, for all shells', async () => {
    writeFileSync(at('.bashrc'), 'export A=1\nlast line without newline');
    mkdirSync(at('zsh'));
    const environment = { ZDOTDIR: at('zsh') };
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect(await run(['--install', shell, '--yes'], { environment })).toMatchObject({ exitCode: 0 });
    }
    expect([existsSync(at('zsh', '.zshrc')), existsSync(at('.zshrc'))]).toEqual([true, false]);
    const { exitCode, stderr } = await run(['--uninstall'], { isTerminal: true, answers: ['y'], environment });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr:
        'Remove it? [Y/n] Cleaned ~/.bashrc\nDeleted ~/.config/rolecall/init.bash\n' +
        'Deleted ~/zsh/.zshrc\nDeleted ~/.config/rolecall/init.zsh\n' +
        'Deleted ~/.config/fish/functions/rolecall.fish\nDeleted ~/.config/fish/completions/rolecall.fish\n',
    });
    expect(read('.bashrc')).toBe('export A=1\nlast line without newline');
    expect(await run(['--uninstall'], { environment })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'Nothing to remove: no start file has the lines of rolecall.\n',
    });
  });

  test('does the rest when one file cannot be changed', async () => {
    await run(['--install', 'bash', '--yes']);
    await run(['--install', 'fish', '--yes']);
    chmodSync(at('.bashrc'), 0o400);
    expect(await run(['--uninstall', '--yes'])).toMatchObject({
      exitCode: 7,
      stderr: expect.stringMatching(
        /Deleted .*rolecall\.fish\n[^]*\.bashrc cannot be changed: it is read-only/,
      ) as string,
    });
    expect(existsSync(at('.config', 'fish', 'functions', 'rolecall.fish'))).toBe(false);
  });
});

describe('the start file of bash on macOS', () => {
  const place = () =>
    startFileOf('bash', { homeDirectory: rig.home.path, environment: {}, platform: 'darwin', userId: 0 }).slice(
      rig.home.path.length + 1,
    );

  test('is the one that a login shell reads', () => {
    expect(place()).toBe('.bash_profile');
    writeFileSync(at('.profile'), '');
    expect(place()).toBe('.profile');
    writeFileSync(at('.bash_profile'), '');
    writeFileSync(at('.bashrc'), '');
    expect(place()).toBe('.bash_profile');
    writeFileSync(at('.bash_profile'), '[ -r ~/.bashrc ] && . ~/.bashrc\n');
    expect(place()).toBe('.bashrc');
  });
});

const SHELLS = [
  ['bash', '/bin/bash', ['-i', '-c', 'type -t rolecall; complete -p rolecall']],
  ['zsh', '/usr/bin/zsh', ['-i', '-c', 'whence -w rolecall; print $_comps[rolecall]']],
  [
    'fish',
    '/usr/bin/fish',
    ['-i', '-c', 'functions --query rolecall; and echo function; complete --do-complete "rolecall shell-in"'],
  ],
] as const;
test.each(SHELLS.filter(([name, path]) => systemPart(name, path)))(
  'a new %s has hook and completions afterwards, and none after the removal',
  async (name, path, words) => {
    if (name === 'zsh') writeFileSync(at('.zshrc'), 'typeset -A _comps; compdef() { _comps[$2]=$1 }\n');
    const look = () => {
      const env = { ...rig.home.environment, TERM: 'dumb' };
      try {
        return execFileSync(path, words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      } catch {
        return '';
      }
    };
    await run(['--install', name, '--yes']);
    expect(look()).toMatch(/function\n[^]*(?:_rolecall|shell-init)/);
    await run(['--uninstall', '--yes']);
    expect(look()).not.toMatch(/_rolecall|shell-init/);
  },
);
