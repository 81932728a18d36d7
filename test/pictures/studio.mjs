// Where pictures are taken: a Chromium with the fonts of a desktop, and the folder that they go to.
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { shrinkPng } from './small-png.mjs';

const LARGEST_BYTES = 150 * 1024;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-lcd-text',
];

const TERMINAL_CSS = `
body { margin: 0; background: #fff }
pre { display: inline-block; margin: 0; padding: 18px 22px; border: 1px solid #d0d7de; border-radius: 8px;
  background: #fbfbfa; color: #24292f; font: 15px/1.4 "JetBrains Mono", "DejaVu Sans Mono", monospace }`;

/** `directory` gets one file a name; too large a one is an error, for they live in the repository. */
export async function createStudio(directory) {
  mkdirSync(directory, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), 'rcs-'));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    chromiumSandbox: false,
    args: FLAGS,
    env: { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC' },
  });

  const keep = (name, png) => keepFile(`${name}.png`, shrinkPng(png));
  const keepFile = (name, content) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    const { size } = statSync(path);
    console.log(`${path} (${Math.round(size / 1024)} KiB)`);
    if (size > LARGEST_BYTES) throw new Error(`${path} is larger than ${LARGEST_BYTES} bytes`);
  };

  return {
    /** A picture that something else than the browser has taken. */
    keep,
    /** One that is no PNG, with the extension in its name. */
    keepFile,
    /** The page of a world as `rolecall web` opens it, in a window of its own. */
    async openPage(world, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        reducedMotion: 'reduce',
        ...options,
      });
      const page = await context.newPage();
      const { url } = await world.client.call('webCode', {});
      await page.goto(url);
      await page.locator('#connection[data-state="live"]').waitFor();
      return page;
    },
    /** Takes the picture and closes the window. */
    async shoot(page, name) {
      await page.evaluate('document.fonts.ready');
      keep(name, await page.screenshot());
      await page.context().close();
    },
    /** What a terminal shows, in a window as wide as it needs. */
    async shootMarkup(markup, name) {
      const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
      await page.setContent(`<meta charset="utf-8"><style>${TERMINAL_CSS}</style><pre>${markup}</pre>`);
      keep(name, await page.locator('pre').screenshot());
      await page.close();
    },
    async close() {
      await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
