// The status in one line: what a bar and a prompt get, and that nothing in it does anything there.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LINE_FORMATS } from '../../src/cli/quick-command.ts';
import { formatStatusLine, type LineFormat } from '../../src/cli/status-line.ts';
import { aSession, aStatus, CURRENT, HOSTILE_NAMES, NOW_MS } from '../helpers/documents.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ENDS_SOON = aSession({ session: 'other', sessionExpiresAt: '2026-11-24T08:20:00Z' });
const LOCKED = { code: 'secret-store-locked', message: 'The <b>keychain</b> is locked.', hint: 'rolecall status' };

const CASES = {
  ok: aStatus(),
  'ends-soon': aStatus({ sessions: [aSession({ label: 'R&D' }), ENDS_SOON] }),
  'signed-out': aStatus({ sessions: [aSession({ state: 'expired', sessionExpiresAt: '2026-11-24T07:00:00Z' })] }),
  problem: aStatus({ problems: [LOCKED] }),
  'no current role': aStatus({ current: null }),
  'no daemon': undefined,
};

async function linesOf(format: LineFormat): Promise<Record<string, string>> {
  const lines: Record<string, string> = {};
  for (const [name, status] of Object.entries(CASES)) lines[name] = await formatStatusLine(format, status, NOW_MS);
  return lines;
}

describe('the line', () => {
  test('for a prompt is the one of the file that the daemon keeps', async () => {
    expect(await linesOf('prompt')).toEqual({
      ok: 'taylor.Admin ok',
      'ends-soon': 'taylor.Admin ends-soon',
      'signed-out': 'taylor.Admin signed-out',
      problem: 'taylor.Admin problem',
      'no current role': '- ok',
      'no daemon': '',
    });
  });

  test('for tmux has a colour when something is to be done', async () => {
    expect(await linesOf('tmux')).toEqual({
      ok: 'taylor.Admin',
      'ends-soon': '#[fg=yellow]taylor.Admin 20 min left#[default]',
      'signed-out': '#[fg=red]taylor.Admin signed out#[default]',
      problem: '#[fg=red]taylor.Admin problem#[default]',
      'no current role': '-',
      'no daemon': '',
    });
  });

  test('for Waybar is JSON with a class for its style, and a tooltip in markup', async () => {
    const lines = Object.entries(await linesOf('waybar')).map(([name, line]) => [name, JSON.parse(line) as unknown]);
    const [current, session] = [
      'Current: taylor  111111111111  Admin  taylor.Admin',
      'my-sso-session: signed in, 5 h 12 min left',
    ];
    expect(Object.fromEntries(lines)).toEqual({
      ok: { text: 'taylor.Admin', alt: 'ok', class: 'ok', tooltip: `${current}\n${session}` },
      'ends-soon': {
        text: 'taylor.Admin',
        alt: 'ends-soon',
        class: 'ends-soon',
        tooltip: `${current}\nR&amp;D: signed in, 5 h 12 min left\nother: signed in, 20 min left`,
      },
      'signed-out': {
        text: 'taylor.Admin',
        alt: 'signed-out',
        class: 'signed-out',
        tooltip: `${current}\nmy-sso-session: sign-in has ended`,
      },
      problem: {
        text: 'taylor.Admin',
        alt: 'problem',
        class: 'problem',
        tooltip: `${current}\n${session}\nThe &lt;b&gt;keychain&lt;/b&gt; is locked.`,
      },
      'no current role': { text: '', alt: 'ok', class: 'ok', tooltip: `No current role\n${session}` },
      'no daemon': {
        text: '',
        alt: 'stopped',
        class: 'stopped',
        tooltip: 'The rolecall daemon is not running: rolecall daemon start',
      },
    });
  });

  test.each(LINE_FORMATS)('for %s is one line whatever a profile is called, and does nothing', async (format) => {
    for (const profile of HOSTILE_NAMES) {
      const sessions = [aSession({ session: profile })];
      const line = await formatStatusLine(
        format,
        aStatus({ sessions, current: { ...CURRENT, profile, accountName: profile } }),
        NOW_MS,
      );
      if (format === 'waybar') {
        expect(line).not.toMatch(/[\n<>]|[\u202a-\u202e]/);
        expect(JSON.parse(line)).toMatchObject({ text: '111111111111/Admin' });
      } else {
        expect(line).toBe(
          format === 'tmux' ? '#[fg=red]111111111111/Admin signed out#[default]' : '111111111111/Admin signed-out',
        );
      }
    }
  });
});

describe('rolecall status --format', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.remove();
    rig = undefined;
  });

  test('tells of the daemon that runs', async () => {
    rig = await createRig();
    const run = (...argv: string[]) => rig?.runCli(['status', ...argv]);
    expect(await run('--format', 'prompt')).toEqual({ exitCode: 0, stdout: '- signed-out\n', stderr: '' });
    await rig.runCli(['login']);
    const role = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
    const profile = 'taylor.Admin-AF-Permission-Set';
    await rig.client.call('setCurrent', { body: { ...role, profile } });
    expect(await run('--format', 'tmux')).toMatchObject({ stdout: `${profile}\n` });
    const line = `${profile} ok\n`;
    await waitFor('the line for prompts', async () => (await run('--format=prompt'))?.stdout === line);
    rmSync(join(rig.paths.switchDirectory, 'prompt'));
    expect(await run('--format', 'prompt')).toMatchObject({ stdout: line });
    // Whatever else has come to stand there is not for a prompt.
    writeFileSync(join(rig.paths.switchDirectory, 'prompt'), '$(touch x) ok\n');
    expect(await run('--format', 'prompt')).toMatchObject({ stdout: line });
  });

  test('without a daemon says nothing that a prompt would show, and starts none', async () => {
    rig = await createRig();
    await rig.daemon().stop();
    const silent = { exitCode: 0, stdout: '', stderr: '' };
    expect(await rig.runCli(['status', '--format', 'prompt'])).toEqual(silent);
    expect(await rig.runCli(['status', '--format', 'tmux'])).toEqual(silent);
    const { stdout } = await rig.runCli(['status', '--format', 'waybar']);
    expect(JSON.parse(stdout)).toMatchObject({ text: '', class: 'stopped' });
  });

  test('knows no other format', async () => {
    rig = await createRig();
    expect(await rig.runCli(['status', '--format', 'i3'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Allowed choices are waybar, tmux, prompt') as string,
    });
  });
});
