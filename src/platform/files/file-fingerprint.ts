// Tells whether a file has changed, without reading it.
import { stat } from 'node:fs/promises';

/**
 * Another string after a change of the file; empty if there is none at `path`. An edit in place may keep inode, size and
 * modification time, but no program can set the time of the last status change (ctime).
 */
export async function fingerprintFile(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return '';
  }
}
