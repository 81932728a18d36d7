// Approvals on the page, in a real Chromium against a real daemon: at once, above everything, and never approved by accident.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import type { ApprovalDocument } from '../../src/local-api/schemas.ts';
import { hasChromium, openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { createRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';

/** A browser that was just installed, on a machine that does other things, takes its time for all that a test does. */
const SLOW_MS = 120_000;
const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const OTHER = { session: SESSION, accountId: '222222222222', permissionSet: 'Admin-AF-Permission-Set' };
const CLICK = '[[protect]]\npermission_set = "Admin-*"\n';

let browser: TestBrowser;
let rig: Rig;
let context: BrowserContext;

beforeAll(async () => {
  if (hasChromium) browser = await startBrowser();
}, SLOW_MS);
afterAll(() => browser?.close());
afterEach(async () => {
  await context?.close();
  await rig?.remove();
});

async function start(options: RigOptions = {}): Promise<void> {
  rig = await createRig({ settings: CLICK, ...options });
  context = await browser.newContext({ reducedMotion: 'reduce' });
  expect(await rig.runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
}

const ask = (role = ROLE): Promise<ApprovalDocument> => rig.client.call('askApproval', { body: role });
const stateOf = async ({ id }: ApprovalDocument) => (await rig.client.call('approval', { id })).state;
const panelOf = (page: Page, { id }: ApprovalDocument) =>
  page.locator('.approval').filter({ has: page.locator(`[id="approval-${id}"]`) });
const focused = (page: Page) => page.evaluate('document.activeElement.id || document.activeElement.textContent');

describe.skipIf(!hasChromium)('an approval on the page', { timeout: SLOW_MS }, () => {
  test('appears at once above everything, takes no focus, and no key typed elsewhere answers it', async () => {
    await start();
    const { page, complaints } = await openPage(context, rig);
    await page.locator('#role-grid .row').nth(4).waitFor();
    const marks = page.locator('#role-grid .row .asks');
    expect(new Set(await marks.allTextContents())).toEqual(new Set([' click']));
    await page.locator('#search').focus();
    const approval = await ask();
    const panel = panelOf(page, approval);
    await panel.getByRole('button', { name: 'Refuse' }).waitFor();
    expect(await focused(page)).toBe('search');
    expect(await page.title()).toMatch(/^\(1\) Approval needed – /);
    expect((await page.locator('.approvals').boundingBox())?.y).toBe(0);
    expect(await panel.locator('h2').innerText()).toMatch(/^taylor\s+111111111111\s+Admin-AF-Permission-Set$/);
    expect(await panel.locator('.left').textContent()).toMatch(/^(1 min \d\d|2 min 00) s left$/);
    expect(await panel.innerText()).toMatch(/Process\s+\d+/);
    expect(await page.locator('#alert').textContent()).toContain('Approval needed: taylor 111111111111');
    // By a click elsewhere it was asked for, so this page says where, and has no button for it.
    expect(await panel.innerText()).toContain('This page can’t approve it');
    expect(await panel.getByRole('button').allTextContents()).toEqual(['Refuse']);
    for (const key of ['Enter', ' ', 'Escape']) await page.keyboard.press(key);
    expect(await stateOf(approval)).toBe('pending');

    // The key leads to the heading, from which Enter answers nothing either.
    await page.locator('#role-grid').focus();
    await page.keyboard.press('a');
    expect(await focused(page)).toBe(`approval-${approval.id}`);
    await page.keyboard.press('Enter');
    expect(await stateOf(approval)).toBe('pending');
    expect(complaints).toEqual([]);
  });

  test('is refused here or settled elsewhere, each in its own panel, and is there after a reload', async () => {
    await start();
    const { page, complaints } = await openPage(context, rig);
    const first = await ask();
    const second = await ask(OTHER);
    await panelOf(page, second).waitFor();
    await page.reload();
    for (const approval of [first, second]) await panelOf(page, approval).waitFor();
    expect(await page.title()).toMatch(/^\(2\) Approval needed – /);

    await panelOf(page, first).getByRole('button', { name: 'Refuse' }).click();
    await panelOf(page, first).locator('.outcome', { hasText: 'Refused.' }).waitFor();
    expect(await stateOf(first)).toBe('refused');
    expect(await stateOf(second)).toBe('pending');
    // The focus stays where the button was.
    expect(await focused(page)).toBe('Dismiss');

    await rig.client.call('refuseApproval', { id: second.id });
    await panelOf(page, second).locator('.outcome', { hasText: 'Refused.' }).waitFor();
    await panelOf(page, first).getByRole('button', { name: 'Dismiss' }).click();
    await panelOf(page, first).waitFor({ state: 'detached' });
    expect(await page.title()).not.toContain('Approval');
    expect(complaints).toEqual([]);
  });

  test('shows hostile names as text', async () => {
    const directory = createDefaultDirectory();
    const accountName = `<img src=x onerror="document.title='pwned'">\u202e\nx`;
    const accounts = directory.accounts.map((account) =>
      account.accountId === ROLE.accountId ? { ...account, accountName } : account,
    );
    await start({ emulator: { directory: { ...directory, accounts } } });
    const { page, complaints } = await openPage(context, rig);
    const panel = panelOf(page, await ask());
    await panel.waitFor();
    expect(await panel.locator('h2 .name').textContent()).toBe(accountName.replaceAll(/[\u202e\n]/g, '\ufffd'));
    expect(await page.locator('.approvals img, #alert img').count()).toBe(0);
    expect(await page.title()).not.toBe('pwned');
    expect(complaints).toEqual([]);
  });
});
