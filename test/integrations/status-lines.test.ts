// Runs the starship module, the powerlevel10k segment, the tmux script and the Waybar module on the files and answers of a real daemon.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'smol-toml';
import { createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const folder = fileURLToPath(new URL('../../integrations/', import.meta.url));
const STARSHIP = '/usr/bin/starship';
const ZSH = '/usr/bin/zsh';
const TMUX = '/usr/bin/tmux';
/** As an account may be called, and as no line of a prompt may look. */
const HOSTILE = '<b>%F{red}$(touch owned)`touch owned`#(touch owned)#[fg=red]\u202e';
const HOSTILE_ACCOUNT = '777777777777';

let rig: Rig;
let promptFile: string;
beforeAll(async () => {
  rig = await createRig();
  const { directory } = rig.emulator;
  directory.addAccount({ accountId: HOSTILE_ACCOUNT, accountName: HOSTILE });
  directory.assign({ accountId: HOSTILE_ACCOUNT, permissionSet: 'ReadOnly', user: 'taylor' });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  promptFile = join(rig.paths.switchDirectory, 'prompt');
});
beforeEach(() => runs());
afterAll(() => rig.remove());

/** A daemon of its own process names it here; this one is in the process of the test. */
const runs = () => writePrivate(rig.paths.lockFile, JSON.stringify({ processId: process.pid, startedAtTicks: '1' }));
const hasStopped = () => {
  const { pid } = spawnSync('/bin/true');
  writePrivate(rig.paths.lockFile, JSON.stringify({ processId: pid, startedAtTicks: '1' }));
};

/** Resolves to the profile of the role, once the daemon has written it into its file. */
async function useRole(accountId: string, permissionSet: string): Promise<string> {
  // The file is written when the status changes, and a test may have written it.
  await rig.client.call('setCurrent', { body: null });
  await waitFor('no role', () => readFileSync(promptFile, 'utf8').startsWith('- '));
  const current = await rig.client.call('setCurrent', { body: { session: SESSION, accountId, permissionSet } });
  const profile = current?.profile ?? '';
  await waitFor('the prompt file', () => readFileSync(promptFile, 'utf8') === `${profile} ok\n`);
  return profile;
}

/** Everything that is left behind, in a folder where a name could leave `owned`. */
function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const cwd = rig.home.path;
  const env = { ...rig.environment, ...environment };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 20_000 });
  expect(readdirSync(cwd)).not.toContain('owned');
  return { status, stdout, stderr };
}

const starship = () =>
  run(STARSHIP, ['module', 'custom.rolecall'], {
    STARSHIP_CONFIG: join(folder, 'starship/rolecall.toml'),
    STARSHIP_SHELL: 'zsh',
    TERM: 'xterm',
  });

/** The command of the module alone, as starship gives it to sh. */
const { custom } = parse(readFileSync(join(folder, 'starship/rolecall.toml'), 'utf8')) as unknown as {
  custom: { rolecall: { command: string; shell: string[]; when: boolean } };
};
const starshipCommand = (environment?: Readonly<Record<string, string>>) =>
  run('/bin/sh', ['-c', custom.rolecall.command], environment);

const tmuxScript = (environment?: Readonly<Record<string, string>>) =>
  run('/bin/sh', [join(folder, 'tmux/rolecall.sh')], environment);

/** Stands for the theme's own function. */
const segment = (environment?: Readonly<Record<string, string>>) => {
  const script = `function p10k() { print -r -- "$@" }; source "$0"; prompt_rolecall && instant_prompt_rolecall`;
  return run(ZSH, ['-f', '-c', script, join(folder, 'powerlevel10k/rolecall.zsh')], environment);
};

const NOTHING = { status: 0, stdout: '', stderr: '' };
const hasZsh = systemPart('zsh', ZSH);
const lines = {
  starship: starshipCommand,
  tmux: tmuxScript,
  ...(hasZsh ? { powerlevel10k: segment } : {}),
};

describe.each(Object.entries(lines))('%s', (name, show) => {
  test('shows the profile of the current role, and a state that needs a person', async () => {
    const profile = await useRole('111111111111', 'Admin-AF-Permission-Set');
    expect(profile).toBe('taylor.Admin-AF-Permission-Set');
    expect(show()).toEqual({
      status: 0,
      stdout: {
        starship: profile,
        tmux: `${profile}\n`,
        powerlevel10k: `segment -s OK -f 208 -t ${profile}\n`.repeat(2),
      }[name],
      stderr: '',
    });
    writeFileSync(promptFile, 'Log-Archive.ReadOnly ends-soon\n');
    expect(show().stdout).toBe(
      {
        starship: 'Log-Archive.ReadOnly ends-soon',
        tmux: '#[fg=yellow]Log-Archive.ReadOnly ends-soon#[default]\n',
        powerlevel10k: 'segment -s ATTENTION -f 226 -t Log-Archive.ReadOnly ends-soon\n'.repeat(2),
      }[name],
    );
    writeFileSync(promptFile, '- signed-out\n');
    expect(show().stdout).toBe(
      {
        starship: 'signed-out',
        tmux: '#[fg=red]rolecall signed-out#[default]\n',
        powerlevel10k: 'segment -s PROBLEM -f 196 -t  signed-out\n'.repeat(2),
      }[name],
    );
  });

  test('shows nothing without a current role, without a daemon, and where rolecall never ran', () => {
    writeFileSync(promptFile, '- ok\n');
    expect(show()).toEqual(NOTHING);
    writeFileSync(promptFile, 'Log-Archive.ReadOnly ok\n');
    hasStopped();
    expect(show()).toEqual(NOTHING);
    rmSync(rig.paths.lockFile);
    expect(show()).toEqual(NOTHING);
    expect(show({ HOME: '/nonexistent', XDG_STATE_HOME: '/nonexistent' })).toEqual(NOTHING);
  });

  test('evaluates nothing of a name', async () => {
    for (const text of [HOSTILE, '%F{red}', '$(touch/owned)', '#(touch/owned)', '<b>', '`touch/owned`', 'a\u202eb']) {
      writeFileSync(promptFile, `${text} ok\n`);
      expect(show()).toEqual(NOTHING);
    }
    const profile = await useRole(HOSTILE_ACCOUNT, 'ReadOnly');
    expect(profile).toMatch(/^b-F-red-touch-owned.*\.ReadOnly$/);
    expect(show().stdout).toContain(profile);
  });
});

