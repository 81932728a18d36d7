// The files of the page: those that page.html names, so that no path of a request reaches the disk; each file is read once.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';

export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface PageFiles {
  paths(): readonly string[];
  has(path: string): boolean;
  /** @throws UnavailableError file-not-writable: the installation lacks the file */
  read(path: string): Promise<PageFile>;
}

/** By the end of the name. */
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const PAGE = 'page.html';

/** The files of the page in `directory`. page.html names all that the page loads, its modules too: they load sooner so. */
export function createPageFiles(directory: string): PageFiles {
  const files = new Map<string, Promise<PageFile>>();
  let known: ReadonlyMap<string, string> | undefined;

  /** By path. Read when somebody asks for the page, and again if page.html could not be read. */
  function fileNames(): ReadonlyMap<string, string> {
    if (known !== undefined) return known;
    const named = findNamed(directory);
    const found = new Map([['/', PAGE], ...(named ?? []).map((path) => [path, fileNameOf(path)] as const)]);
    if (named !== undefined) known = found;
    return found;
  }

  return {
    paths: () => [...fileNames().keys()],
    has: (path) => fileNames().has(path),
    read(path) {
      const file = files.get(path) ?? load(directory, fileNames().get(path) ?? '');
      files.set(path, file);
      // The next request tries again to read a file that could not be read.
      file.catch(() => files.delete(path));
      return file;
    },
  };
}

/** The paths in page.html; undefined if it can't be read. */
function findNamed(directory: string): readonly string[] | undefined {
  try {
    const html = readFileSync(join(directory, PAGE), 'utf8');
    return [...html.matchAll(/ (?:href|src)="(\/[^"]+)"/g)].map(([, path = '']) => path);
  } catch {
    return undefined;
  }
}

/** What the page shares with the command line is beside its folder. */
const fileNameOf = (path: string) => (path.startsWith('/core/') ? `..${path}` : path.slice(1));

async function load(directory: string, fileName: string): Promise<PageFile> {
  try {
    const contentType = TYPES[extname(fileName).slice(1)] ?? 'application/octet-stream';
    return { contentType, body: await readFile(join(directory, fileName)) };
  } catch (cause) {
    throw new UnavailableError('file-not-writable', `The page's file ${fileName} can't be read.`, {
      hint: 'npm install -g rolecall',
      cause,
    });
  }
}
