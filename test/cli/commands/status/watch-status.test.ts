// `rolecall status --watch`: what it shows of a switch, a daemon restart and Ctrl-C.
import { writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { CONFIG, configWithOurs, createRig, SESSION, type Rig, type RigOptions } from '../../../helpers/rig.ts';
import { waitFor } from '../../../helpers/wait-for.ts';
import { mask } from '../../masks.ts';

let rig: Rig;
let stop: AbortController | undefined;
let watching: ReturnType<Rig['runCli']> | undefined;
afterEach(async () => {
  stop?.abort(new Error('interrupted'));
  await watching;
  await rig.remove();
});

async function watch(argv: readonly string[], options: { isTerminal?: boolean; rig?: RigOptions } = {}) {
  rig = await createRig(options.rig);
  const interrupt = new AbortController();
  stop = interrupt;
  const seen = { text: '' };
  watching = rig.runCli(['status', '--watch', ...argv], {
    signal: interrupt.signal,
    isTerminal: options.isTerminal === true,
    onOutput: (text) => {
      seen.text += text;
    },
  });
  const text = () => mask(seen.text, rig.home.path);
  await waitFor('the first status', () => text() !== '');
  return {
    text,
    lines: () => seen.text.split('\n').slice(0, -1),
    async end() {
      interrupt.abort(new Error('interrupted'));
      return (await watching)?.exitCode;
    },
  };
}

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;

test('into a pipe: prints the status, and again after each change', async () => {
  const { text, end } = await watch([], { rig: { config: configWithOurs('taylor.Admin') } });
  await waitFor('the status', () => text().includes('Daemon'));
  const first = text();
  expect(first).toMatch(/^my-sso-session {2}signed out {2}rolecall login my-sso-session\n\nTokens/);
  await rig.client.call('setCurrent', { body: { ...ROLE, profile: 'taylor.Admin' } });
  await waitFor('the switch', () => text().length > first.length);
  expect(text().startsWith(`${first}\n${SESSION}  signed out`)).toBe(true);
  expect(text().slice(first.length)).toContain(
    'Current role  111111111111  Admin-AF-Permission-Set  profile taylor.Admin\n',
  );
  await rig.daemon().stop();
  await waitFor('the loss', () => text().includes('! The daemon is not running. Waiting for it …\n'));
  expect(await end()).toBe(130);
});

test('with --json: prints one event per line, also across a daemon restart', async () => {
  const { lines, end } = await watch(['--json']);
  const types = () => lines().map((line) => (JSON.parse(line) as { type: string }).type);
  await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
  await waitFor('the switch', () => types().includes('current'));
  await rig.restartDaemon();
  await waitFor('the next daemon', () => types().filter((type) => type === 'hello').length === 2);
  expect(types()[0]).toBe('hello');
  // A client that reconnects that fast may reach the ending daemon once more.
  expect(types().slice(types().indexOf('disconnected')).join(' ')).toMatch(/^(disconnected connected )+hello$/);
  expect(await end()).toBe(130);
});

test('on a terminal: redraws the alternate screen, and restores the terminal at the end', async () => {
  const { text, end } = await watch([], { isTerminal: true });
  await waitFor('the status', () => text().includes('Ctrl-C to end'));
  await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
  await waitFor('the switch', () => text().includes('Current role'));
  expect(await end()).toBe(130);
  const [open, draw, close] = ['\u001b[?1049h\u001b[?25l', '\u001b[H\u001b[J', '\u001b[?25h\u001b[?1049l'] as const;
  expect(text().startsWith(`${open}${draw}`)).toBe(true);
  expect(text().endsWith(`Ctrl-C to end\u001b[22m\n${close}`)).toBe(true);
  const frames = text().slice(open.length, -close.length).split(draw).slice(1);
  expect(frames.length).toBeGreaterThanOrEqual(2);
  // No frame scrolls: it has fewer rows than the terminal.
  for (const frame of frames) expect(frame.split('\n').length).toBeLessThanOrEqual(24);
});

test('with --format: prints the line at each change, and a special one without a daemon', async () => {
  const { lines, end } = await watch(['--format', 'prompt'], { rig: { config: configWithOurs('taylor.Admin') } });
  await rig.client.call('setCurrent', { body: { ...ROLE, profile: 'taylor.Admin' } });
  await waitFor('the switch', () => lines().length === 2);
  await rig.daemon().stop();
  await waitFor('the loss', () => lines().length === 3);
  expect(lines()).toEqual(['- signed-out', 'taylor.Admin signed-out', '']);
  expect(await end()).toBe(130);
});

test('counts waiting callers and neutralizes hostile names', async () => {
  const { text } = await watch([], {
    rig: {
      settings: 'on_expired = "wait"\n[profiles]\nsync = "manual"\n',
      config: configWithOurs('"\u202e$(touch x)"'),
      emulator: { autoApprove: true },
    },
  });
  await rig.client.call('setCurrent', { body: ROLE });
  await rig.runCli(['login']);
  rig.emulator.revokeSessions();
  const held = rig.runCli([
    'credential-process',
    '--session',
    SESSION,
    '--account',
    ROLE.accountId,
    '--role',
    ROLE.permissionSet,
  ]);
  await waitFor('the caller', () => text().includes(`\n1 caller waits for a sign-in to ${SESSION}.\n`));
  await rig.client.call('signOut', { session: SESSION });
  expect((await held).exitCode).toBe(4);
  expect(text()).toContain('profile \ufffd$(touch x)\n');
  expect(text()).not.toContain('\u202e');
});

test('notices an edit of the config file within about a second', async () => {
  const { text } = await watch([]);
  writeFileSync(rig.configPath, `${CONFIG}\ngarbage\n`);
  await waitFor('the problem', () => text().includes('config, line'));
});
