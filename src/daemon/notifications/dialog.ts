// The interface of the programs that ask a person on the screen, and the little that such a program gets to see.
import type { DesktopSources } from './choose-backend.ts';

/** Sanitized lines. The dialogs show them as plain text. */
export interface DialogQuestion {
  /** A fixed text. Qt looks for markup only in the first line. */
  readonly heading: string;
  readonly lines: readonly string[];
  /** The dialog closes by itself after this, should this process end without closing it. */
  readonly timeoutMs: number;
}

/**
 * `unavailable`: the program can't show a dialog here. `closed`: it was closed by the signal, or killed. Only `allowed` and
 * `denied` are answers.
 */
export type DialogOutcome = 'allowed' | 'denied' | 'timed-out' | 'closed' | 'unavailable';

export interface DialogProgram {
  /** For the log: the name of the program. */
  readonly name: string;
  /** Never rejects. Deny is the default button. */
  ask(question: DialogQuestion, signal: AbortSignal): Promise<DialogOutcome>;
}

export interface DialogDeps extends Pick<DesktopSources, 'spawn'> {
  readonly name: string;
  /** Its path, from `findProgram`. */
  readonly programPath: string;
  /** All of the program's environment: see `dialogEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where the display is and how text looks there. Not GTK_MODULES or QT_PLUGIN_PATH, which would load code. */
const PASSED = [
  'HOME',
  'PATH',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_DIRS',
  'XDG_CURRENT_DESKTOP',
] as const;

/**
 * Without the session bus: over its accessibility interface every program could press a button, on Wayland as well. An
 * address is set because libraries look for a bus in XDG_RUNTIME_DIR otherwise.
 */
const WITHOUT_BUS = {
  DBUS_SESSION_BUS_ADDRESS: 'disabled:',
  NO_AT_BRIDGE: '1',
  GTK_A11Y: 'none',
  QT_ACCESSIBILITY: '0',
} as const;

/** A program that can draw on Wayland gets no X display: there, every X program can click on the windows of the others. */
export function dialogEnvironment(
  environment: DesktopSources['environment'],
  displayName: 'DISPLAY' | 'WAYLAND_DISPLAY',
): Record<string, string> {
  const passed = [...PASSED, displayName].flatMap((name): [string, string][] => {
    const value = environment[name];
    return value === undefined || value === '' ? [] : [[name, value]];
  });
  const platform =
    displayName === 'DISPLAY'
      ? { GDK_BACKEND: 'x11', QT_QPA_PLATFORM: 'xcb' }
      : { GDK_BACKEND: 'wayland', QT_QPA_PLATFORM: 'wayland' };
  // GTK 4 then shows the window in half the time.
  return { ...Object.fromEntries(passed), ...platform, ...WITHOUT_BUS, GSK_RENDERER: 'cairo' };
}
