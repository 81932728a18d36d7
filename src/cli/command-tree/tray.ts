// The command of the tray, in all its forms.
import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';

interface TrayOptions {
  readonly format?: string;
  readonly wait?: boolean;
}

export function addTrayCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('tray')
    .description('the current role, sessions and roles to switch to, in the tray of your desktop')
    .addOption(
      new Option('--format <host>', 'print the menu once, for a bar that shows what a program prints').choices([
        'swiftbar',
        'xbar',
        'argos',
      ]),
    )
    .option('--wait', 'wait for a tray instead of failing without one, for the start of a desktop')
    .addHelpText('after', TRAY_HELP)
    .action(async ({ format, wait }: TrayOptions) => {
      const flags = [...(format === undefined ? [] : ['--format', format]), ...(wait === true ? ['--wait'] : [])];
      done(await context.runProgram('tray', flags));
    });
}

const TRAY_HELP = `
Without options: an icon in a tray that speaks StatusNotifierItem (KDE, Xfce, LXQt,
Cinnamon, waybar, swaybar; GNOME with its AppIndicator extension), until you quit it.

Where there is no such tray:
  rolecall web                         the page in your browser
  rolecall tray --format swiftbar      the menu bar of macOS; also xbar, and argos for GNOME:
                                       an executable file rolecall.1m.sh among their plugins
                                           #!/bin/zsh -l     (for Argos: /bin/bash)
                                           exec rolecall tray --format swiftbar
  rolecall status --format waybar      one line for a bar; also tmux, and prompt`;
