// Chooses the variables that the service gets from the shell that installs it: paths and how to reach AWS, but no secrets.
import { AWS_NAMES, daemonValue } from '../platform/service/daemon-environment.ts';

const NAMES = [
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'ROLECALL_CONFIG',
  'ROLECALL_SECRET_STORE',
  ...AWS_NAMES,
] as const;

/**
 * The variables that a service would not have otherwise, because the user's manager does not read a shell's start files.
 * For those that describe a session (PATH, DISPLAY, …) the manager has current values of its own.
 */
export function serviceEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of NAMES) {
    const value = daemonValue(name, environment[name] ?? '', environment);
    // The files of a service manager cannot contain control characters.
    if (value !== '' && !/[\u0000-\u001f\u007f]/.test(value)) kept[name] = value;
  }
  return kept;
}
