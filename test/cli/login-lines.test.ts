// `rolecall login --json`: a line for each step at once, as an editor needs them to show code and page, and to cancel.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createRig, SESSION, TWO_SESSIONS, type CliOptions, type CliRun, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

type Line = Readonly<Record<string, unknown>>;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ config: TWO_SESSIONS, emulator: { autoApprove: false } });
});
afterEach(async () => {
  await rig.runCli(['logout', '--all']);
});
afterAll(() => rig.remove());

/** Starts `login --json`, whose lines can be seen before it ends. */
function start(argv: readonly string[], options: CliOptions = {}) {
  let text = '';
  const ended: Promise<CliRun> = rig.runCli(['login', '--json', ...argv], {
    ...options,
    onOutput: (more) => void (text += more),
  });
  const lines = () => parse(text);
  const prompt = (of = SESSION) =>
    waitFor('the prompt', () => lines().find(({ type, session }) => type === 'prompt' && session === of));
  return { ended, prompt };
}

const parse = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

const errorOf = ({ stderr }: CliRun) => parse(stderr).at(-1);
const typesOf = ({ stdout }: CliRun) => parse(stdout).map(({ type, step }) => step ?? type);

test('shows code and page before the approval, then each step, and at the end what is there', async () => {
  const login = start([SESSION, '--no-browser']);
  const prompt = await login.prompt();
  expect(prompt).toEqual({
    type: 'prompt',
    session: SESSION,
    flow: 'device',
    flowReason: 'not-opened',
    userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) as string,
    verificationUri: expect.stringMatching(/\/device$/) as string,
    verificationUriComplete: expect.stringContaining('user_code=') as string,
    openUri: prompt['verificationUri'],
    expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
  });
  rig.emulator.approve(String(prompt['userCode']));
  const run = await login.ended;
  expect(run.exitCode).toBe(0);
  const types = typesOf(run);
  expect([types[0], types[1], types.at(-1)]).toEqual(['prompt', 'signed-in', 'done']);
  expect(types.slice(2, -1).filter((step) => step !== 'listing' && step !== 'syncing')).toEqual([]);
  expect(parse(run.stdout).at(-1)).toMatchObject({
    type: 'done',
    session: SESSION,
    state: 'approved',
    flow: 'device',
    sessionExpiresAt: expect.toSatisfy((value) => value === null || typeof value === 'string') as string,
    accounts: 4,
    roles: 5,
    new: expect.arrayContaining([expect.objectContaining({ accountId: '111111111111' })]) as object[],
    removed: [],
    setup: { state: 'done' },
  });
  expect(parse(run.stderr).map(({ type }) => type)).toEqual(['note']);

  const again = await rig.runCli(['login', '--json', SESSION, '--no-wait']);
  expect({ ...again, lines: parse(again.stdout), stdout: '' }).toMatchObject({
    exitCode: 0,
    lines: [{ type: 'done', session: SESSION, state: 'live', setup: null, accounts: null, roles: null }],
    stderr: '',
  });
});

test.each([
  ['the browser comes back', ['--pkce'], 'here'],
  ['there is none to open', ['--pkce', '--no-browser'], 'not-opened'],
] as const)('with PKCE has no code; %s', async (_name, argv, browserPlace) => {
  const login = start([SESSION, '--no-wait', ...argv], { browserPlace, opened: [] });
  const { flow, userCode, verificationUri } = await login.prompt();
  expect([flow, userCode]).toEqual(['pkce', undefined]);
  await fetch(String(verificationUri));
  const [request] = await waitFor('the request', () => {
    const pending = rig.emulator.pendingAuthorizations();
    return pending.length === 0 ? undefined : pending;
  });
  await fetch(rig.emulator.approveAuthorization(request?.requestId ?? ''));
  expect(typesOf(await login.ended)).toEqual(['prompt', 'signed-in', 'done']);
});

test('ends with the error line when it is denied, and prints nothing after the prompt', async () => {
  const login = start([SESSION, '--use-device-code', '--no-browser']);
  rig.emulator.deny(String((await login.prompt())['userCode']));
  const run = await login.ended;
  expect([run.exitCode, ...typesOf(run)]).toEqual([4, 'prompt']);
  expect(errorOf(run)).toEqual({
    code: 'sign-in-denied',
    message: `The sign-in to ${SESSION} was denied on the page.`,
    hint: `rolecall login ${SESSION}`,
    exitCode: 4,
  });
});

test('is cancelled by a signal as on a terminal, so that the code no longer works', async () => {
  const interrupt = new AbortController();
  const login = start([SESSION], { signal: interrupt.signal });
  await login.prompt();
  interrupt.abort(new Error('interrupted', { cause: 15 }));
  const run = await login.ended;
  expect(errorOf(run)).toEqual({
    code: 'interrupted',
    message: 'Interrupted.',
    hint: 'rolecall --help',
    exitCode: 143,
  });
  expect(await rig.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'cancelled' });
});

test('--all has the lines of each session, a failure among them, and a summary; the error is that of the first failure', async () => {
  const login = start(['--all', '--no-browser', '--no-wait']);
  rig.emulator.deny(String((await login.prompt())['userCode']));
  rig.emulator.approve(String((await login.prompt('lab'))['userCode']));
  const run = await login.ended;
  expect(typesOf(run)).toEqual(['prompt', 'failed', 'prompt', 'signed-in', 'done', 'all-done']);
  expect(parse(run.stdout).at(-1)).toMatchObject({
    sessions: [
      { session: SESSION, error: { code: 'sign-in-denied' } },
      { session: 'lab', state: 'approved' },
    ],
  });
  expect([run.exitCode, errorOf(run)]).toMatchObject([4, { code: 'sign-in-denied', exitCode: 4 }]);
});
