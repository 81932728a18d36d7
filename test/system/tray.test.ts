// `rolecall tray` as people run it: a process on a session bus, in a real panel, as text for a bar, and where there is no tray at all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { processesOf } from '../helpers/processes.ts';
import { CONFIG, writePrivate } from '../helpers/rig.ts';
import { ROLECALL, runProcess, runRolecall } from '../helpers/run-process.ts';
import { describeLayout, hasSessionBus, startSessionBus, startTrayHost } from '../helpers/session-bus.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PICTURE = fileURLToPath(new URL('../pictures/tray.mjs', import.meta.url));
const INSTEAD =
  'Alternatives: the page (rolecall web), a menu for a bar (rolecall tray --format argos),\n' +
  'or a line for one (rolecall status --format waybar).\n';
const LONG = { timeout: 240_000 };
const SLOW = { deadlineMs: 50_000 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A home with an sso-session and an emulator behind it; the daemon that is started there is stopped at the end. */
async function createPlace(): Promise<Record<string, string>> {
  const emulator = createEmulator(AT_ONCE);
  const { url } = await emulator.listen();
  ends.push(() => emulator.close());
  const home = createTemporaryHome();
  ends.push(() => home.remove());
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  const environment = {
    ...home.environment,
    ROLECALL_SECRET_STORE: 'memory',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
  };
  ends.push(() => runRolecall(['daemon', 'stop'], { environment }));
  return environment;
}

function startTray(environment: Record<string, string>) {
  const child = spawn(process.execPath, [ROLECALL, 'tray'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  ends.push(() => child.kill('SIGTERM'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  return { child, stderr: () => stderr, ended };
}

describe.skipIf(!hasSessionBus())('rolecall tray on a session bus', LONG, () => {
  test('starts the daemon, then only when it is clicked on, and ends by its menu without leaving anything', async () => {
    const place = await createPlace();
    const bus = await startSessionBus(place);
    ends.push(() => bus.end());
    const host = await startTrayHost(bus.environment);
    ends.push(() => host.end());
    const environment = { ...bus.environment };
    const tray = startTray(environment);
    const labels = async () => describeLayout(await host.layout());
    const signIn = 'Sign in to my-sso-session…';
    await waitFor('the tray with a daemon', async () => (await labels()).includes(signIn), SLOW);
    await waitFor('the tray to say so', () => tray.stderr() !== '');
    expect(tray.stderr()).toBe('rolecall is in the tray.\n');

    expect(await runRolecall(['tray'], { environment })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'The rolecall tray is already running.\n',
    });

    await runRolecall(['daemon', 'stop'], { environment });
    await waitFor('the end of the daemon', async () => (await labels()).includes('Start the daemon'), SLOW);
    await host.click('Start the daemon');
    await waitFor('the daemon', async () => (await labels()).includes(signIn), SLOW);

    await host.click('Quit');
    expect(await tray.ended).toEqual([0, null]);
    const left = processesOf(environment['HOME'] ?? '').filter(({ arguments: words }) =>
      words.some((word) => word.endsWith('tray/main.js')),
    );
    expect(left).toEqual([]);
  });

  test('ends by a signal, and when its bus is gone for good', async () => {
    const place = await createPlace();
    const bus = await startSessionBus(place);
    ends.push(() => bus.end());
    const host = await startTrayHost(bus.environment);
    ends.push(() => host.end());
    const first = startTray({ ...bus.environment });
    await waitFor('the first tray', () => first.stderr() !== '', SLOW);
    first.child.kill('SIGTERM');
    await first.ended;
    const second = startTray({ ...bus.environment });
    await waitFor('the second tray', () => second.stderr() !== '', SLOW);
    bus.end();
    expect(await second.ended).toEqual([7, null]);
    expect(second.stderr()).toBe(
      `rolecall is in the tray.\nrolecall: The D-Bus session bus does not answer. [no-tray]\n${INSTEAD}Run: rolecall tray --help\n`,
    );
  });
});

test('rolecall tray without a session bus says what there is instead', async () => {
  const environment = await createPlace();
  expect(await runRolecall(['tray'], { environment })).toEqual({
    exitCode: 7,
    stdout: '',
    stderr: `rolecall: No D-Bus session bus was found, so there is no tray. [no-tray]\n${INSTEAD}Run: rolecall tray --help\n`,
  });
  const { stdout } = await runRolecall(['tray', '--help'], { environment });
  for (const instead of ['rolecall web', '--format swiftbar', 'argos for GNOME', 'rolecall status --format waybar']) {
    expect(stdout).toContain(instead);
  }
});

test('rolecall tray --format prints a menu whose commands run, and starts no daemon by itself', LONG, async () => {
  const environment = await createPlace();
  const print = () => runRolecall(['tray', '--format', 'argos'], { environment });
  const without = await print();
  expect(without).toMatchObject({ exitCode: 0, stderr: '' });
  expect(without.stdout).toContain('The rolecall daemon is not running |');
  expect(existsSync(join(environment['XDG_RUNTIME_DIR'] ?? '', 'rolecall', 'daemon.sock'))).toBe(false);

  /** As Argos does it: the attribute's value is given to a shell. */
  const click = async (label: string) => {
    const line = (await print()).stdout.split('\n').find((each) => each.includes(label)) ?? '';
    const [, command = ''] = /bash='([^']*)'/.exec(line) ?? [];
    expect(command).not.toBe('');
    // A bar has none of a shell's PATH.
    return runProcess('/bin/bash', ['-c', command], { environment: { ...environment, PATH: '/usr/bin:/bin' } });
  };
  expect(await click('Start the daemon')).toMatchObject({ exitCode: 0 });
  expect(await click('Sign in to my-sso-session…')).toMatchObject({ exitCode: 0 });
  await waitFor('the roles', async () => (await print()).stdout.includes('○ taylor  111111111111'), SLOW);
  expect(await click('○ taylor  111111111111')).toMatchObject({ exitCode: 0 });
  const after = (await print()).stdout;
  expect(after).toContain('\nCurrent: taylor  111111111111  Admin-AF-Permission-Set |');
  expect(after).toContain('\n● taylor  111111111111  Admin-AF-Permission-Set |');
  expect(after.split('\n')[0]).toMatch(/^● taylor\.Admin-AF-Permission-Set \|/);
  expect(await click('Sign out')).toMatchObject({ exitCode: 0 });
  expect((await print()).stdout).toContain('\nSigned out: my-sso-session |');
});

const hasPanel = systemPart('xfce4-panel', '/usr/bin/xfce4-panel') && systemPart('Xvfb', '/usr/bin/Xvfb');
test.skipIf(!hasPanel || !hasSessionBus())(
  'a real panel takes the icon, reads its menu, and lives on',
  async () => {
    const { environment } = createTemporaryHome();
    const { exitCode, stdout, stderr } = await runProcess(process.execPath, [PICTURE], {
      environment,
      deadlineMs: 100_000,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ items: 1, still: 1, panelLives: true });
  },
  120_000,
);
