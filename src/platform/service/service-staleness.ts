// Whether an installed service belongs to this version; apart from finding it, because most starts of a command find none.
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareVersions } from '../../core/compare-versions.ts';
import { readBoundedFileSync } from '../files/bounded-read.ts';
import type { InstalledService } from './installed-service.ts';

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Why the service can't start its program, starts a version older than `ownVersion`, or starts it from an outdated unit or agent;
 * undefined if it is up to date.
 */
export function findStaleness(
  { manager, command, isOutdated }: InstalledService,
  ownVersion: string,
): string | undefined {
  if (command === undefined) return undefined;
  try {
    accessSync(command.nodePath, constants.X_OK);
  } catch {
    return `${command.nodePath} no longer exists`;
  }
  if (!existsSync(command.mainPath)) return `${command.mainPath} no longer exists`;
  const version = readVersionBeside(command.mainPath);
  if (version !== undefined && compareVersions(version, ownVersion) < 0) return `it starts rolecall ${version}`;
  if (!isOutdated) return undefined;
  return `an older rolecall wrote its ${manager === 'launchd' ? 'agent' : 'unit'}`;
}

/** The version in the package.json two folders above `dist/daemon/main.js`. */
function readVersionBeside(mainPath: string): string | undefined {
  try {
    const text = readBoundedFileSync(join(dirname(mainPath), '..', '..', 'package.json'), MAX_FILE_BYTES);
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
