// The demo as a newcomer runs it: it tells the whole story, leaves nothing behind, and never touches the home of who runs it.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROLECALL, runProcess, runRolecall } from '../helpers/run-process.ts';
import { systemPartByCheck } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** The whole of it takes about five seconds on a machine that does nothing else. */
const DEADLINE_MS = 120_000;
/** Runs a command with every program but Node hidden. */
const BARE_MACHINE = fileURLToPath(new URL('../../.ci/bare-machine.sh', import.meta.url));
const canHidePrograms = systemPartByCheck('a mount namespace', BARE_MACHINE, () => {
  execFileSync('/usr/bin/unshare', ['--mount', 'true'], { stdio: 'ignore' });
});
const TIMEOUT = { timeout: 2 * DEADLINE_MS };

let home: TemporaryHome;
let environment: Record<string, string>;
beforeEach(() => {
  home = createTemporaryHome();
  environment = { ...home.environment };
  mkdirSync(join(home.path, '.aws'));
  writeFileSync(join(home.path, '.aws', 'config'), '[default]\nregion = eu-central-1\n');
});
afterEach(() => home.remove());

/** Every file of the caller's home, and every process that has it or a demo's home in its arguments or environment. */
function traces(): { readonly files: readonly string[]; readonly processes: readonly string[] } {
  const files = readdirSync(home.path, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name, parentPath }) => join(parentPath, name).slice(home.path.length));
  const { stdout } = spawnSync('grep', ['-la', join(home.path, 'tmp'), ...environmentFiles()], { encoding: 'utf8' });
  return { files, processes: stdout.split('\n').filter((line) => line !== '') };
}

/** Of every process but this one, whose environment is not the demo's. */
function environmentFiles(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((name) => `/proc/${name}/environ`);
}

/** The emulator has an environment of nothing, so it is known by its port. */
async function isEmulatorUp(output: string): Promise<boolean> {
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+)\//.exec(output)?.[1]);
  expect(port).toBeGreaterThan(0);
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

const UNTOUCHED = { files: ['/.aws/config'], processes: [] };

test('tells the story from the hand-written profile to the logout, and leaves nothing', TIMEOUT, async () => {
  const run = await runRolecall(['demo'], { environment, deadlineMs: DEADLINE_MS });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const told = [
    '[profile account1]',
    '$ rolecall login --no-browser',
    /Code {3}[A-Z]{4}-[A-Z]{4}/,
    '4 accounts, 5 permission sets.',
    '$ rolecall ls',
    '[profile Log-Archive.ReadOnly]',
    'AWSReservedSSO_Admin-AF-Permission-Set_',
    '$ export AWS_PROFILE=account1',
    'Already signed in to my-sso-session; no browser needed.',
    '+  Shop Production',
    'the median of 9',
    'Signed out of my-sso-session.',
    /rolecall: You are not\s+signed in to my-sso-session\.\s+\[sign-in-required\]/,
    'The demo has left nothing on this machine.',
    'Try next:\n    rolecall demo --stay',
  ];
  let from = 0;
  for (const part of told) {
    const at = typeof part === 'string' ? run.stdout.indexOf(part, from) : run.stdout.slice(from).search(part) + from;
    expect(at, `"${String(part)}" comes in its turn`).toBeGreaterThanOrEqual(from);
    from = at;
  }
  expect(await isEmulatorUp(run.stdout)).toBe(false);
  expect(traces()).toEqual(UNTOUCHED);
});

test.skipIf(!canHidePrograms)(
  'without AWS CLI and curl, shows what the SDK prints and what rolecall knows',
  TIMEOUT,
  async () => {
    const command = ['--', process.execPath, ROLECALL, 'demo'];
    const run = await runProcess(BARE_MACHINE, command, { environment, deadlineMs: DEADLINE_MS });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).not.toMatch(/warning/i);
    expect(run.stdout).toContain('curl is not installed');
    expect(run.stdout).toMatch(
      /\n {4}CredentialsProviderError: Could not load credentials from any providers\n[^]*\n {4}rolecall: You are not signed in to my-sso-session\. \[sign-in-required\]\n {4}Run: rolecall login/,
    );
    const tooWide = run.stdout.split('\n').filter((line) => line.length > 80 && !line.includes('"Arn": '));
    expect(tooWide).toEqual([]);
  },
);

test('Ctrl-C in the middle leaves nothing either', TIMEOUT, async () => {
  const child = spawn(process.execPath, [ROLECALL, 'demo'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.resume();
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await waitFor('the sign-in of the story', () => stdout.includes('$ rolecall ls'), { deadlineMs: DEADLINE_MS });
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(await isEmulatorUp(stdout)).toBe(false);
  expect(traces()).toEqual(UNTOUCHED);
});

test('--stay leaves emulator and daemon up, and what it prints works and ends them', TIMEOUT, async () => {
  const run = await runRolecall(['demo', '--stay'], { environment, deadlineMs: DEADLINE_MS });
  expect(run).toMatchObject({ exitCode: 0 });
  const portal = /Access portal +(http:\S+)/.exec(run.stdout)?.[1] ?? '';
  const source = / {4}(\. \S+environment\.sh)/.exec(run.stdout)?.[1] ?? '';
  const end = / {4}rolecall (daemon stop --yes; kill \d+; rm -r \S+)/.exec(run.stdout)?.[1] ?? '';
  const rolecall = `${process.execPath} ${ROLECALL}`;
  const script = `${source}\n${rolecall} status --check && echo alive\n${rolecall} ${end}`;
  expect((await fetch(portal)).status).toBe(200);
  const shell = await runProcess('/bin/sh', ['-c', script], { environment });
  expect(shell).toEqual({ exitCode: 0, stdout: 'alive\nThe daemon has stopped.\n', stderr: '' });
  await waitFor('the emulator to end', async () => !(await isEmulatorUp(run.stdout)));
  expect(traces()).toEqual(UNTOUCHED);
});
