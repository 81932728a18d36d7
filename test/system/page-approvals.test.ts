// Approvals on the page, in a real Chromium against a real daemon: at once, above everything, and never approved by accident.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MIN_READING_MS } from '../../src/daemon/approvals/on-screen.ts';
import type { Desktop } from '../../src/daemon/notifications/desktop.ts';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import type { ApprovalDocument } from '../../src/local-api/schemas.ts';
import { findFaults } from '../helpers/accessibility.ts';
import { hasChromium, openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { createRecordingDesktop } from '../helpers/recording-desktop.ts';
import { createRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { addVirtualAuthenticator } from '../helpers/virtual-authenticator.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A browser that was just installed, on a machine that does other things, takes its time for all that a test does. */
const SLOW_MS = 120_000;
const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const OTHER = { session: SESSION, accountId: '222222222222', permissionSet: 'Admin-AF-Permission-Set' };
const PASSKEY = '[[protect]]\npermission_set = "Admin-*"\napprove = "passkey"\n';
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

  test('is approved with a passkey that was added here after a click, and only when the passkey verifies its user', async () => {
    const dialog = createDialog();
    await start({ settings: PASSKEY, desktop: dialog.desktop });
    const { page, complaints } = await openPage(context, rig);
    await page.getByRole('button', { name: 'Passkeys' }).click();
    await page.getByRole('dialog').getByText('You have no passkey yet.').waitFor();

    // The question closes the dialog that would cover it.
    const adding = await rig.client.call('addPasskey', { body: { label: 'laptop' } });
    const addPanel = panelOf(page, adding);
    await addPanel.getByText('Answer in the dialog on your screen.').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await dialog.allow();
    await addPanel.getByRole('button', { name: 'Create the passkey' }).waitFor();

    // A page that the command opened and that loaded late, as in a browser that had to start.
    const late = await context.newPage();
    const authenticator = await addVirtualAuthenticator(late);
    await late.goto(`${(await rig.client.call('passkeyPage', {})).url}.${adding.id}`);
    const latePanel = panelOf(late, adding);
    await latePanel.getByRole('button', { name: 'Create the passkey' }).click();
    await latePanel.getByText('The passkey was added.').waitFor();
    await latePanel.getByRole('button', { name: 'Dismiss' }).click();

    const keys = rig.runCli([
      'credential-process',
      '--session',
      SESSION,
      '--account',
      ROLE.accountId,
      '--role',
      ROLE.permissionSet,
    ]);
    const approve = late.locator('.approval').getByRole('button', { name: 'Approve with passkey' });
    await authenticator.setUserVerified(false);
    await approve.click();
    await late.locator('.approval .problem', { hasText: /./ }).waitFor();
    expect((await rig.client.call('approvals', {})).approvals).toMatchObject([
      { state: 'pending', approve: 'passkey' },
    ]);

    await authenticator.setUserVerified(true);
    await approve.click();
    for (const tab of [page, late]) await tab.locator('.approval .outcome', { hasText: /^Approved\.$/ }).waitFor();
    expect(await keys).toMatchObject({ exitCode: 0 });
    await page.getByRole('button', { name: 'Passkeys' }).click();
    await page.getByRole('dialog').getByText('laptop', { exact: true }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('is not needed to lock, and what the unlock needs is asked right away', async () => {
    await start({ settings: `unlock = "click"\n${CLICK}` });
    const { page, complaints } = await openPage(context, rig);
    await page.locator('#role-grid .row').nth(4).waitFor();
    await page.getByRole('button', { name: 'Lock' }).click();
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    expect(await page.title()).toMatch(/^Locked – /);
    expect(await page.locator('#board').isVisible()).toBe(false);
    expect(await focused(page)).toBe('Unlock');
    expect(await findFaults(page)).toEqual([]);
    expect((await rig.client.call('status', {})).lock).toMatchObject({ isLocked: true, reason: 'command' });

    await page.getByRole('button', { name: 'Unlock' }).click();
    const panel = page.locator('.approval', { hasText: 'Unlock rolecall' });
    await panel.getByRole('button', { name: 'Refuse' }).click();
    await panel.locator('.outcome', { hasText: 'Refused.' }).waitFor();
    expect((await rig.client.call('status', {})).lock).toMatchObject({ isLocked: true });
    expect(complaints).toEqual([]);
  });

  test('is not asked for where a command unlocks', async () => {
    await start();
    expect(await rig.runCli(['lock'])).toMatchObject({ exitCode: 0 });
    const { page, complaints } = await openPage(context, rig);
    await page.getByRole('heading', { name: 'Locked' }).waitFor();
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.locator('#role-grid .row').nth(4).waitFor();
    expect(await page.locator('#locked').isVisible()).toBe(false);
    expect((await rig.client.call('status', {})).lock?.isLocked ?? false).toBe(false);
    expect(complaints).toEqual([]);
  });
});

/** A desktop whose dialog a person allows once it has been there for long enough to be read. */
function createDialog() {
  let shown: { readonly atMs: number; readonly allow: () => void } | undefined;
  const desktop: Desktop = {
    ...createRecordingDesktop(),
    canAsk: () => true,
    loadDialogs: async () => [
      {
        name: 'a dialog',
        ask: (_question, signal) =>
          new Promise((resolve) => {
            shown = { atMs: performance.now(), allow: () => resolve('allowed') };
            signal.addEventListener('abort', () => resolve('closed'), { once: true });
          }),
      },
    ],
  };
  return {
    desktop,
    async allow() {
      await waitFor(
        'a dialog that was there for a while',
        () => shown !== undefined && performance.now() - shown.atMs > MIN_READING_MS,
      );
      shown?.allow();
    },
  };
}
