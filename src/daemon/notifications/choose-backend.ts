// Chooses the notification backend for this desktop.
import type { spawn } from 'node:child_process';
import type { Clock } from '../../core/clock.ts';
import { isWsl } from '../../platform/process/wsl.ts';
import type { NotificationBackend } from './backend.ts';
import type { osascript } from './osascript.ts';

export interface DesktopSources {
  readonly platform: NodeJS.Platform;
  /** `os.release()`: it names Microsoft under WSL, even when the environment variables of WSL are missing. */
  readonly kernelRelease: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The path of a program, or undefined when it is not on PATH. */
  readonly findProgram: (name: string) => string | undefined;
  /** The same for programs that no program of the user can replace. */
  readonly findSystemProgram: (name: string) => string | undefined;
  readonly isThere: (path: string) => boolean;
  readonly spawn: typeof spawn;
  readonly clock: Clock;
}

/** Its location in Windows; WSL's PATH may not include it. */
const POWERSHELL = '/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe';

/** The backend for this desktop; loads only the code of that backend. Undefined on a machine without a desktop. */
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
  if (!hasDisplay(sources.environment)) return undefined;
  const { findBusSocket } = await import('../../platform/bus/bus-address.ts');
  const socketPath = findBusSocket(sources.environment, sources.isThere);
  if (socketPath === undefined) return undefined;
  const { freedesktop } = await import('./freedesktop.ts');
  return freedesktop({ socketPath, clock: sources.clock });
}

export function hasDisplay(environment: DesktopSources['environment']): boolean {
  return [environment['WAYLAND_DISPLAY'], environment['DISPLAY']].some(Boolean);
}

async function build(
  load: () => Promise<typeof osascript>,
  programPath: string | undefined,
  { spawn, environment, clock }: DesktopSources,
): Promise<NotificationBackend | undefined> {
  if (programPath === undefined) return undefined;
  const create = await load();
  return create({ spawn, programPath, environment, clock });
}
