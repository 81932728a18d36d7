// Which desktop, if any, this daemon can speak to.
import type { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { isWsl } from '../../platform/wsl.ts';
import type { NotificationBackend } from './backend.ts';
import type { notifySend } from './notify-send.ts';

export interface DesktopSources {
  readonly platform: NodeJS.Platform;
  /** `os.release()`: under WSL it names Microsoft, whatever the environment has lost on the way. */
  readonly kernelRelease: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path of a program, or undefined when there is none of this name on PATH. */
  readonly findProgram: (name: string) => string | undefined;
  readonly isThere: (path: string) => boolean;
  readonly spawn: typeof spawn;
  readonly clock: Clock;
}

/** Where Windows keeps it; PATH may have been made without Windows' own. */
const POWERSHELL = '/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe';

/** The backend for this desktop, of which alone the code is loaded; undefined on a machine without one. */
export async function chooseNotificationBackend(sources: DesktopSources): Promise<NotificationBackend | undefined> {
  const { findProgram } = sources;
  if (sources.platform === 'darwin') {
    return build(async () => (await import('./osascript.ts')).osascript, findProgram('osascript'), sources);
  }
  if (isWsl(sources)) {
    const path = findProgram('powershell.exe') ?? (sources.isThere(POWERSHELL) ? POWERSHELL : undefined);
    if (path !== undefined) {
      return build(async () => (await import('./windows-toast.ts')).windowsToast, path, sources);
    }
  }
  if (!hasDisplay(sources.environment) || !hasSessionBus(sources)) return undefined;
  return build(async () => (await import('./notify-send.ts')).notifySend, findProgram('notify-send'), sources);
}

export function hasDisplay(environment: DesktopSources['environment']): boolean {
  return [environment['WAYLAND_DISPLAY'], environment['DISPLAY']].some(Boolean);
}

function hasSessionBus({ environment, isThere }: DesktopSources): boolean {
  if (environment['DBUS_SESSION_BUS_ADDRESS']) return true;
  const runtimeDirectory = environment['XDG_RUNTIME_DIR'];
  return runtimeDirectory !== undefined && isThere(join(runtimeDirectory, 'bus'));
}

async function build(
  load: () => Promise<typeof notifySend>,
  programPath: string | undefined,
  { spawn, environment, clock }: DesktopSources,
): Promise<NotificationBackend | undefined> {
  if (programPath === undefined) return undefined;
  const create = await load();
  return create({ spawn, programPath, environment, clock });
}
