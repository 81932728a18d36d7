// `rolecall web`: opens the page by a code that is good once, or prints what a program of the person's own needs.
import { UnavailableError } from '../../../core/errors.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';
import type { CliContext } from '../../context.ts';
import { fetchStatus } from '../../sessions.ts';

const MAX_WEB_FILE_BYTES = 64 * 1024;

export interface WebOptions {
  readonly print?: boolean;
  readonly token?: boolean;
}

export async function runWeb(options: WebOptions, context: CliContext): Promise<number> {
  if (options.token === true) {
    // The file is written by a daemon that runs, and removed at its end.
    await fetchStatus(context);
    context.stdout.write(`${await readToken(context.paths.webAddressFile)}\n`);
    return 0;
  }
  const { url } = await context.client.call('webCode', {}, { signal: context.signal });
  if (options.print !== true && (await context.openBrowser(url))) {
    context.stderr.write('The page was opened in your browser.\n');
    return 0;
  }
  context.stdout.write(`${url}\n`);
  context.stderr.write('Open it in a browser on this machine within a minute; it is good once.\n');
  return 0;
}

/** @throws UnavailableError web-unavailable: there is no such file, or it is not ours */
async function readToken(path: string): Promise<string> {
  try {
    const { token } = JSON.parse(await readBoundedFile(path, MAX_WEB_FILE_BYTES)) as { token?: unknown };
    if (typeof token === 'string') return token;
    throw new Error('there is no token in it');
  } catch (cause) {
    throw new UnavailableError('web-unavailable', 'The daemon could not open its web address.', { cause });
  }
}
