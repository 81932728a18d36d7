// The error for a browser from the settings that could not be started.
import type { BrowserFailure } from '../core/text/browser-command.ts';
import { UsageError } from '../core/errors.ts';
import { editCommand } from '../core/text/quote-for-shell.ts';
import type { CliContext } from './context.ts';
import { shortenPath } from './terminal/render.ts';

/** Names the setting, with the command that opens its line in an editor. */
export function describeBrowserFailure(
  failure: BrowserFailure,
  setting: { readonly session: string; readonly browserLine?: number },
  context: Pick<CliContext, 'homeDirectory' | 'paths'>,
): UsageError {
  const file = context.paths.settingsFile;
  const line = setting.browserLine ?? 1;
  return new UsageError(
    'settings-invalid',
    `The browser of session "${setting.session}" (${shortenPath(file, context.homeDirectory)}, line ${line}) could not be started: ${failure.message}.`,
    { hint: editCommand(file, line), cause: failure },
  );
}
