// Protected roles on the command line: exec, env, console and use ask first; `rolecall approvals` lists and refuses.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ensureApproved } from '../../src/cli/commands/approvals/ensure-approved.ts';
import { NotFoundError } from '../../src/core/errors.ts';
import type { Approval } from '../../src/daemon/approvals/approvals.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createSignedInRig, type CliOptions, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ACCOUNT = '111111111111';
const ROLE = 'Admin-AF-Permission-Set';
const NAME = `${ROLE} in taylor (${ACCOUNT})`;
const PROTECT = `[[protect]]\npermission_set = "${ROLE}"\nremember_minutes = 5\n`;

let rig: Rig;

async function start(options: RigOptions = {}): Promise<void> {
  rig = await createSignedInRig({ settings: PROTECT, approvalPlaces: ['screen', 'terminal'], ...options });
}

/** The one approval that waits. */
async function pendingApproval(): Promise<Approval> {
  await waitFor('an approval', () => rig.daemon().approvals.list().length === 1);
  return rig.daemon().approvals.list()[0] as Approval;
}

/** Runs a command and answers its question. */
async function runAndAnswer(answer: 'approve' | 'refuse', argv: readonly string[], options: CliOptions = {}) {
  const running = rig.runCli(argv, options);
  const { id } = await pendingApproval();
  if (answer === 'approve') expect(rig.daemon().approvals.approve(id, 'click')).toBe(true);
  else rig.daemon().approvals.refuse(id, 'click');
  return running;
}

const ASKS = `${NAME} needs your approval. Answer in the question on the screen or in another terminal (rolecall approve).\n`;
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['env', ['env', 'account1', '--shell', 'bash']],
  ['exec', ['exec', 'account1', '--', 'true']],
  ['console', ['console', 'account1', '--print']],
  ['use --current', ['use', '--current', 'account1']],
];

describe('a command for a protected role', () => {
  beforeAll(() => start());
  afterAll(() => rig.remove());
  beforeEach(() => rig.daemon().approvals.forget());

  test.each(COMMANDS)('%s does nothing after a refusal', async (_name, argv) => {
    const opened: string[] = [];
    let runs = 0;
    const refused = await runAndAnswer('refuse', argv, { opened, runInPlace: async () => (runs += 1) });
    expect(refused.exitCode).toBe(5);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toContain(`rolecall: ${NAME} was refused. [approval-refused]\nRun: rolecall approvals\n`);
    expect([opened, runs]).toEqual([[], 0]);
    expect(await rig.client.call('current', {})).toBeNull();
    // A person who runs the command again is asked again.
    expect((await runAndAnswer('approve', argv)).exitCode).toBe(0);
  });

  test.each(COMMANDS)(
    '%s asks before it does anything, says where, and goes on after the click',
    async (name, argv) => {
      const approved = await runAndAnswer('approve', argv);
      expect(approved.exitCode).toBe(0);
      expect(approved.stderr).toContain(`${ASKS}Waiting, 2:00 left …\n`);
      if (name === 'env') expect(approved.stdout).toContain('export AWS_ACCESS_KEY_ID=');
      // Remembered: nobody is asked again.
      const again = await rig.runCli(argv);
      expect(again.exitCode).toBe(0);
      expect(again.stderr).not.toContain('needs your approval');
    },
  );
});

