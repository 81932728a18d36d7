// The status in one line, for bars and prompts, and that no name in it is evaluated there.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { LINE_FORMATS } from '../../../../src/cli/commands/status/definition.ts';
import { formatStatusLine, type LineFormat } from '../../../../src/cli/commands/status/status-line.ts';
import { aChain, aSession, aStatus, CURRENT, HOSTILE_NAMES, NOW_MS } from '../../../helpers/documents.ts';
import { createRig, SESSION, type Rig } from '../../../helpers/rig.ts';
import { waitFor } from '../../../helpers/wait-for.ts';

const ENDS_SOON = aSession({ session: 'other', sessionExpiresAt: '2026-11-24T08:20:00Z' });
const LOCKED = { code: 'secret-store-locked', message: 'The <b>keychain</b> is locked.', hint: 'rolecall status' };

const CASES = {
  ok: aStatus(),
  'ends-soon': aStatus({ sessions: [aSession({ label: 'R&D' }), ENDS_SOON] }),
  'signed-out': aStatus({ sessions: [aSession({ state: 'expired', sessionExpiresAt: '2026-11-24T07:00:00Z' })] }),
  problem: aStatus({ problems: [LOCKED] }),
  'needs-approval': aStatus({ approvals: 2 }),
  locked: aStatus({ lock: { isLocked: true, since: '2026-11-24T07:00:00Z', reason: 'screen', scope: 'all' } }),
  'no current role': aStatus({ current: null }),
  'no daemon': undefined,
};

async function linesOf(format: LineFormat): Promise<Record<string, string>> {
  const lines: Record<string, string> = {};
  for (const [name, status] of Object.entries(CASES)) lines[name] = await formatStatusLine(format, status, NOW_MS);
  return lines;
}

describe('the line', () => {
  test('names a chained role by its profile, else by its own name, and in a tooltip by role and source', async () => {
    const { permissionSet, chain, accountId, accountName, profile } = aChain();
    const of = (format: LineFormat, name: string | null) =>
      formatStatusLine(
        format,
        aStatus({ current: { ...CURRENT, permissionSet, chain, accountId, accountName, profile: name } }),
        NOW_MS,
      );
    expect([await of('prompt', profile), await of('tmux', 'a b'), await of('prompt', null)]).toEqual([
      'prod.deploy ok',
      '222222222222/prod.deploy',
      '222222222222/prod.deploy ok',
    ]);
    expect(await of('waybar', null)).toContain('Current: prod  222222222222  deploy via taylor.Admin');
  });

  test.each(LINE_FORMATS)('for %s matches the golden file in each state', async (format) => {
    const golden = fileURLToPath(new URL(`golden/status-${format}.txt`, import.meta.url));
    const lines = Object.entries(await linesOf(format)).map(([name, line]) => `${name}: ${line}\n`);
    expect(lines.join('')).toBe(readFileSync(golden, 'utf8'));
  });

  test.each(LINE_FORMATS)(
    'for %s is one line without special characters, whatever the profile is called',
    async (format) => {
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
    },
  );
});

describe('rolecall status --format', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.remove();
    rig = undefined;
  });

  test('shows the state of the running daemon', async () => {
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
    // Any other content of the file is ignored.
    writeFileSync(join(rig.paths.switchDirectory, 'prompt'), '$(touch x) ok\n');
    expect(await run('--format', 'prompt')).toMatchObject({ stdout: line });
  });

  test('prints nothing for a prompt without a daemon, and does not start one', async () => {
    rig = await createRig();
    await rig.daemon().stop();
    const silent = { exitCode: 0, stdout: '', stderr: '' };
    expect(await rig.runCli(['status', '--format', 'prompt'])).toEqual(silent);
    expect(await rig.runCli(['status', '--format', 'tmux'])).toEqual(silent);
    const { stdout } = await rig.runCli(['status', '--format', 'waybar']);
    expect(JSON.parse(stdout)).toMatchObject({ text: '', class: 'stopped' });
  });

  test('refuses other formats', async () => {
    rig = await createRig();
    expect(await rig.runCli(['status', '--format', 'i3'])).toMatchObject({
      exitCode: 2,
      stderr: 'rolecall: "i3" is not one of waybar, tmux, prompt. [usage]\nRun: rolecall status --help\n',
    });
  });
});
