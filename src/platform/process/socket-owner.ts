// Finds the process that has a socket open, by the inode of the socket. Linux only.
import { readdir, readlink } from 'node:fs/promises';
import { coalesced } from '../../core/async/coalesced.ts';

/** The process that has the socket open; undefined if none of this user's processes has it. */
export type FindSocketOwner = (inode: string) => Promise<number | undefined>;

/** Concurrent lookups share one walk through /proc, which starts after all of them were asked for. */
export function createSocketOwnerLookup(procPath = '/proc'): FindSocketOwner {
  let asked = new Map<string, number | undefined>();
  const walk = coalesced(async () => {
    const wanted = asked;
    asked = new Map();
    await findOwners(procPath, wanted);
  });
  return async (inode) => {
    const mine = asked;
    if (!mine.has(inode)) mine.set(inode, undefined);
    await walk();
    return mine.get(inode);
  };
}

/** Callers are usually young processes, so the highest ids come first. Stops once all are found. */
async function findOwners(procPath: string, wanted: Map<string, number | undefined>): Promise<void> {
  let missing = wanted.size;
  const processIds = (await readdir(procPath).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const processId of processIds.toSorted((a, b) => b - a)) {
    if (missing === 0) return;
    for (const inode of await readSocketInodes(`${procPath}/${processId}/fd`)) {
      if (!wanted.has(inode) || wanted.get(inode) !== undefined) continue;
      wanted.set(inode, processId);
      missing -= 1;
    }
  }
}

/** Empty for processes of other users. */
async function readSocketInodes(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
