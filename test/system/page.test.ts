// The page in a real Chromium against a real daemon: a day of it, by mouse and by keys, in two tabs, through sleep and restart.
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { generateDirectory } from '../../src/emulator/directory/generate-directory.ts';
import { findFaults } from '../helpers/accessibility.ts';
import { hasChromium, openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { startCuttingProxy } from '../helpers/cutting-proxy.ts';
import { findLastingPort } from '../helpers/lasting-port.ts';
import { CONFIG, createRig, SESSION, TWO_SESSIONS, type Rig, type RigOptions } from '../helpers/rig.ts';

/** A browser that was just installed, on a machine that does other things, takes its time for all that a test does. */
const SLOW_MS = 120_000;
const TAYLOR = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };

let browser: TestBrowser;
let rig: Rig;
let context: BrowserContext;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  if (hasChromium) browser = await startBrowser();
}, SLOW_MS);
afterAll(() => browser?.close());
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(rigOptions: RigOptions = {}, contextOptions: BrowserContextOptions = {}): Promise<void> {
  rig = await createRig(rigOptions);
  closers.push(() => rig.remove());
  context = await browser.newContext(contextOptions);
  closers.push(() => context.close());
}

async function signIn(): Promise<void> {
  const run = await rig.runCli(['login', '--no-browser']);
  expect(run).toMatchObject({ exitCode: 0 });
}

