// The console from real processes in real browsers: the command template, what other users may see of it, and where it ends.
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { CHROMIUM, hasChromium } from '../helpers/browser.ts';
import { canSeeProcesses, processesOf } from '../helpers/processes.ts';
import { readEveryFile } from '../helpers/read-every-file.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const READER = 'professional-af.ReadOnly';

let chromiumStarted: Promise<Browser> | undefined;
afterAll(async () => (await chromiumStarted)?.close());

let home: TemporaryHome;
let emulator: Emulator;
let environment: Record<string, string>;

beforeEach(async () => {
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  const { url } = await emulator.listen();
  environment = {
    ...home.environment,
    ROLECALL_SECRET_STORE: 'memory',
    ROLECALL_PASSPHRASE: 'not for a browser',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
  };
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  // A browser of its own name, with a blank in it: it notes what it was given and goes on running for a while.
  const browser = join(home.path, 'my browser');
  const noted = join(home.path, 'noted');
  writePrivate(
    browser,
    `#!/bin/sh\nprintf '%s\\n' "$@" > '${noted}.new'\nenv > '${noted}.env'\nmv '${noted}.new' '${noted}'\nsleep 50\n`,
  );
  chmodSync(browser, 0o700);
  useBrowser(`'${browser}' --profile-directory="Profile 2"`);
});
afterEach(async () => {
  await run('daemon', 'stop');
  for (const { pid, arguments: words } of processesOf(home.path)) {
    if (words[0] === 'sleep') process.kill(pid);
  }
  await emulator.close();
  await home.remove();
});

function useBrowser(template: string): void {
  writePrivate(
    join(home.path, '.config/rolecall/config.toml'),
    // The emulator approves codes by itself; the recording browser does not come back from a page.
    `[session.${SESSION}]\nbrowser = ${JSON.stringify(template)}\nflow = "device"\n`,
  );
}

const run = (...argv: string[]): Promise<ProcessRun> => runRolecall(argv, { environment });

/** What the recording browser was given: its arguments, then its environment. */
async function readNoted(): Promise<{ words: string[]; variables: string }> {
  const path = join(home.path, 'noted');
  await waitFor('the browser to be started', () => existsSync(path));
  return { words: readFileSync(path, 'utf8').trimEnd().split('\n'), variables: readFileSync(`${path}.env`, 'utf8') };
}

async function withPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
  // One browser for all of them; a page of a context of its own knows nothing of the ones before.
  chromiumStarted ??= chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    timeout: 90_000,
  });
  const page = await (await chromiumStarted).newPage();
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}

/** What a real browser ends up with at an address. */
async function openInChromium(address: string) {
  return withPage(async (page) => {
    await page.goto(address);
    await page.waitForURL('**/console?session=*', { timeout: 60_000 });
    const read = (id: string) => page.locator(`#${id}`).innerText();
    return {
      role: await read('role'),
      account: await read('account'),
      service: await read('service'),
      region: await read('region'),
      hasTokenInUrl: page.url().includes('SigninToken'),
    };
  });
}

const SHOWN = { role: 'ReadOnly', account: '222222222222', hasTokenInUrl: false };

test.skipIf(!hasChromium)(
  'the printed link opens on the access portal as the right role',
  { timeout: 240_000 },
  async () => {
    expect(await run('login')).toMatchObject({ exitCode: 0 });
    const { stdout } = await run('console', READER, '--print', '--service', 's3', '--region', 'eu-west-1');
    expect(await openInChromium(stdout.trim())).toEqual({ ...SHOWN, service: 's3', region: 'eu-west-1' });
    // With nobody signed in at the portal it asks, and goes on to the console.
    emulator.turnKnobs({ autoApprove: false });
    const shown = await withPage(async (page) => {
      await page.goto(stdout.trim());
      await page.getByRole('button', { name: 'Taylor Reed' }).click();
      await page.waitForURL('**/console?session=*', { timeout: 60_000 });
      return page.locator('#account').innerText();
    });
    expect(shown).toBe('222222222222');
  },
);

