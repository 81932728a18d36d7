// The `browser` of an sso-session in the user's own settings. Clients run this one, never a program named in an answer.
import { BrowserFailure } from '../../core/text/browser-command.ts';
import { readBoundedFile } from '../files/bounded-read.ts';

/**
 * The command template for the pages of `session`; undefined if the settings have none.
 * @throws BrowserFailure: the settings can't be read, or are larger than `maxBytes`
 */
export async function readBrowserSetting(
  settingsFile: string,
  session: string,
  maxBytes: number,
): Promise<string | undefined> {
  let text: string;
  try {
    text = await readBoundedFile(settingsFile, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BrowserFailure(`the settings can't be read (${(error as Error).message})`);
  }
  const { parse } = await import('smol-toml');
  let settings: { session?: Readonly<Record<string, { browser?: unknown }>> };
  try {
    settings = parse(text);
  } catch {
    throw new BrowserFailure('the settings are not valid');
  }
  const sessions = settings.session ?? {};
  const template = Object.hasOwn(sessions, session) ? sessions[session]?.browser : undefined;
  return typeof template === 'string' ? template : undefined;
}
