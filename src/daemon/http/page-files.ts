// The page's own files: a fixed list, so that a path never reaches the disk; each is read once, when it is first asked for.
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

/** Everything that a browser asks for, from `src/web`; `/` is the page itself. */
const FILES: Readonly<Record<string, string>> = {
  'page.html': HTML,
  'page.css': CSS,
  'icon.svg': 'image/svg+xml',
  'access.js': SCRIPT,
  'actions.js': SCRIPT,
  'api.js': SCRIPT,
  'current-banner.js': SCRIPT,
  'elements.js': SCRIPT,
  'event-parser.js': SCRIPT,
  'event-stream.js': SCRIPT,
  'legend.js': SCRIPT,
  'model.js': SCRIPT,
  'page.js': SCRIPT,
  'problem-list.js': SCRIPT,
  'role-board.js': SCRIPT,
  'role-details.js': SCRIPT,
  'role-grid.js': SCRIPT,
  'role-search.js': SCRIPT,
  'roles-loader.js': SCRIPT,
  'row-window.js': SCRIPT,
  'session-cards.js': SCRIPT,
  'sign-in-panels.js': SCRIPT,
  'toasts.js': SCRIPT,
  'wording.js': SCRIPT,
  // What the page shares with the command line.
  '../core/search/role-index.js': SCRIPT,
  '../core/search/role-marks.js': SCRIPT,
  '../core/search/role-match.js': SCRIPT,
  '../core/search/search-words.js': SCRIPT,
};

/** As a browser resolves it against the page's own address, above which there is nothing. */
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
      // A file that could not be read is looked for again by the next request.
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
