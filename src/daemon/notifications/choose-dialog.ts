// Finds the programs that can ask on this desktop's screen, the best first.
import type { DesktopSources } from './choose-backend.ts';
import { dialogEnvironment, type DialogProgram } from './dialog.ts';

interface Candidate {
  readonly name: string;
  readonly path: string;
  readonly displayName: 'DISPLAY' | 'WAYLAND_DISPLAY';
}

const QT = ['pinentry-qt', 'pinentry-qt6', 'pinentry-qt5'] as const;
const GTK = ['pinentry-gtk-2', 'pinentry-gtk'] as const;

/**
 * By name. Not plain `pinentry`, which may be the one for terminals, and never pinentry-gnome3: there Return allows
 * (1.3.1, measured 2026-11), and its prompt is a service on the session bus, whose name any program can take.
 */
const ON_X11 = [...GTK, ...QT, 'zenity'] as const;
/** GTK 2 can't draw there. */
const ON_WAYLAND = [...QT, 'zenity'] as const;

/**
 * Looks only for files, so that a program that was installed meanwhile is found. Empty without a display. Whoever asks must not
 * be able to put a program of that name into a folder of PATH, which would answer in place of the person.
 */
function findCandidates({ platform, environment, findSystemProgram }: DesktopSources): readonly Candidate[] {
  const find = (names: readonly string[], displayName: Candidate['displayName']) =>
    names.flatMap((name): Candidate[] => {
      const path = findSystemProgram(name);
      return path === undefined ? [] : [{ name, path, displayName }];
    });
  if (platform === 'darwin') return find(['osascript'], 'DISPLAY');
  const isSet = (name: string) => (environment[name] ?? '') !== '';
  return [
    ...(isSet('WAYLAND_DISPLAY') ? find(ON_WAYLAND, 'WAYLAND_DISPLAY') : []),
    ...(isSet('DISPLAY') ? find(ON_X11, 'DISPLAY') : []),
  ];
}

/** Whether this desktop has a program that can ask. Such a program may still find that its display is gone. */
export function canAskOnScreen(sources: DesktopSources): boolean {
  return findCandidates(sources).length > 0;
}

/** The programs to try, one after another. */
export async function chooseDialogs(sources: DesktopSources): Promise<readonly DialogProgram[]> {
  const { createDialogProgram } = await import('./dialog-programs.ts');
  const { environment, spawn } = sources;
  return findCandidates(sources).map(({ name, path, displayName }) =>
    createDialogProgram({
      name,
      programPath: path,
      environment: dialogEnvironment(environment, displayName),
      spawn,
    }),
  );
}
