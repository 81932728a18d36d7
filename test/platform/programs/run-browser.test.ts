// The browser's command is no relative path: what that names depends on where the caller stands.
import { expect, test } from 'vitest';
import { BrowserFailure } from '../../../src/core/text/browser-command.ts';
import { runBrowser } from '../../../src/platform/programs/run-browser.ts';

test.each(['tools/opener', './opener', '../opener'])('refuses %s', async (program) => {
  await expect(runBrowser([program, 'https://example.com/'], {})).rejects.toEqual(
    new BrowserFailure(`${program} is a relative path`),
  );
});
