// The question "Sign in to … now?" of commands that need a sign-in: who asks it, who never does, and what follows.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';

const READER = 'Log-Archive.ReadOnly';
const LOG = 'Log Archive  044444444444  ReadOnly  us-east-1';
const QUESTION = `Sign in to ${SESSION} now? [Y/n] `;
const ENDED = `(signed out; run: rolecall login ${SESSION})`;
/** Enter, and consent to the emulator as the endpoint. */
const YES = ['', 'y'];

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ environment: { SHELL: '/bin/bash', NO_COLOR: '1', ROLECALL_PICKER: 'builtin' } });
});
afterAll(() => rig.remove());

const run = (argv: readonly string[], answers: readonly string[], options: CliOptions = {}) =>
  rig.runCli(argv, { isTerminal: true, answers: [...answers], opened: [], runInPlace: async () => 37, ...options });

describe('before the first sign-in', () => {
  test('is about signing in at all, and the words are searched for afterwards', async () => {
    expect(await run(['exec', 'log', 'read', '--', 'ls'], ['n'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringMatching(/^Sign in now\? \[Y\/n\] rolecall: No accounts have been listed yet\./u),
    });
    const { exitCode, stdout, stderr } = await run(['use', '--print-name', 'log', 'read'], YES);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${READER}\n` });
    expect(stderr).toMatch(/^Sign in now\? \[Y\/n\] [^]*4 accounts, [^]*\nLog Archive {2}044444444444 {2}ReadOnly/u);
  });
});

describe('signed out', () => {
  beforeEach(async () => {
    await rig.runCli(['login']);
    expect(await rig.runCli(['logout'])).toMatchObject({ exitCode: 0 });
  });

  const commands: readonly (readonly [name: string, argv: readonly string[], exitCode: number, stdout: RegExp])[] = [
    ['exec', ['exec', READER, '--', 'ls'], 37, /^$/u],
    ['exec with words', ['exec', 'log', 'read', '--', 'ls'], 37, /^$/u],
    ['env', ['env', READER], 0, /^export AWS_ACCESS_KEY_ID='ASIA\w+'\n(?:(?:export|unset) .*\n)+$/u],
    ['console', ['console', READER], 0, /^$/u],
    ['ls', ['ls', 'log'], 0, /^ *ACCOUNT .*\nLog Archive .*\n$/u],
    ['use', ['use', '--print-name', 'log'], 0, /^Log-Archive\.ReadOnly\n$/u],
    ['use by name', ['use', '--print-name', READER], 0, /^Log-Archive\.ReadOnly\n$/u],
    ['use --current', ['use', '--current', 'log'], 0, /^Current role: Log Archive .*ReadOnly\)\n$/u],
  ];

  test.each(commands)('%s asks on a terminal, signs in and goes on', async (_, argv, exitCode, stdout) => {
    expect(await run(argv, YES)).toEqual({
      exitCode,
      stdout: expect.stringMatching(stdout),
      stderr: expect.stringContaining(QUESTION),
    });
    expect(await rig.client.call('status', {})).toMatchObject({ sessions: [{ state: 'live' }] });
    const again = await run(argv, []);
    expect({ exitCode: again.exitCode, isAsked: again.stderr.includes('Sign in to') }).toEqual({
      exitCode,
      isAsked: false,
    });
  });

  test('nobody asks in a script', async () => {
    for (const [, argv] of commands) {
      const { stderr } = await run(argv, YES, { isTerminal: false });
      expect(stderr).not.toContain('Sign in');
    }
    expect(await rig.client.call('status', {})).toMatchObject({ sessions: [{ state: 'signed-out' }] });
  });

  test('nobody asks with --json', async () => {
    for (const argv of [
      ['ls', '--json'],
      ['console', READER, '--federated', '--json'],
      ['use', '--json', 'log'],
      ['use', '--current', '--json', 'log'],
    ]) {
      expect((await run(argv, YES)).stderr).not.toContain('Sign in to');
    }
  });

  test('"n" ends exec and env as before, and use says in its line that the sign-in has ended', async () => {
    const refused = {
      exitCode: 4,
      stdout: '',
      stderr: `${QUESTION}rolecall: You are not signed in to ${SESSION}. [sign-in-required]\nRun: rolecall login ${SESSION}\n`,
    };
    expect(await run(['exec', READER, '--', 'ls'], ['n'])).toEqual(refused);
    expect(await run(['env', READER], ['n'])).toEqual(refused);
    for (const words of [['log'], [READER]]) {
      expect(await run(['use', '--print-name', ...words], ['n'])).toEqual({
        exitCode: 0,
        stdout: `${READER}\n`,
        stderr: `${QUESTION}${LOG}  ${ENDED}\n`,
      });
    }
    expect(await run(['use', '--current', READER], ['n'])).toMatchObject({
      exitCode: 0,
      stdout: `Current role: ${LOG}  (profile ${READER})  ${ENDED}\n`,
    });
    expect(await run(['ls', 'log'], ['n'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Log Archive'),
    });
  });

  test('is answered no at end of input', async () => {
    expect(await run(['exec', READER, '--', 'ls'], [])).toMatchObject({ exitCode: 4 });
  });
});
