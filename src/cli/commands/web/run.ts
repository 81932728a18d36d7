// `rolecall web`: opens the page with a one-time code, or prints the address or the token.
import { UnavailableError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';
import type { CliContext, DaemonAccess, Output, Places } from '../../context.ts';
import { fetchStatus } from '../../sessions.ts';

const MAX_WEB_FILE_BYTES = 64 * 1024;

export interface WebOptions {
  readonly print?: boolean;
  readonly token?: boolean;
  readonly json?: boolean;
}

export async function runWeb(
  options: WebOptions,
  context: DaemonAccess & Output & Places & Pick<CliContext, 'openBrowser'>,
): Promise<number> {
  if (options.token === true) {
    // The daemon writes the file when it starts and removes it when it stops.
    await fetchStatus(context);
    const token = await readToken(context.paths.webAddressFile);
    context.stdout.write(options.json === true ? formatJsonLine({ token }) : `${token}\n`);
    return 0;
  }
  const { url } = await context.client.call('webCode', {}, { signal: context.signal });
  if (options.json === true) {
    context.stdout.write(formatJsonLine({ url }));
    return 0;
  }
  if (options.print !== true && (await context.openBrowser(url))) {
    context.stderr.write('Opened the page in your browser.\n');
    return 0;
  }
  context.stdout.write(`${url}\n`);
  context.stderr.write('Open it in a browser on this machine within a minute. It works once.\n');
  return 0;
}

/** @throws UnavailableError web-unavailable: the file does not exist or is not ours */
async function readToken(path: string): Promise<string> {
  try {
    const { token } = JSON.parse(await readBoundedFile(path, MAX_WEB_FILE_BYTES)) as { token?: unknown };
    if (typeof token === 'string') return token;
    throw new Error('the file has no token');
  } catch (cause) {
    throw new UnavailableError('web-unavailable', 'The daemon could not open its web address.', { cause });
  }
}
