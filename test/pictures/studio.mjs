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

/** `directory` gets one PNG a name; too large a one is an error, for they live in the repository. */
export async function createStudio(directory) {
  mkdirSync(directory, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), 'rcs-'));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    chromiumSandbox: false,
    args: FLAGS,
    env: { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC' },
  });

  const keep = (name, png) => {
    const path = join(directory, `${name}.png`);
    writeFileSync(path, shrinkPng(png));
    const { size } = statSync(path);
    console.log(`${path} (${Math.round(size / 1024)} KiB)`);
    if (size > LARGEST_BYTES) throw new Error(`${path} is larger than ${LARGEST_BYTES} bytes`);
  };

  return {
    /** A picture that something else than the browser has taken. */
    keep,
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
    async close() {
      await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
