// How hook and completions get into a shell: at once, and for good at the lowest price for each start of it.
import { HOOK_SHELLS, type HookShell } from './hook-text.ts';

const INIT = 'rolecall shell-init';
const COMPLETION = 'rolecall completion';

/** The shell that `$SHELL` names; undefined for one that has no hook of ours. */
export function guessHookShell(shell: string | undefined): HookShell | undefined {
  return HOOK_SHELLS.find((name) => name === (shell ?? '').split('/').at(-1));
}

/** One line that reads the hook into the shell it is typed in. */
export function readHookLine(shell: HookShell): string {
  return shell === 'fish' ? `${INIT} fish | source` : `eval "$(${INIT} ${shell})"`;
}

/** Lines that make every new shell have the hook, from a file, so that no start of a shell waits for a program. */
export function hookInstallLines(shell: HookShell): readonly string[] {
  // fish looks for a function in a file of its name when it is first called.
  if (shell === 'fish') return [`${INIT} fish > ~/.config/fish/functions/rolecall.fish`];
  return installInto(`${INIT} ${shell}`, `hook.${shell}`, shell);
}

/** The same for completions. */
export function completionInstallLines(shell: HookShell): readonly string[] {
  if (shell === 'fish') return [`${COMPLETION} fish > ~/.config/fish/completions/rolecall.fish`];
  return installInto(`${COMPLETION} ${shell}`, `completion.${shell}`, shell);
}

function installInto(command: string, file: string, shell: 'bash' | 'zsh'): readonly string[] {
  return [
    'mkdir -p ~/.config/rolecall',
    `${command} > ~/.config/rolecall/${file}`,
    `echo 'source ~/.config/rolecall/${file}' >> ~/.${shell}rc`,
  ];
}