test.skipIf(!systemPart('starship', STARSHIP))('starship itself shows the module, or nothing', () => {
  writeFileSync(promptFile, 'Log-Archive.ReadOnly ok\n');
  expect(starship()).toEqual({ ...NOTHING, stdout: expect.stringContaining('Log-Archive.ReadOnly') });
  writeFileSync(promptFile, `${HOSTILE} ok\n`);
  expect(starship()).toEqual(NOTHING);
  hasStopped();
  expect(starship()).toEqual(NOTHING);
});

test.skipIf(!systemPart('tmux', TMUX))('tmux itself shows what the script prints', async () => {
  const tmux = (server: string, ...args: string[]) =>
    run(TMUX, ['-L', server, '-f', '/dev/null', ...args], { TMUX_TMPDIR: rig.home.path, TERM: 'xterm' });
  // The status line of one tmux is drawn for a terminal, and that is a pane of another one.
  const line = `#(${join(folder, 'tmux/rolecall.sh')})`;
  const configuration = join(rig.home.path, 'tmux.conf');
  writeFileSync(
    configuration,
    `set -g status-right-length 100\nset -g status-right '${line}'\nset -g status-interval 1\n`,
  );
  // The daemon of the rig may write the file too, whenever its status changes.
  const write = () => {
    const text = 'Log-Archive.ReadOnly ends-soon\n';
    if (readFileSync(promptFile, 'utf8') !== text) writeFileSync(promptFile, text);
  };
  const inner = `TMUX= ${TMUX} -L inner -f ${configuration} new-session cat`;
  expect(tmux('outer', 'new-session', '-d', '-x', '160', '-y', '5', inner)).toEqual(NOTHING);
  try {
    const screen = () => tmux('outer', 'capture-pane', '-p').stdout;
    await waitFor('the status line', () => {
      write();
      return screen().endsWith(' Log-Archive.ReadOnly ends-soon\n');
    });
    expect(screen()).not.toContain('#[');
    hasStopped();
    await waitFor('nothing', () => !screen().includes('Log-Archive'));
    expect(screen()).not.toContain('not ready');
  } finally {
    tmux('inner', 'kill-server');
    tmux('outer', 'kill-server');
  }
});

describe('Waybar', () => {
  const text = readFileSync(join(folder, 'waybar/rolecall.json'), 'utf8');
  const module = (JSON.parse(text) as Record<string, Record<string, string>>)['custom/rolecall'];

  test('runs commands of rolecall, and colours states that the line can have', async () => {
    const [program, ...argv] = module?.['exec']?.split(' ') ?? [];
    expect({ program, argv, type: module?.['return-type'] }).toEqual({
      program: 'rolecall',
      argv: ['status', '--watch', '--format', 'waybar'],
      type: 'json',
    });
    for (const key of ['on-click', 'on-click-right']) {
      const [, ...words] = module?.[key]?.split(' ') ?? [];
      expect(await rig.runCli([...words, '--help'])).toMatchObject({ exitCode: 0 });
    }
    const states = [...readFileSync(join(folder, 'waybar/style.css'), 'utf8').matchAll(/rolecall\.([a-z-]+)/g)];
    expect(states.map(([, state = '']) => state).toSorted()).toEqual([
      'ends-soon',
      'locked',
      'needs-approval',
      'problem',
      'signed-out',
    ]);
  });

  test('gets a line at once and at each change, without markup of a name', async () => {
    await rig.client.call('setCurrent', { body: null });
    const over = new AbortController();
    let output = '';
    const argv = (module?.['exec'] ?? '').split(' ').slice(1);
    const watching = rig.runCli(argv, { signal: over.signal, onOutput: (piece) => void (output += piece) });
    const shown = () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, string>);
    await waitFor('the first line', () => shown().at(-1)?.['text'] === '');
    const profile = await useRole(HOSTILE_ACCOUNT, 'ReadOnly');
    await waitFor('the role', () => shown().at(-1)?.['text'] !== '');
    over.abort();
    await watching;
    const last = shown().at(-1);
    expect(last).toEqual({ text: profile, alt: 'ok', class: 'ok', tooltip: expect.any(String) });
    expect(last?.['tooltip']).toContain('&lt;b&gt;%F{red}');
    expect(last?.['tooltip']).not.toMatch(/[<>\u202e]/u);
  });
});
