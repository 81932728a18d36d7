// What a home, its processes and their open files look like from outside.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Living processes whose HOME is `home`: `{ pid, command }`. */
export function processesOf(home) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const state = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.[0];
        if (!environment.includes(`HOME=${home}`) || state === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim();
        return [{ pid: Number(name), command }];
      } catch {
        // It ended while it was looked at, or is another user's.
        return [];
      }
    });
}

export const countDescriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/** Every file below `folder`, by its path from there. */
export function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
