// Says whether a confined command finds its program, and what to share if it doesn't.
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { findCommand } from '../environment/find-command.ts';
import type { Environment } from '../environment/child-environment.ts';
import { isHidden } from './protected-paths.ts';

export interface InsideView {
  readonly visible: readonly string[];
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  readonly environment: Environment;
}

/** Undefined if the program is found; else the reason, and the paths to share. */
export function findHiddenProgram(
  word: string,
  view: InsideView,
): { readonly path: string; readonly share: readonly string[] } | undefined {
  const folders = word.includes('/') ? [''] : (view.environment['PATH'] ?? '').split(':');
  let hidden: { readonly path: string; readonly share: readonly string[] } | undefined;
  for (const folder of folders) {
    const typed = folder === '' ? word : join(folder, word);
    const found = findCommand(typed.includes('/') ? typed : `./${typed}`, view.environment);
    if ('exitCode' in found) continue;
    const path = resolve(view.workingDirectory, found.path);
    const share = hiddenPlaces(path, view);
    if (share.length === 0) return undefined;
    hidden ??= { path, share };
  }
  return hidden;
}

/** The folders of a program and of the file to which it is a link, as far as they are hidden. */
function hiddenPlaces(path: string, view: InsideView): readonly string[] {
  const real = realpathSync(path);
  // Links in the folders above are not there inside, but the real folder is: only the last part may be a link.
  const beside = join(realpathSync(dirname(path)), basename(path));
  const places = [beside, real]
    .filter((each) => isHidden(each, view.visible, view.homeDirectory))
    .map((each) => placeOf(each, view));
  return [...new Set(places)];
}

/** The installation to which a program belongs: ~/.nvm/versions/node/v22 for its bin/node. */
function placeOf(path: string, { homeDirectory }: InsideView): string {
  const folder = dirname(path);
  const above = dirname(folder);
  const isInstallation = /^(?:bin|sbin|shims)$/u.test(basename(folder));
  const isShared = above === homeDirectory || above === join(homeDirectory, '.local') || dirname(above) === above;
  return isInstallation && !isShared ? above : folder;
}

/** `--readable` options for these paths. */
export function readableOptions(paths: readonly string[]): string {
  return paths.map((path) => `--readable ${quoteForShell(path)}`).join(' ');
}
