// Errors and notes with --json: lines of JSON on standard error, the error last, and no question.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRig, TWO_SESSIONS, type CliOptions, type Rig } from '../helpers/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ config: TWO_SESSIONS });
});
afterAll(() => rig.remove());

async function run(argv: readonly string[], options?: CliOptions) {
  const { exitCode, stdout, stderr } = await rig.runCli(argv, options);
  const lines = stderr.trimEnd().split('\n');
  return { exitCode, stdout, lines: lines.map((line) => JSON.parse(line) as unknown) };
}

const usage = (message: string, hint: string) => ({ code: 'usage', message, hint, exitCode: 2 });

test.each([
  [['--json'], usage('There is no option "--json".', 'rolecall --help')],
  [['stauts', '--json'], usage('There is no command "stauts"; did you mean "status"?', 'rolecall status --json')],
  [
    ['status', '--jsno', '--json'],
    usage('rolecall status has no option "--jsno"; did you mean "--json"?', 'rolecall status --json --json'),
  ],
  [['status', 'x', '--json'], usage('rolecall status takes no argument.', 'rolecall status --help')],
  [['--color', 'red', 'status', '--json'], usage('"red" is not one of auto, always, never.', 'rolecall --help')],
  [['exec', 'prod', '--json'], usage('rolecall exec has no option "--json".', 'rolecall exec --help')],
] as const)('%j fails with one line of JSON, and prints no document', async (argv, error) => {
  expect(await run(argv)).toEqual({ exitCode: error.exitCode, stdout: '', lines: [error] });
});

test('asks nothing on a terminal, and has no colours', async () => {
  const asked: string[] = ['my-sso-session'];
  const its = await run(['logout', '--json', '--color', 'always'], { isTerminal: true, answers: asked });
  expect(its).toEqual({
    exitCode: 2,
    stdout: '',
    lines: [
      {
        code: 'usage',
        message: expect.stringContaining('my-sso-session') as string,
        hint: 'rolecall logout my-sso-session',
        exitCode: 2,
      },
    ],
  });
  expect(asked).toHaveLength(1);
});

test('prints the requests of --debug as lines before the error', async () => {
  const { lines } = await run(['env', 'no-such-profile', '--json', '--debug']);
  expect(lines).toEqual([
    { type: 'debug', message: expect.stringMatching(/^GET \/v1\/profile\?name=no-such-profile: /) as string },
    { type: 'debug', message: 'profile-not-found (NotFoundError, exit 6)' },
    expect.objectContaining({ code: 'profile-not-found', exitCode: 6 }),
  ]);
});

test('says that it was interrupted, with the exit code of the signal', async () => {
  const interrupt = new AbortController();
  interrupt.abort(new Error('interrupted', { cause: 15 }));
  const { lines } = await run(['status', '--json'], { signal: interrupt.signal });
  expect(lines).toEqual([{ code: 'interrupted', message: 'Interrupted.', hint: 'rolecall --help', exitCode: 143 }]);
});

test('leaves the --json of another command line alone', async () => {
  const { stderr } = await rig.runCli(['exec', 'no-such-profile', '--', 'ls', '--json']);
  expect(stderr).toMatch(/^rolecall: .*\nRun: .*\n$/);
});
