// The completions for each shell. Commands and flags are written into the text; names are looked up in files with awk, so Tab starts no Node.
import { bashCompletion } from './bash-completion.ts';
import type { CommandWords } from './command-words.ts';
import { fishCompletion } from './fish-completion.ts';
import type { HookShell } from './hook-text.ts';
import { zshCompletion } from './zsh-completion.ts';

const FORMATS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** The completions of all `commands`; names come from files in `switchDirectory` and from the shared config file. */
export function formatCompletion(shell: HookShell, commands: readonly CommandWords[], switchDirectory: string): string {
  return FORMATS[shell](commands, switchDirectory);
}
