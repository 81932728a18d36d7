// The emulator's authorize page in a real Chromium: a person denies and allows the AWS CLI, and rolecall.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { hasChromium, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { CONFIG, SESSION, createRig } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const AWS = '/usr/bin/aws';
const hasAwsCli = systemPart('AWS CLI v2', AWS);
/** Programs that were just installed take their time for their first start. */
const SLOW_MS = 180_000;

let browser: TestBrowser;
const closers: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  if (hasChromium) browser = await startBrowser();
}, SLOW_MS);
afterAll(() => browser?.close());
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function openTab(url: string): Promise<Page> {
  const context = await browser.newContext();
  closers.push(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function prepareAwsCli() {
  const emulator = createEmulator();
  await emulator.listen();
  closers.push(() => emulator.close());
  const home = createTemporaryHome();
  closers.push(() => home.remove());
  await mkdir(join(home.path, '.aws'), { mode: 0o700 });
  await writeFile(join(home.path, '.aws', 'config'), CONFIG, { mode: 0o600 });
  const opened = join(home.path, 'opened');
  const program = join(home.path, 'browser');
  await writeFile(program, `#!/bin/sh\nprintf '%s' "$1" >'${opened}.new' && mv '${opened}.new' '${opened}'\n`, {
    mode: 0o700,
  });
  const environment = {
    ...home.environment,
    ...emulator.environment(),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    BROWSER: `${program} %s &`,
  };
  /** The page that the AWS CLI opens in the browser. */
  const login = async (lastUrl = '') => {
    const child = spawn(AWS, ['sso', 'login', '--sso-session', SESSION], { env: environment, cwd: home.path });
    closers.push(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const finished = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }).then((exitCode) => ({ exitCode, output }));
    const ended = finished.then(({ exitCode }) => {
      throw new Error(`the AWS CLI ended with ${exitCode} before it opened its page: ${output}`);
    });
    const url = await Promise.race([
      waitFor(
        'the page of the AWS CLI',
        () => {
          const text = readFileSync(opened, 'utf8');
          return text !== lastUrl && text;
        },
        { deadlineMs: 50_000 },
      ),
      ended,
    ]);
    return { url, finished, page: await openTab(url) };
  };
  return { emulator, login };
}

test.skipIf(!(hasChromium && hasAwsCli))(
  'the AWS CLI is denied, then allowed as the chosen user, in a real browser',
  { timeout: SLOW_MS },
  async () => {
    const { emulator, login } = await prepareAwsCli();
    const denied = await login();
    await denied.page.getByRole('button', { name: 'Deny' }).click();
    await denied.page.waitForURL(/\/oauth\/callback\?error=access_denied&/);
    expect(await denied.finished).toMatchObject({
      exitCode: 255,
      output: expect.stringContaining('Failed to retrieve an authorization code'),
    });

    const allowed = await login(denied.url);
    expect(await allowed.page.getByRole('radio', { checked: true }).getAttribute('value')).toBe('taylor');
    await allowed.page.getByText('Sam Okafor').click();
    await allowed.page.getByRole('button', { name: 'Allow' }).click();
    await allowed.page.waitForURL(/\/oauth\/callback\?code=/);
    expect(await allowed.page.title()).toBe('AWS Authentication');
    expect(await allowed.finished).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('Successfully logged into Start URL: https://d-1234567890.awsapps.com/start'),
    });
    expect(emulator.revokeSessions('sam')).toBe(1);
  },
);

test.skipIf(!hasChromium)(
  'rolecall is denied, then allowed as the chosen user, and its page tells the person so',
  { timeout: SLOW_MS },
  async () => {
    const rig = await createRig({ emulator: { autoApprove: false } });
    closers.push(() => rig.remove());
    const login = async () => {
      const opened: string[] = [];
      const finished = rig.runCli(['login', '--pkce'], { opened });
      const ended = finished.then(({ stderr }) => {
        throw new Error(`rolecall ended before it opened its page: ${stderr}`);
      });
      const url = await Promise.race([waitFor('the page of rolecall', () => opened.at(0)), ended]);
      return { finished, page: await openTab(url) };
    };

    const denied = await login();
    await denied.page.getByRole('button', { name: 'Deny' }).click();
    await denied.page.waitForURL(/\/oauth\/callback\?error=access_denied&/);
    expect(await denied.page.getByRole('heading').innerText()).toBe('The sign-in was denied');
    expect(await denied.finished).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining(`The sign-in to ${SESSION} was denied on the page. [sign-in-denied]`),
    });

    const allowed = await login();
    await allowed.page.getByText('Sam Okafor').click();
    await allowed.page.getByRole('button', { name: 'Allow' }).click();
    await allowed.page.waitForURL(/\/oauth\/callback\?code=/);
    expect(await allowed.page.getByRole('heading').innerText()).toBe(`Signed in to ${SESSION}`);
    expect(await allowed.finished).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`Signed in to ${SESSION}.`),
    });
    expect(rig.emulator.countCalls('CreateToken', 'authorization_code')).toBe(1);
    expect(rig.emulator.revokeSessions('sam')).toBe(1);
  },
);
