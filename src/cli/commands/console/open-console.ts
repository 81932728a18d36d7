// Opens the console's URL in the browser of the sso-session; a URL that is a secret goes through a private file.
import { pathToFileURL } from 'node:url';
import { isChained } from '../../../core/aws/chain-role.ts';
import { UsageError } from '../../../core/errors.ts';
import { BrowserFailure, nestsUrl } from '../../../core/text/browser-command.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import type { ConsoleDocument } from '../../../local-api/schemas.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import { describeBrowserFailure } from '../../browser-failure.ts';
import { describeConsole, describeEnd } from './describe-console.ts';
import type { ConsoleContext } from './options.ts';
import { deletePrivatePage, PAGE_LIFETIME_SECONDS, writePrivatePage } from './private-page.ts';

/** `printing` is the command that prints what could not be opened. */
export async function openConsole(found: ConsoleDocument, printing: string, context: ConsoleContext): Promise<void> {
  if (found.secret) {
    await openSecret(found, printing, context);
  } else if (await openIn(found.url, found, context)) {
    context.stderr.write(`Opened the console as ${describeConsole(found)} in your browser.\n`);
  } else {
    context.stderr.write(`Open the console as ${describeConsole(found)} in a browser, on this machine or another:\n`);
    context.stdout.write(`${found.url}\n`);
  }
}

/** Other users can see the browser's arguments, so these name a file that only this user can read. */
async function openSecret(found: ConsoleDocument, printing: string, context: ConsoleContext): Promise<void> {
  const { url } = found;
  const browser = await readBrowser(found, context);
  if (browser !== undefined && nestsUrl(browser)) {
    // A chained role has no link of the access portal.
    const hasLink = !isChained(found);
    throw new UsageError(
      'usage',
      `The browser of ${found.session} opens pages through another URL, which cannot carry a federated sign-in.${hasLink ? " Use the access portal's link instead." : ''}`,
      { hint: hasLink ? printing.replace(' --federated --print', '') : printing },
    );
  }
  const path = await writePrivatePage(context.paths.pageDirectory, url, {
    nowMs: context.clock.nowMs(),
    userId: context.userId,
  });
  let isOpened = false;
  try {
    isOpened = await openIn(pathToFileURL(path).href, found, context);
  } finally {
    if (isOpened) await context.deletePageLater(path, PAGE_LIFETIME_SECONDS);
    else await deletePrivatePage(path);
  }
  if (!isOpened) {
    throw new UsageError('usage', 'No browser can be opened here, and the URL is a secret.', { hint: printing });
  }
  context.stderr.write(
    `Opened the console as ${describeConsole(found)} in your browser, ${describeEnd(found, context)}.\n` +
      `The page is deleted in a minute. If your browser cannot read it (snap, flatpak): ${printing}\n`,
  );
}

async function openIn(target: string, found: ConsoleDocument, context: ConsoleContext): Promise<boolean> {
  const browser = await readBrowser(found, context);
  return context.openBrowser(target, browser).catch((error: unknown) => {
    throw describeFailure(error, found, context);
  });
}

/** From the settings, not from the answer: a command runs no program that an answer names. */
function readBrowser(found: ConsoleDocument, context: ConsoleContext): Promise<string | undefined> {
  return readBrowserSetting(context.paths.settingsFile, found.session, MAX_SETTINGS_BYTES).catch((error: unknown) => {
    throw describeFailure(error, found, context);
  });
}

function describeFailure(error: unknown, found: ConsoleDocument, context: ConsoleContext): unknown {
  return error instanceof BrowserFailure ? describeBrowserFailure(error, found, context) : error;
}