describe('a question of the command line', () => {
  afterEach(() => rig.remove());

  test('use asks in a terminal, and not in a script, which gets no credentials by it', async () => {
    await start();
    const argv = ['use', '--print-name', 'account1'];
    const answered = await runAndAnswer('approve', argv, { isTerminal: true });
    expect(answered).toMatchObject({ exitCode: 0, stdout: 'account1\n' });
    expect(answered.stderr).toContain(ASKS);
    await rig.restartDaemon();
    expect(await rig.runCli(argv)).toMatchObject({ exitCode: 0, stdout: 'account1\n', stderr: '' });
    expect(rig.daemon().approvals.list()).toEqual([]);
  });

  test('is one for each command if nothing is remembered', async () => {
    await start({ settings: PROTECT.replace('= 5', '= 0') });
    let asked = 0;
    rig.daemon().approvals.subscribe({ asked: () => void (asked += 1) });
    for (const [, argv] of [
      ...COMMANDS,
      ['exec --env-keys', ['exec', 'account1', '--env-keys', '--', 'true']],
    ] as const) {
      expect(await runAndAnswer('approve', argv)).toMatchObject({ exitCode: 0 });
    }
    expect(asked).toBe(COMMANDS.length + 1);
  });

  test('does not keep a switch from being made while signed out', async () => {
    await start();
    await rig.runCli(['logout']);
    expect(await rig.runCli(['use', '--current', 'account1'])).toMatchObject({ exitCode: 0 });
    expect(rig.daemon().approvals.list()).toEqual([]);
  });

  test('says that nobody answered in time', async () => {
    await start();
    const running = rig.runCli(['env', 'account1']);
    await pendingApproval();
    rig.daemon().approvals.close();
    expect(await running).toMatchObject({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringContaining(`rolecall: Nobody approved ${NAME} in time. [approval-refused]\n`),
    });
  });

  test('fails at once if nobody can be asked', async () => {
    await start({ approvalPlaces: [] });
    const { exitCode, stderr } = await rig.runCli(['env', 'account1']);
    expect(exitCode).toBe(5);
    expect(stderr).toContain(`${NAME} needs an approval. `);
  });

  test('Ctrl-C withdraws the question and ends with 130', async () => {
    await start();
    const interrupt = new AbortController();
    const running = rig.runCli(['exec', 'account1', '--', 'true'], { signal: interrupt.signal, isTerminal: true });
    const { id } = await pendingApproval();
    await waitFor('the wait of the command', () => rig.daemon().approvals.find(id)?.callers === 1);
    interrupt.abort(new Error('interrupted', { cause: 2 }));
    expect((await running).exitCode).toBe(130);
    expect(rig.daemon().approvals.find(id)?.state).toBe('refused');
  });

  test('Ctrl-C leaves the question to others that wait for it', async () => {
    await start();
    const interrupt = new AbortController();
    const running = rig.runCli(['env', 'account1'], { signal: interrupt.signal });
    const other = rig.runCli(['env', 'account1', '--shell', 'bash']);
    const { id } = await pendingApproval();
    await waitFor('the wait of both', () => rig.daemon().approvals.find(id)?.callers === 2);
    interrupt.abort(new Error('interrupted', { cause: 2 }));
    expect((await running).exitCode).toBe(130);
    expect(rig.daemon().approvals.find(id)?.state).toBe('pending');
    rig.daemon().approvals.approve(id, 'click');
    expect((await other).exitCode).toBe(0);
  });

  test('of no rule costs one question to the daemon and shows nothing', async () => {
    await start({ settings: '' });
    const { exitCode, stderr } = await rig.runCli(['env', 'account1']);
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});

describe('rolecall approvals', () => {
  beforeAll(() => start());
  afterAll(() => rig.remove());
  beforeEach(() => rig.daemon().approvals.forget());

  test('says that nothing waits', async () => {
    expect(await rig.runCli(['approvals'])).toEqual({ exitCode: 0, stdout: 'No approval waits.\n', stderr: '' });
    expect(JSON.parse((await rig.runCli(['approvals', '--json'])).stdout)).toEqual({ approvals: [] });
    expect((await rig.runCli(['approvals', '--refuse', 'all'])).stdout).toBe('No approval waits.\n');
  });

  test('lists what waits, who asked, and where to answer; and refuses it', async () => {
    const running = rig.runCli(['env', 'account1']);
    const { id } = await pendingApproval();
    const { stdout } = await rig.runCli(['approvals']);
    expect(stdout).toMatch(
      new RegExp(
        `^${ROLE} in taylor \\(${ACCOUNT}\\)\n` +
          '  asked by: .+\n  waiting:  \\d+ s\n' +
          '  answer:   in the question on the screen or in another terminal \\(rolecall approve\\)\n' +
          `  refuse:   rolecall approvals --refuse ${id}\n$`,
      ),
    );
    expect(JSON.parse((await rig.runCli(['approvals', '--json'])).stdout)).toEqual(
      await rig.client.call('approvals', {}),
    );
    expect(await rig.runCli(['approvals', '--refuse', 'ffff'])).toMatchObject({
      exitCode: 6,
      stderr: 'rolecall: No approval "ffff" waits. [approval-not-found]\nRun: rolecall approvals\n',
    });
    expect((await rig.runCli(['approvals', '--refuse', id.slice(0, 6)])).stdout).toBe(`Refused: ${NAME}\n`);
    expect((await running).exitCode).toBe(5);
  });

  test.each([80, 60])('keeps to %i columns, and shows a hostile account name on one line', async (columns) => {
    rig.daemon().approvals.ask({
      subject: { kind: 'add-passkey', label: `x\u001b[2J\n\u202eevil ${'long '.repeat(60)}` },
      approve: 'click',
      surface: 'socket',
    });
    const { stdout } = await rig.runCli(['approvals'], { isTerminal: true, columns });
    const plain = stdout.replaceAll(/\u001b\[\d+m/g, '');
    expect(plain).not.toMatch(/[\u001b\u202e]/);
    expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(plain).toContain('Adding the passkey "x [2J evil long');
  });

  test('--refuse --all refuses everything', async () => {
    const running = rig.runCli(['env', 'account1']);
    await pendingApproval();
    rig.daemon().approvals.ask({ subject: { kind: 'unlock' }, approve: 'click', surface: 'socket' });
    const { stdout } = await rig.runCli(['approvals', '--refuse', '--all']);
    expect(stdout).toBe(`Refused: ${NAME}\nRefused: Unlocking rolecall\n`);
    expect((await running).exitCode).toBe(5);
  });

  test('a daemon from before approvals is asked for none, and every other error counts', async () => {
    const ensure = (error: Error) => {
      async function call(): Promise<never> {
        throw error;
      }
      return ensureApproved(
        { session: 'my-sso-session', accountId: ACCOUNT, permissionSet: ROLE },
        {
          client: { ...rig.client, call },
          clock: createFakeClock(),
          environment: {},
          signal: new AbortController().signal,
          stderr: { write: () => true },
        },
      );
    };
    expect(await ensure(new NotFoundError('route-not-found', 'This route does not exist.'))).toBe(false);
    const failure = new NotFoundError('account-not-found', 'There is no such account.');
    await expect(ensure(failure)).rejects.toBe(failure);
  });
});
