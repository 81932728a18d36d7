// The lines that install the hook and the completions: in the current shell, or in every new one without slowing its start.
import { HOOK_SHELLS, type HookShell } from './hook-text.ts';

const INIT = 'rolecall shell-init';
const COMPLETION = 'rolecall completion';

/** The shell that `$SHELL` names; undefined for one that rolecall has no hook for. */
export function guessHookShell(shell: string | undefined): HookShell | undefined {
  return HOOK_SHELLS.find((name) => name === (shell ?? '').split('/').at(-1));
}

/** One line that loads the hook into the current shell. */
export function readHookLine(shell: HookShell): string {
  return shell === 'fish' ? `${INIT} fish | source` : `eval "$(${INIT} ${shell})"`;
}

/** Lines that load the hook in every new shell, from a file, so that shells start without running rolecall. */
export function hookInstallLines(shell: HookShell): readonly string[] {
  // fish loads a function from the file of that name on the first call.
  if (shell === 'fish') {
    return ['mkdir -p ~/.config/fish/functions', `${INIT} fish > ~/.config/fish/functions/rolecall.fish`];
  }
  return installInto(`${INIT} ${shell}`, `hook.${shell}`, shell);
}

/** The same for completions. */
export function completionInstallLines(shell: HookShell): readonly string[] {
  if (shell === 'fish') {
    return ['mkdir -p ~/.config/fish/completions', `${COMPLETION} fish > ~/.config/fish/completions/rolecall.fish`];
  }
  return installInto(`${COMPLETION} ${shell}`, `completion.${shell}`, shell);
}

function installInto(command: string, file: string, shell: 'bash' | 'zsh'): readonly string[] {
  return [
    'mkdir -p ~/.config/rolecall',
    `${command} > ~/.config/rolecall/${file}`,
    `echo 'source ~/.config/rolecall/${file}' >> ~/.${shell}rc`,
  ];
}
