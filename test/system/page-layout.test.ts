// How the page fits: at every size the names of two roles differ, and sign-ins and problems leave the list its room.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generateDirectory } from '../../src/emulator/directory/generate-directory.ts';
import type { StatusDocument } from '../../src/local-api/schemas.ts';
import { hasChromium, openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { createRig, SESSION, TWO_SESSIONS, type Rig, type RigOptions } from '../helpers/rig.ts';

const SLOW_MS = 120_000;
/** The last is 1280 x 800 at 200 %. */
const SIZES = ['1440x900', '1100x750', '800x600', '390x844', '640x400'] as const;

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

/** Forty accounts of one team, whose names differ in the middle and at the end, with long permission sets. */
function createTeam() {
  const directory = generateDirectory({ accountCount: 40, permissionSetCount: 3 });
  const sets = ['AdministratorAccess', 'Billing-and-Cost-Management', 'ReadOnly'];
  const renamed = new Map(directory.permissionSets.map(({ name }, index) => [name, sets[index] ?? name]));
  const rename = (name: string) => renamed.get(name) ?? name;
  return {
    ...directory,
    accounts: directory.accounts.map((account, index) => ({
      ...account,
      accountName: `Payments platform ${index % 2 === 0 ? 'production' : 'nonproduction'} ${Math.floor(index / 2) + 10}`,
    })),
    permissionSets: directory.permissionSets.map((set) => ({ ...set, name: rename(set.name) })),
    assignments: directory.assignments.map((each) => ({ ...each, permissionSet: rename(each.permissionSet) })),
  };
}

async function start(options: RigOptions = {}): Promise<void> {
  rig = await createRig({ emulator: { directory: createTeam() }, config: TWO_SESSIONS, ...options });
  context = await browser.newContext({ reducedMotion: 'reduce' });
  expect(await rig.runCli(['login', SESSION, '--no-browser'])).toMatchObject({ exitCode: 0 });
  rig.emulator.turnKnobs({ autoApprove: false });
}

async function resize(page: Page, size: string): Promise<void> {
  const [width = 0, height = 0] = size.split('x').map(Number);
  await page.setViewportSize({ width, height });
  // The columns follow in the next frame.
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
}

interface ShownRow {
  readonly visible: string;
  readonly full: string;
  readonly titles: string;
  readonly isCut: boolean;
}

/** What each row shows, what screen readers read, what is shown on hover, and whether a cell ends before its text. */
const rowsShown = (page: Page) =>
  page.evaluate<ShownRow[]>(`(() => {
    const visibleOf = (cell) => {
      const copy = cell.cloneNode(true);
      for (const cut of copy.querySelectorAll('.cut')) cut.textContent = '…';
      return copy.textContent;
    };
    return [...document.querySelectorAll('#role-grid .row')].map((row) => {
      const cells = [row.querySelector('.name'), row.querySelector('.id'), row.querySelector('.set .text')];
      return {
        visible: cells.filter((cell) => !cell.matches('.id')).map(visibleOf).join(' | '),
        full: cells.map((cell) => cell.textContent).join(' | '),
        titles: [row.querySelector('.name').title, row.querySelector('.set').title].join(' | '),
        isCut: cells.some((cell) => cell.scrollWidth > cell.clientWidth + 1),
      };
    });
  })()`);

describe.skipIf(!hasChromium)('the page', { timeout: SLOW_MS }, () => {
  test('cuts nothing that distinguishes two roles, and has the full text for hover, focus and screen readers', async () => {
    await start();
    const { roles } = await rig.client.call('roles', { query: {} });
    for (const role of roles.slice(0, 3)) {
      const { session, accountId, permissionSet } = role;
      await rig.client.call('setCurrent', { body: { session, accountId, permissionSet, profile: null } });
    }
    const { page, complaints } = await openPage(context, rig);
    await page.locator('#role-grid[aria-rowcount="121"]').waitFor();
    let shortened = 0;
    for (const size of SIZES) {
      await resize(page, size);
      const rows = await rowsShown(page);
      expect(rows.length).toBeGreaterThan(5);
      expect({ size, cut: rows.filter(({ isCut }) => isCut) }).toEqual({ size, cut: [] });
      expect(new Set(rows.map(({ visible }) => visible)).size).toBe(rows.length);
      const known = roles.map(({ accountName, accountId, permissionSet }) => [accountName, accountId, permissionSet]);
      for (const { full, titles } of rows) {
        expect(known.map((names) => names.join(' | '))).toContain(full);
        expect(titles).toBe(full.replace(/ \| \d{12} \| /u, ' | '));
      }
      shortened += rows.filter(({ visible }) => visible.includes('…')).length;
    }
    expect(shortened).toBeGreaterThan(0);

    await resize(page, '390x844');
    const gap = () =>
      page.evaluate(`getComputedStyle(document.querySelector('.recent .chip .cut'), '::before').content`);
    expect(await gap()).toContain('…');
    // By a key, as a person without a mouse reaches it.
    await page.locator('#search').focus();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('chip');
    expect(await gap()).toBe('none');
    expect(complaints).toEqual([]);
  });

  test('measures text as the browser lays it out', async () => {
    await start();
    const { page } = await openPage(context, rig);
    const texts = ['Payments production 10', '検証 Zürich', '🚀 Launchpad 𠮷', 'Payments…10'];
    const measured = await page.evaluate<[measured: number, laidOut: number][]>(`(async () => {
      const { createTextWidths } = await import('/frame/text-width.js');
      const sample = document.createElement('span');
      sample.className = 'measured';
      document.body.append(sample);
      const { widthOf } = createTextWidths({ widthOf: sample });
      return ${JSON.stringify(texts)}.map((text) => {
        sample.textContent = text;
        return [widthOf(text), sample.getBoundingClientRect().width];
      });
    })()`);
    for (const [index, [width, laidOut]] of measured.entries()) {
      expect({ text: texts[index], isClose: Math.abs(width - laidOut) < 0.1 * laidOut }).toEqual({
        text: texts[index],
        isClose: true,
      });
    }
  });

  test('shows what was done above the buttons of the selected role', async () => {
    await start();
    const { page } = await openPage(context, rig);
    await page.locator('#role-grid[aria-rowcount="121"]').waitFor();
    for (const size of ['390x844', '640x400']) {
      await resize(page, size);
      await page.locator('#search').focus();
      await page.keyboard.press('ArrowDown');
      await page.locator('#details .buttons').waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.toast').first().waitFor();
      const covered = await page.evaluate(`(() => {
        const [toasts, panel] = [...document.querySelectorAll('.toasts, .detail')]
          .sort((one, other) => Number(one.matches('.detail')) - Number(other.matches('.detail')))
          .map((part) => part.getBoundingClientRect());
        return Math.max(0, Math.round(toasts.bottom - panel.top));
      })()`);
      expect({ size, covered }).toEqual({ size, covered: 0 });
      await page.locator('.toast button[aria-label="Dismiss"]').first().click();
      await page.locator('.toast').waitFor({ state: 'detached' });
    }
  });

  test.each(['a pending sign-in', 'five problems'] as const)('leaves the list its room beside %s', async (what) => {
    await start();
    if (what === 'a pending sign-in') await rig.client.call('startSignIn', { session: 'lab', body: {} });
    else await answerWithProblems();
    const { page } = await openPage(context, rig);
    await page.locator('#role-grid[aria-rowcount="121"]').waitFor();
    await page
      .locator(what === 'a pending sign-in' ? '.signing-in' : '.problems .notice')
      .first()
      .waitFor();
    for (const size of SIZES) {
      await resize(page, size);
      const {
        top = 0,
        height = 0,
        ...rest
      } = await page.evaluate<Record<string, number>>(`(() => {
        const { top, height } = document.querySelector('.list').getBoundingClientRect();
        const overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        return { top: Math.round(top), height: Math.round(height), overflow };
      })()`);
      expect({ size, ...rest, isHigh: height >= 250 }).toEqual({ size, overflow: 0, isHigh: true });
      // At 200 % there is no room for more than the search below what is pending.
      if (size === '640x400') continue;
      expect({ size, twoRowsInSight: top + 2 * 64 <= Number(size.split('x')[1]) }).toEqual({
        size,
        twoRowsInSight: true,
      });
    }
    const times = page.locator('.session .times').first();
    expect(await times.isVisible()).toBe(false);
    await page.getByRole('button', { name: `Times of ${SESSION}` }).click();
    expect(await times.isVisible()).toBe(true);
    // A role that is selected is above the panel with its actions.
    await page.locator('#search').focus();
    for (let row = 0; row < 3; row += 1) await page.keyboard.press('ArrowDown');
    const isInSight = () =>
      page.evaluate(`(() => {
        const row = document.querySelector('#role-grid .row[aria-selected="true"]');
        const { left, bottom } = row.getBoundingClientRect();
        return document.elementFromPoint(left + 20, bottom - 4)?.closest('.row') === row;
      })()`);
    await expect.poll(isInSight).toBe(true);
    if (what !== 'five problems') return;
    const others = page.locator('.problems .notice').nth(4);
    expect(await others.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Show all problems' }).click();
    await others.scrollIntoViewIfNeeded();
    expect(await others.isVisible()).toBe(true);
    expect(await page.evaluate('document.activeElement.ariaExpanded')).toBe('true');
  });
});

/** As a daemon answers to which everything has happened at once; the stream then ends. */
async function answerWithProblems(): Promise<void> {
  const problems: StatusDocument['problems'] = [
    { code: 'identity-center-unreachable', message: LONG_MESSAGE, hint: 'rolecall doctor', session: SESSION },
    { code: 'roles-lost', message: LONG_MESSAGE, hint: 'rolecall profiles sync --prune' },
    { code: 'config-section-not-ours', message: 'The config file has two sections.', hint: 'rolecall doctor' },
    { code: 'settings-without-effect', message: 'The settings name no role.', hint: 'rolecall doctor' },
    { code: 'secret-store-locked', message: 'The keychain is locked.', hint: 'rolecall doctor' },
  ];
  await context.route('**/v1/events', async (route) => {
    const status = { ...(await rig.client.call('status', {})), problems };
    const data = JSON.stringify({ version: status.version, status });
    await route.fulfill({ contentType: 'text/event-stream', body: `id: 1-1\nevent: hello\ndata: ${data}\n\n` });
  });
}

const LONG_MESSAGE =
  'IAM Identity Center can’t be reached at oidc.us-east-1.amazonaws.com: the connection was refused by the proxy of this network. It is tried again in 40 seconds.';
