// The programs that ask on the screen, in one file, so that all of their code is loaded before an upgrade replaces it.
import type { DialogDeps, DialogProgram } from './dialog.ts';
import { osascriptDialog } from './osascript-dialog.ts';
import { pinentry } from './pinentry.ts';
import { zenity } from './zenity.ts';

export function createDialogProgram(deps: DialogDeps): DialogProgram {
  if (deps.name === 'zenity') return zenity(deps);
  return deps.name === 'osascript' ? osascriptDialog(deps) : pinentry(deps);
}
