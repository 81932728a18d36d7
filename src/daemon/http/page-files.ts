// The files of the page: a fixed list, so that no path of a request reaches the disk; each file is read once.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';

export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface PageFiles {
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** @throws UnavailableError file-not-writable: the installation lacks the file */
  read(path: string): Promise<PageFile>;
}

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** Everything that a browser asks for, relative to `src/web`. */
const FILES: Readonly<Record<string, string>> = {
  'page.html': HTML,
  'page.css': CSS,
  'icon.svg': 'image/svg+xml',
  'approvals/approval-actions.js': SCRIPT,
  'approvals/approval-panel.js': SCRIPT,
  'approvals/approval-panels.js': SCRIPT,
  'approvals/approval-wording.js': SCRIPT,
  'connection/access.js': SCRIPT,
  'connection/actions.js': SCRIPT,
  'connection/api.js': SCRIPT,
  'connection/event-stream.js': SCRIPT,
  'connection/model.js': SCRIPT,
  'connection/roles-loader.js': SCRIPT,
  'frame/connection-state.js': SCRIPT,
  'frame/elements.js': SCRIPT,
  'frame/legend.js': SCRIPT,
  'frame/notices.js': SCRIPT,
  'frame/page-title.js': SCRIPT,
  'frame/short-text.js': SCRIPT,
  'frame/shortcuts.js': SCRIPT,
  'frame/text-width.js': SCRIPT,
  'frame/toasts.js': SCRIPT,
  'frame/wording.js': SCRIPT,
  'grid/column-widths.js': SCRIPT,
  'grid/grid-columns.js': SCRIPT,
  'grid/role-grid.js': SCRIPT,
  'grid/role-row.js': SCRIPT,
  'grid/row-window.js': SCRIPT,
  'lock/lock-view.js': SCRIPT,
  'page.js': SCRIPT,
  'passkeys/ceremony.js': SCRIPT,
  'passkeys/passkey-list.js': SCRIPT,
  'roles/current-banner.js': SCRIPT,
  'roles/empty-list.js': SCRIPT,
  'roles/list-summary.js': SCRIPT,
  'roles/recent-roles.js': SCRIPT,
  'roles/role-board.js': SCRIPT,
  'roles/role-details.js': SCRIPT,
  'roles/role-keys.js': SCRIPT,
  'roles/role-list.js': SCRIPT,
  'search/role-search.js': SCRIPT,
  'search/search-field.js': SCRIPT,
  'search/search-note.js': SCRIPT,
  'search/session-filter.js': SCRIPT,
  'sessions/problem-list.js': SCRIPT,
  'sessions/session-cards.js': SCRIPT,
  'sessions/session-times.js': SCRIPT,
  'sessions/sign-in-panels.js': SCRIPT,
  'sessions/sign-in-wording.js': SCRIPT,
  'views.js': SCRIPT,
  // Shared with the command line.
  '../core/search/role-index.js': SCRIPT,
  '../core/search/role-marks.js': SCRIPT,
  '../core/search/role-match.js': SCRIPT,
  '../core/search/search-words.js': SCRIPT,
  '../core/search/use-rank.js': SCRIPT,
  '../core/text/event-parser.js': SCRIPT,
  '../core/text/role-title.js': SCRIPT,
  '../core/text/short-names.js': SCRIPT,
};

/** The path as a browser resolves it against `/`, above which there is nothing. */
const pathOf = (fileName: string) => (fileName === 'page.html' ? '/' : `/${fileName.replace(/^\.\.\//u, '')}`);

export function createPageFiles(directory: string): PageFiles {
  const fileNames = new Map(Object.keys(FILES).map((fileName) => [pathOf(fileName), fileName]));
  const files = new Map<string, Promise<PageFile>>();
  return {
    paths: [...fileNames.keys()],
    has: (path) => fileNames.has(path),
    read(path) {
      const known = files.get(path) ?? load(directory, fileNames.get(path) ?? '');
      files.set(path, known);
      // The next request tries again to read a file that could not be read.
      known.catch(() => files.delete(path));
      return known;
    },
  };
}

async function load(directory: string, fileName: string): Promise<PageFile> {
  try {
    return { contentType: FILES[fileName] ?? HTML, body: await readFile(join(directory, fileName)) };
  } catch (cause) {
    throw new UnavailableError('file-not-writable', `The page's file ${fileName} can't be read.`, {
      hint: 'npm install -g rolecall',
      cause,
    });
  }
}