const current = () => rig.client.call('current', {});
const rows = (page: Page) => page.locator('#role-grid .row');
/** What each row says, as a person reads it from left to right. */
const rowTexts = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('#role-grid .row')]
    .toSorted((one, other) => one.ariaRowIndex - other.ariaRowIndex)
    .map((row) => [...row.children].slice(0, 3).map((cell) => cell.textContent).join(' | '))`);
const selected = (page: Page) => page.locator('#role-grid .row[aria-selected="true"]');

/** A page whose request for all the roles is held until it is let through. */
async function openPageWithoutTheWholeList() {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await context.route('**/v1/roles', async (route) => {
    await released;
    await route.continue();
  });
  return { ...(await openPage(context, rig)), release };
}

describe.skipIf(!hasChromium)('the page', { timeout: SLOW_MS }, () => {
  test('signs in by the device page, shows the roles in their order, and signs out', async () => {
    await start({ emulator: { autoApprove: false } });
    const { page, complaints } = await openPage(context, rig);
    expect(new URL(page.url()).hash).toBe('');
    await page.getByRole('heading', { name: 'Sign in to see your accounts' }).waitFor();

    await page.getByRole('button', { name: `Sign in to ${SESSION}` }).click();
    const panel = page.getByRole('region', { name: `Signing in to ${SESSION}` });
    await panel.waitFor();
    const code = (await rig.client.call('signIn', { session: SESSION }))?.userCode ?? '';
    expect(code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
    expect(await panel.locator('.code').textContent()).toContain(code);
    expect(await panel.textContent()).toContain('Approve only if you just started this');

    const opening = context.waitForEvent('page');
    await panel.getByRole('link', { name: 'Open the sign-in page' }).click();
    const device = await opening;
    await device.locator('#code').fill(code);
    await device.getByRole('button', { name: 'taylor' }).click();
    expect(await device.locator('#user-code').textContent()).toBe(code);
    await device.getByRole('button', { name: 'Allow' }).click();
    await device.getByRole('heading', { name: 'Access allowed' }).waitFor();

    await rows(page).nth(4).waitFor();
    expect(await panel.count()).toBe(0);
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(await rowTexts(page)).toEqual(
      roles.map(({ accountName, accountId, permissionSet }) => `${accountName} | ${accountId} | ${permissionSet}`),
    );
    expect(await page.locator('.session .word').textContent()).toBe('Signed in');
    expect(await page.locator('.summary').textContent()).toMatch(/^5 roles · listed less than a minute ago/);

    await page.getByRole('button', { name: `Sign out of ${SESSION}` }).click();
    await page.locator('.session .word', { hasText: 'Signed out' }).waitFor();
    expect((await rig.client.call('status', {})).sessions[0]).toMatchObject({ state: 'signed-out' });
    expect(complaints).toEqual([]);
  });

  test('signs in without a code, in a tab that a click opens and that knows nothing of this one', async () => {
    await start({ emulator: { autoApprove: false }, settings: 'flow = "pkce"\n' });
    const { page, complaints } = await openPage(context, rig);
    const opening = context.waitForEvent('page');
    await page.getByRole('button', { name: `Sign in to ${SESSION}` }).click();
    const opened = await opening;
    const panel = page.getByRole('region', { name: `Signing in to ${SESSION}` });
    await panel.waitFor();
    expect(await panel.innerText()).toMatch(/comes back by itself\. Approve only if you just started this\./);
    expect(await panel.innerText()).not.toMatch(/undefined|enter the code/i);
    expect(await panel.locator('.code').count()).toBe(0);

    await opened.getByRole('button', { name: 'Allow' }).click();
    await opened.getByRole('heading', { name: `Signed in to ${SESSION}` }).waitFor();
    expect(await opened.evaluate('window.opener')).toBeNull();
    await rows(page).nth(4).waitFor();
    expect(await panel.count()).toBe(0);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('offers a code if the browser blocks the tab or does not come back, and shows why a sign-in failed as text', async () => {
    await start({ emulator: { autoApprove: false }, settings: 'flow = "pkce"\n' });
    await context.addInitScript('window.open = () => null');
    const { page, complaints } = await openPage(context, rig);
    await page.getByRole('button', { name: `Sign in to ${SESSION}` }).click();
    const panel = page.getByRole('region', { name: `Signing in to ${SESSION}` });
    const opening = context.waitForEvent('page');
    await panel.getByRole('link', { name: 'Open the sign-in page' }).click();
    const opened = await opening;
    await opened.getByRole('button', { name: 'Allow' }).waitFor();
    const [{ requestId } = { requestId: '' }] = rig.emulator.pendingAuthorizations();
    const description = `<img src=x onerror="document.title='pwned'">${'long '.repeat(100)}`;
    await opened.goto(rig.emulator.denyAuthorization(requestId, { error: 'server_error', description }));
    const note = page.locator('.session .note');
    await note.waitFor();
    expect(await note.textContent()).toMatch(/<img src=x onerror=.*…$/);
    expect(await note.locator('img').count()).toBe(0);

    await page.getByRole('button', { name: `Use a code instead for ${SESSION}` }).click();
    await panel.locator('.code').waitFor();
    await panel.getByRole('button', { name: 'Cancel' }).click();
    await panel.waitFor({ state: 'detached' });

    // From the panel, too, where the focus stays.
    await page.getByRole('button', { name: `Sign in to ${SESSION}` }).click();
    await panel.getByRole('button', { name: 'Use a code instead' }).click();
    await panel.locator('.code').waitFor();
    expect(await page.evaluate(`document.activeElement.closest('.signing-in') !== null`)).toBe(true);
    const { userCode = '' } = (await rig.client.call('signIn', { session: SESSION })) ?? {};
    rig.emulator.approve(userCode);
    await rows(page).nth(4).waitFor();
    expect(complaints).toEqual([]);
  });

  test('finds and switches by keys alone, shows it in another tab, and follows a switch from elsewhere', async () => {
    await start({}, { permissions: ['clipboard-read', 'clipboard-write'] });
    await signIn();
    const { page, complaints } = await openPage(context, rig);
    const other = (await openPage(context, rig)).page;
    await rows(page).nth(4).waitFor();

    // Nothing is selected yet, so that Enter on the way to the search switches nothing.
    await page.bringToFront();
    await page.keyboard.press('/');
    await page.keyboard.press('Enter');
    await page.keyboard.type('222222 prof');
    expect(await rowTexts(page)).toEqual([
      'professional-af | 222222222222 | Admin-AF-Permission-Set',
      'professional-af | 222222222222 | ReadOnly',
    ]);
    expect(await current()).toBeNull();
    await page.keyboard.press('ArrowDown');
    expect(await selected(page).textContent()).toContain('ReadOnly');
    await page.keyboard.press('Enter');
    const shown = /professional-af 222222222222 ReadOnly/;
    for (const tab of [page, other]) {
      await tab.locator('#current', { hasText: shown }).waitFor();
      expect(await tab.title()).toBe('professional-af · ReadOnly – rolecall');
    }
    expect(await current()).toMatchObject({ session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' });

    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    // A toast goes by itself, so it is looked out for before there can be one.
    const copied = page.locator('.toast', { hasText: 'Copied' }).waitFor();
    await page.keyboard.press('e');
    await copied;
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('export AWS_PROFILE=professional-af.ReadOnly');
    const copiedToo = page.locator('.toast', { hasText: 'aws sts' }).waitFor();
    await page.keyboard.press('c');
    await copiedToo;
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'aws sts get-caller-identity --profile professional-af.ReadOnly',
    );
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');

    await rig.client.call('setCurrent', { body: { ...TAYLOR, profile: null } });
    for (const tab of [page, other]) await tab.locator('#current', { hasText: /taylor 111111111111/ }).waitFor();
    await page.getByRole('button', { name: 'Stop using' }).click();
    for (const tab of [page, other]) await tab.locator('#current', { hasText: 'No current role' }).waitFor();
    expect(await current()).toBeNull();
    expect(complaints).toEqual([]);
  });

  test('opens the console of a role by a link of the access portal, in a tab that knows nothing of this one', async () => {
    await start();
    await signIn();
    const { page } = await openPage(context, rig);
    await rows(page).nth(4).waitFor();
    const wanted = await rig.client.call('console', { body: TAYLOR });
    await page.locator('#search').fill('taylor');
    const opening = context.waitForEvent('page');
    await page.locator('#details').getByRole('button', { name: 'Open console' }).click();
    const opened = await opening;
    await opened.waitForLoadState();
    expect(decodeURIComponent(opened.url())).toContain(new URL(wanted.url).hostname);
    const [opener, referrer] = await opened.evaluate<[unknown, string]>('[window.opener, document.referrer]');
    expect({ opener, isReferred: referrer.startsWith(rig.daemon().webUrl ?? '') }).toEqual({
      opener: null,
      isReferred: false,
    });
  });

  test('misses nothing when its stream is cut, or dead after a sleep of the machine', async () => {
    const proxy = await startCuttingProxy();
    closers.push(() => proxy.close());
    await start({}, { proxy: { server: proxy.url, bypass: '<-loopback>' } });
    await signIn();
    const { page } = await openPage(context, rig);
    await rows(page).nth(4).waitFor();
    const streams = () => proxy.requests.filter(({ path }) => path === '/v1/events');

    proxy.cut();
    await rig.client.call('setCurrent', { body: { ...TAYLOR, profile: null } });
    await page.locator('#current', { hasText: 'taylor' }).waitFor();
    expect(streams().at(-1)?.lastEventId).toMatch(/^\d+-\d+$/);

    const before = streams().length;
    await page.clock.install();
    proxy.fallSilent();
    await rig.client.call('setCurrent', { body: null });
    await page.clock.fastForward(60_000);
    // What a person does after a sleep: looks at the page.
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
    await page.clock.fastForward(10_000);
    await page.locator('#current', { hasText: 'No current role' }).waitFor();
    expect(streams().length).toBeGreaterThan(before);
    expect(streams().at(-1)?.lastEventId).toMatch(/^\d+-\d+$/);
  });

  test('shows the times of a session, and a problem only until the next success', async () => {
    await start({ settings: `[session.${SESSION}]\nsession_hours = 9\n` });
    await signIn();
    const { page, complaints } = await openPage(context, rig);
    const times = page.locator('.session .times');
    await times.getByText('Accounts').waitFor();
    const clock = /\d\d:\d\d/.source;
    const shown = () =>
      page.evaluate<string>(`document.querySelector('.session .times').innerText.replaceAll(/\\s+/g, ' ')`);
    expect(await shown()).toMatch(
      new RegExp(`^Signed in since ${clock} .* Session until .*${clock} Accounts 4, listed`),
    );

    const getKeys = (accountId: string, permissionSet: string) =>
      rig.runCli(['credential-process', '--session', SESSION, '--account', accountId, '--role', permissionSet]);
    expect(await getKeys(TAYLOR.accountId, TAYLOR.permissionSet)).toMatchObject({ exitCode: 0 });
    await times.getByText(new RegExp(`^1 role until ${clock}, next refresh ${clock}$`)).waitFor();

    rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'status', status: 503 });
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await getKeys('333333333333', 'ReadOnly')).toMatchObject({ exitCode: 7 });
    }
    await page.locator('.problems .notice', { hasText: "can't be reached" }).waitFor();
    const retry = times.getByText(/: Identity Center fails$/);
    await retry.waitFor();

    rig.emulator.clearFaults();
    // A person who acts is not told to wait.
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('.problems .notice').waitFor({ state: 'detached' });
    await retry.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('says that the daemon was restarted, and goes on in the same tab with a new address', async () => {
    const port = await findLastingPort();
    await start({ settings: `web_port = ${port}\n[[protect]]\npermission_set = "Admin-*"\n` });
    await signIn();
    const { page } = await openPage(context, rig);
    await rows(page).nth(4).waitFor();
    await page.reload();
    await page.locator('#connection[data-state="live"]').waitFor();
    await rig.client.call('askApproval', { body: TAYLOR });
    await page.locator('.approval').waitFor();

    await rig.daemon().stop();
    await page.locator('.notice', { hasText: 'The daemon does not answer' }).waitFor();
    await rig.restartDaemon();
    await page.getByRole('heading', { name: 'The daemon was restarted' }).waitFor();
    expect(await page.locator('#empty pre').textContent()).toBe('rolecall web');
    expect(await page.locator('.row').first().isVisible()).toBe(false);
    // Also when somebody comes back to the tab, which draws everything.
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
    expect(await page.getByRole('heading', { name: 'The daemon was restarted' }).isVisible()).toBe(true);
    expect(await page.locator('.row').first().isVisible()).toBe(false);
    expect(await page.locator('.approval').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Lock' }).count()).toBe(0);
    // The name in its address was that of the daemon before.
    expect((await page.reload())?.status()).toBe(403);

    const { url } = await rig.client.call('webCode', {});
    await page.goto(url);
    await page.locator('#connection[data-state="live"]').waitFor();
    expect(page.url()).toBe(`${rig.daemon().webUrl}/`);
    expect(new URL(page.url()).port).toBe(String(port));
    // The address is good once: another tab that opens it is told so.
    const late = await context.newPage();
    await late.goto(url);
    await late.getByRole('heading', { name: 'This page needs a new address' }).waitFor();
  });

  test('shows the beginning of a long list at once, and lets nobody choose among that part alone', async () => {
    await start({ emulator: { directory: generateDirectory({ accountCount: 100, permissionSetCount: 4 }) } });
    await signIn();
    const { roles } = await rig.client.call('roles', { query: {} });
    const last = roles.at(-1);
    await rig.runCli(['use', '--current', last?.profile ?? '']);

    const { page, complaints, release } = await openPageWithoutTheWholeList();
    await rows(page).nth(4).waitFor();
    const top = roles.slice(0, 5).map((role) => `${role.accountName} | ${role.accountId} | ${role.permissionSet}`);
    expect((await rowTexts(page)).slice(0, 5)).toEqual(top);
    expect(await page.locator('#role-grid').getAttribute('aria-rowcount')).toBe('200');
    expect(await page.locator('.summary').textContent()).toContain('400 roles');
    expect(await page.locator('.recent .chip').allTextContents()).toEqual([
      expect.stringContaining(last?.accountName ?? 'none'),
    ]);
    // Several problems above leave the board its least height, and what was used lately is shown whole.
    await page.setViewportSize({ width: 1100, height: 750 });
    await page.evaluate(`document.querySelector('#notices').style.cssText = 'display: block; min-height: 420px'`);
    const chips = async () => (await page.locator('.recent').boundingBox())?.height ?? 0;
    expect(await chips()).toBeGreaterThan(30);

    const wanted = roles.find(({ accountId }) => accountId === '100000000090');
    await page.locator('#search').fill('100000000090');
    await page.keyboard.press('Enter');
    expect(await rows(page).count()).toBe(0);
    expect(await page.locator('.nothing').isVisible()).toBe(false);
    expect(await current()).toMatchObject({ accountId: last?.accountId });

    release();
    await rows(page).nth(3).waitFor();
    expect(await page.locator('.summary').textContent()).toContain('4 of 400 roles');
    // Digits alone select nothing: a person does.
    expect(await page.locator('.nothing').textContent()).toBe(
      'The first role was found by its account id. To use it, select it with ↓, then press Enter.',
    );
    await page.keyboard.press('Enter');
    expect(await current()).toMatchObject({ accountId: last?.accountId });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('#current', { hasText: '100000000090' }).waitFor();
    expect(await current()).toMatchObject({
      accountId: wanted?.accountId,
      permissionSet: wanted?.permissionSet,
    });
    expect(complaints).toEqual([]);
  });

  test('keeps place and focus while the rest of the list comes, and when the list comes anew', async () => {
    await start({ emulator: { directory: generateDirectory({ accountCount: 60, permissionSetCount: 4 }) } });
    await signIn();
    const { roles } = await rig.client.call('roles', { query: {} });
    await rig.runCli(['use', '--current', roles.at(-2)?.profile ?? '']);
    const { page, release } = await openPageWithoutTheWholeList();
    await rows(page).nth(4).click();
    await page.evaluate(`document.getElementById('role-grid').scrollTop = 2000`);
    const place = () => page.evaluate(`document.getElementById('role-grid').scrollTop`);
    const hasRows = (rowCount: number) => page.locator(`#role-grid[aria-rowcount="${rowCount + 1}"]`).waitFor();

    const chip = page.locator('.recent .chip');
    await chip.focus();

    release();
    await hasRows(240);
    expect(await place()).toBe(2000);
    expect(await page.evaluate(`document.activeElement.className`)).toBe('chip');

    rig.emulator.directory.unassign({
      accountId: '100000000060',
      permissionSet: 'PermissionSet-004',
      group: 'Everyone',
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await hasRows(239);
    expect(await place()).toBe(2000);

    // Only what is typed begins at the top again.
    await page.locator('#search').fill('e');
    await expect.poll(place).toBe(0);
  });

  test('a list that broke off comes when the connection is back', async () => {
    const proxy = await startCuttingProxy();
    closers.push(() => proxy.close());
    await start(
      { emulator: { directory: generateDirectory({ accountCount: 60, permissionSetCount: 4 }) } },
      { proxy: { server: proxy.url, bypass: '<-loopback>' } },
    );
    await signIn();
    await context.route('**/v1/roles', (route) => route.abort(), { times: 1 });
    const { page } = await openPage(context, rig);
    await page.locator('.toast', { hasText: 'The daemon does not answer' }).waitFor();
    await page.locator('#connection[data-state="live"]').waitFor();
    proxy.cut();
    await page.locator('#role-grid[aria-rowcount="241"]').waitFor();
  });

  test('shows hostile names as text, and pastes nothing of them', async () => {
    const names = [
      '<img src=x onerror="document.title=\'pwned\'">',
      '<script>document.title="pwned"</script>',
      '$(touch x)`touch x`',
      `"'; drop`,
      'a\nb\u0000c\u001b[31md',
      '\u202ekcart',
      '%F{red}{{7*7}}${7*7}',
    ];
    const directory = createDefaultDirectory();
    const ids = names.map((_, index) => String(900_000_000_000 + index));
    await start(
      {
        emulator: {
          directory: {
            ...directory,
            accounts: [
              ...directory.accounts,
              ...names.map((accountName, index) => ({ accountId: ids[index] as string, accountName })),
            ],
            assignments: ids.map((accountId) => ({ accountId, permissionSet: 'ReadOnly', user: 'taylor' })),
          },
        },
      },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    );
    await signIn();
    const { page, complaints } = await openPage(context, rig);
    await rows(page)
      .nth(names.length - 1)
      .waitFor();
    const clean = names.map((name) => name.replaceAll(/[\u0000-\u001f\u202e]/g, '\ufffd'));
    const texts = await rowTexts(page);
    expect(texts.toSorted()).toEqual(clean.map((name, index) => `${name} | ${ids[index]} | ReadOnly`).toSorted());
    for (const id of ids) {
      await page.locator('#search').fill(id);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.locator('#current', { hasText: id }).waitFor();
      const copied = page.locator('.toast', { hasText: 'Copied' }).first().waitFor();
      await page.locator('#details [data-action="export"]').click();
      await copied;
      expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^export AWS_PROFILE=[A-Za-z0-9_.@/-]+$/);
      expect(await page.title()).not.toBe('pwned');
    }
    expect(await page.locator('main img, main script, .toasts img, #current img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('shows and uses a chained role by role and source, as text, and leaves its console to the terminal', async () => {
    const source = '<img/src=x/onerror=document.title=7>';
    const config = `${CONFIG.replace('[profile account1]', `[profile ${source}]`)}
[profile deploy]
role_arn = arn:aws:iam::222222222222:role/ops/Deploy
source_profile = ${source}
duration_seconds = 28800
`;
    await start({ config, settings: '[[protect]]\naccount_id = "222222222222"\n' });
    await signIn();
    const { page, complaints } = await openPage(context, rig);
    const title = `Deploy via ${source}`;
    const row = rows(page).filter({ hasText: title });
    await row.waitFor();
    expect(await row.locator('.set').textContent()).toContain(`${title}⚠ protected`);
    expect(await page.locator('.summary').textContent()).toContain('6 roles');
    await page.locator('#search').fill('professional deploy');
    await page.locator('#role-grid[aria-rowcount="2"]').waitFor();
    await row.click();
    expect(await page.locator('#details .chain').textContent()).toContain(
      'Its own credentials last 1 h, not the 8 h that its profile asks for.',
    );
    expect(await page.locator('#details button[data-action="console"]').allTextContents()).toEqual(['Copy']);
    expect(await page.locator('#details .lines').textContent()).toContain('rolecall console deploy');
    await page.locator('#details [data-action="use"]').click();
    await page.locator('.toast', { hasText: `Current: professional-af, ${title}` }).waitFor();
    await page.locator('#current', { hasText: title }).waitFor();
    expect(await current()).toMatchObject({ permissionSet: 'chain:deploy', profile: 'deploy' });
    expect([await page.title(), await page.locator('body').textContent()].join('')).not.toContain('chain:');
    expect(await page.locator('main img, .toasts img, #current img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 360, height: 740 } }],
  ] as const)('has no serious fault for those who hear, see little or use no mouse: %s', async (_what, options) => {
    await start(
      { emulator: { autoApprove: false }, settings: PROTECTED, config: TWO_SESSIONS },
      {
        ...options,
        // Half transparent while it rises, which is no contrast to judge.
        reducedMotion: 'reduce',
      },
    );
    const { page } = await openPage(context, rig);
    await page.getByRole('button', { name: `Sign in to Work` }).click();
    await page.locator('.signing-in').waitFor();
    expect(await findFaults(page)).toEqual([]);
    const { userCode = '' } = (await rig.client.call('signIn', { session: SESSION })) ?? {};
    rig.emulator.approve(userCode, 'taylor');
    await rows(page).nth(4).waitFor();
    await page.getByRole('button', { name: `Sign in to lab` }).click();
    await page.locator('.signing-in').waitFor();
    await page.locator('#search').fill('professional');
    await page.keyboard.press('Enter');
    // That of the sign-in may be there still.
    await page.locator('.toast').last().waitFor();
    expect(await findFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    const { id } = await rig.client.call('askApproval', { body: TAYLOR });
    await page.locator('.approval').getByRole('button', { name: 'Refuse', disabled: false }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    await rig.client.call('refuseApproval', { id });
    await page.locator('.approval .outcome').waitFor();
    expect(await findFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    expect(await findFaults(page)).toEqual([]);
    const fresh = await context.newPage();
    await fresh.goto(rig.daemon().webUrl ?? '');
    await fresh.getByRole('heading', { name: 'This page needs a new address' }).waitFor();
    expect(await findFaults(fresh)).toEqual([]);
    expect(await overflow(fresh)).toBe(0);
  });
});

const PROTECTED = `[session.${SESSION}]
label = "Work"

[session.lab]
flow = "pkce"

[[protect]]
account_id = "${TAYLOR.accountId}"

[[protect]]
permission_set = "Admin-AF-Permission-Set"
approve = "none"
`;

/** How much wider than the window the page is. */
function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
