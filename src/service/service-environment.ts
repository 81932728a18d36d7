// What the service gets of the shell that installs it: where things are and how AWS is reached, and no secret.
import { AWS_NAMES, daemonValue } from '../platform/service/daemon-environment.ts';

const NAMES = ['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'ROLECALL_CONFIG', 'ROLECALL_SECRET_STORE', ...AWS_NAMES] as const;

/**
 * The variables that a service would miss: the user's manager has none of what a shell's start files say.
 * Those that describe a shell (PATH, DISPLAY, …) it has of its own, newer than ours.
 */
export function serviceEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of NAMES) {
    const value = daemonValue(name, environment[name] ?? '', environment);
    // No file of a service manager has a way to spell them.
    if (value !== '' && !/[\u0000-\u001f\u007f]/.test(value)) kept[name] = value;
  }
  return kept;
}
