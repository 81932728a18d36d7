// `rolecall tray`: its options and help; it runs as a program of its own.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--format <host>': {
    description: 'print the menu once, for a bar that shows the output of programs',
    choices: ['swiftbar', 'xbar', 'argos'],
  },
  '--wait': 'wait for a tray instead of failing without one, for autostart',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'integrations',
  description: 'show sessions and roles in the tray of your desktop',
  options,
  help: `
Without options: an icon in a tray that supports StatusNotifierItem (KDE, Xfce,
LXQt, Cinnamon, waybar, swaybar; GNOME with its AppIndicator extension), until
you quit it.

If there is no such tray:
  rolecall web                       the page in your browser
  rolecall tray --format swiftbar    the menu bar of macOS; also xbar, and
                                     argos for GNOME
  rolecall status --format waybar    one line for a bar; also tmux and prompt

For SwiftBar, xbar and Argos, put an executable file rolecall.1m.sh into their
plugin folder:

  #!/bin/zsh -l
  exec rolecall tray --format swiftbar

Argos needs /bin/bash instead of /bin/zsh -l.`,
  run: ({ format, wait }, context) =>
    context.runProgram('tray', [
      ...(format === undefined ? [] : ['--format', format]),
      ...(wait === true ? ['--wait'] : []),
    ]),
} as const;
