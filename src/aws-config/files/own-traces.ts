// Finds and removes what rolecall has written to the AWS files of a home: its block of profiles and its token files.
import { lstat, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { parseConfigDocument } from '../document/document.ts';
import { findManagedBlock } from '../document/managed-block.ts';
import { createConfigFile } from './config-file.ts';
import { deleteTokenFile, readTokenFileState } from './token-file.ts';
import { untilUnchanged } from './until-unchanged.ts';

export interface ConfigTraces {
  /** How many profiles are in our block; undefined without a block. */
  readonly profiles: number | undefined;
  /** Of its sso-sessions, which stay: the AWS CLI uses them too. */
  readonly startUrls: readonly string[];
}

/** What the config file at `path` says about rolecall. @throws as `removeOwnBlock` */
export async function findConfigTraces(path: string, clock: Clock): Promise<ConfigTraces> {
  const { document } = await createConfigFile({ path, clock }).read();
  const startUrls = document.sections
    .filter(({ kind }) => kind === 'sso-session')
    .flatMap(({ entries }) => entries.find(({ key }) => key === 'sso_start_url')?.value ?? []);
  const block = findManagedBlock(document);
  if (block === undefined) return { profiles: undefined, startUrls };
  const own = parseConfigDocument(document.text.slice(block.startOffset, block.endOffset), path);
  return { profiles: own.sections.length, startUrls };
}

/**
 * Removes the block with its markers; every other byte is kept.
 * @throws ConflictError config-section-not-ours: the markers are broken; config-changed-meanwhile
 * @throws UnavailableError file-not-writable
 */
export async function removeOwnBlock(path: string, clock: Clock): Promise<void> {
  const file = createConfigFile({ path, clock });
  await untilUnchanged(async () => {
    const { document } = await file.read();
    const block = findManagedBlock(document);
    if (block === undefined) return;
    const { text } = document;
    const newline = /^\r?\n/.exec(text.slice(block.endOffset))?.[0] ?? '';
    await file.write(text, text.slice(0, block.startOffset) + text.slice(block.endOffset + newline.length));
  });
}

/** The AWS CLI's token files that carry our mark. Others are only read, and symbolic links are ignored. */
export async function findOwnTokenFiles(homeDirectory: string): Promise<string[]> {
  const folder = tokenFolder(homeDirectory);
  const names = await readdir(folder).catch((): string[] => []);
  const paths = names.filter((name) => /^[0-9a-f]{40}\.json$/.test(name)).map((name) => join(folder, name));
  const found = await Promise.all(
    paths.map(async (path) => {
      const isFile = (await lstat(path).catch(() => undefined))?.isFile() === true;
      const state = isFile ? await readTokenFileState(path, 0).catch(() => undefined) : undefined;
      return state === 'ours' ? [path] : [];
    }),
  );
  return found.flat();
}

/** Deletes those that still carry our mark, and the folders if they are then empty. @throws UnavailableError file-not-writable */
export async function removeOwnTokenFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) await deleteTokenFile(path);
  const [folder] = paths.map((path) => dirname(path));
  for (const each of folder === undefined ? [] : [folder, dirname(folder)]) await rmdir(each).catch(() => undefined);
}

function tokenFolder(homeDirectory: string): string {
  return join(homeDirectory, '.aws', 'sso', 'cache');
}