test.skipIf(!canSeeProcesses)(
  'the browser gets the link and no passphrase, a federated one never the token',
  { timeout: 240_000 },
  async () => {
    const login = await run('login', '--no-browser');
    expect(login).toMatchObject({ exitCode: 0 });
    expect(await run('console', READER)).toMatchObject({ exitCode: 0, stdout: '' });
    const first = await readNoted();
    expect(first.words).toEqual([
      '--profile-directory=Profile 2',
      `${emulator.url}/start/#/console?account_id=222222222222&role_name=ReadOnly`,
    ]);
    expect(first.variables).toContain(`HOME=${home.path}`);
    expect(first.variables).not.toContain('ROLECALL_PASSPHRASE');

    const seen: string[] = [];
    const sampling = setInterval(() => {
      for (const each of processesOf(home.path)) seen.push([...each.arguments, ...each.environment].join('\n'));
    }, 10);
    rmSync(join(home.path, 'noted'));
    const outcome = await run('console', READER, '--federated');
    const federated = await readNoted();
    clearInterval(sampling);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: '' });
    const page = fileURLToPath(federated.words[1] ?? '');
    const html = readFileSync(page, 'utf8');
    const token = /SigninToken=([^"&]+)/.exec(html)?.[1] ?? '';
    expect(token.length).toBeGreaterThan(200);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    // In no argument and no environment of any process, in nothing printed and in no file but that page.
    expect(seen.join('\n')).toContain(page);
    const elsewhere = [...readEveryFile(home.path)].filter(([, text]) => text.includes(token)).map(([path]) => path);
    expect(elsewhere).toEqual([page]);
    expect(
      [seen.join('\n'), outcome.stderr, federated.variables, federated.words.join('\n')].filter((text) =>
        text.includes(token),
      ),
    ).toEqual([]);
    expect(seen.join('\n')).not.toContain('SigninToken');
    const shown = hasChromium ? await openInChromium(federated.words[1] ?? '') : undefined;
    if (hasChromium) expect(shown).toEqual({ ...SHOWN, service: 'console', region: 'us-east-1' });

    // The page goes by itself: somebody sleeps until then, and is woken here.
    const sleeper = processesOf(home.path).find(({ arguments: words }) => words.join(' ') === 'sleep 60');
    expect(sleeper).toBeDefined();
    process.kill(sleeper?.pid ?? 0);
    await waitFor('the page to be deleted', () => !existsSync(dirname(page)));
  },
);

test('a browser that is not there is told of by its line; one that fails as well', { timeout: 120_000 }, async () => {
  expect(await run('login', '--no-browser')).toMatchObject({ exitCode: 0 });
  const failureOf = async (template: string) => {
    useBrowser(template);
    await run('daemon', 'restart');
    expect(await run('login', '--no-browser')).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout, stderr } = await run('console', READER);
    return { exitCode, stdout, stderr: stderr.split('\n') };
  };
  const setting = `rolecall: The browser of session "${SESSION}" (~/.config/rolecall/config.toml, line 2) could not be started:`;
  const hint = `Run: \${EDITOR:-vi} +2 ${join(home.path, '.config/rolecall/config.toml')}`;
  expect(await failureOf('nosuchbrowser -P work')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: [`${setting} nosuchbrowser was not found. [settings-invalid]`, hint, ''],
  });
  expect(await failureOf('false')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: [`${setting} false ended with status 1. [settings-invalid]`, hint, ''],
  });
  expect(await failureOf(home.path)).toMatchObject({
    stderr: [`${setting} ${home.path} is not executable. [settings-invalid]`, hint, ''],
  });
  // No shell reads it: this is one program with odd words.
  expect(await failureOf('true $(touch pwned) ; touch pwned')).toMatchObject({ exitCode: 0 });
  expect(readdirSync(home.path)).not.toContain('pwned');
});
