// `rolecall status`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

export const LINE_FORMATS = ['waybar', 'tmux', 'prompt'] as const;

const options = {
  '--check': 'print nothing; exit 0 if every sso-session is signed in, else 4',
  '--watch': 'print again at every change, until Ctrl-C; one event per line with --json, one line with --format',
  '--json': 'print the status as JSON',
  '--format <name>': {
    description: 'print one line for a bar or a prompt; does not start the daemon',
    choices: LINE_FORMATS,
  },
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'daily',
  description: 'show who is signed in, for how long, and what is wrong',
  options,
  help: `
For prompts, which should start no process, the daemon keeps the line of
--format prompt in ~/.local/state/rolecall/switch/prompt ("taylor.Admin ok"), on
macOS below ~/Library/Application Support/rolecall instead:

  PS1='$(<~/.local/state/rolecall/switch/prompt) \\$ '
  set -g status-right '#(rolecall status --format tmux)'`,
  isQuick: true,
  run: async ({ format, ...values }, context) => {
    if (format === undefined) return (await import('./run.ts')).runStatus(values, context);
    if (values.watch === true) return (await import('./watch-status.ts')).watchStatusLine(format, context);
    return (await import('./status-line.ts')).printStatusLine(format, context);
  },
} as const;
