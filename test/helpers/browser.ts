// Starts a real Chromium for the page, with its own home and no network but this machine.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { systemPart } from './system.ts';
import { createTemporaryHome } from './temporary-home.ts';
import type { Rig } from './rig.ts';

/** Chromium without the windows around a page, for which each page costs a fifth of the CPU time. */
const HEADLESS_SHELL = '/usr/bin/chromium-headless-shell';
export const CHROMIUM = existsSync(HEADLESS_SHELL) ? HEADLESS_SHELL : '/usr/bin/chromium';
export const hasChromium = systemPart('Chromium', CHROMIUM);

/** A name that leads to this machine, as a rebound one does. */
export const REBOUND_HOST = 'rebound.example';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // Everything else has no address at all, so that nothing leaves this machine.
  `--host-resolver-rules=MAP ${REBOUND_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost`,
];

export interface TestBrowser {
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Started once a file: it takes a second. */
export async function startBrowser(): Promise<TestBrowser> {
  const home = createTemporaryHome();
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    chromiumSandbox: false,
    args: FLAGS,
    env: { ...home.environment },
    // Its first start on a machine reads some hundred megabytes that no cache has yet.
    timeout: 90_000,
  });
  return {
    async newContext(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      context.setDefaultTimeout(40_000);
      return context;
    },
    async close() {
      await browser.close();
      await home.remove();
    },
  };
}

export interface OpenedPage {
  readonly page: Page;
  /** What the browser complained of: a script that failed, or what the Content-Security-Policy stopped. */
  readonly complaints: readonly string[];
}

/** The page as `rolecall web` opens it. */
export async function openPage(context: BrowserContext, rig: Pick<Rig, 'client'>): Promise<OpenedPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => void complaints.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  const { url } = await rig.client.call('webCode', {});
  await page.goto(url);
  await page.locator('#connection[data-state="live"]').waitFor();
  return { page, complaints };
}
