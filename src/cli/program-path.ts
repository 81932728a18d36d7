// Where our own programs are, for processes that start one. Beside cli/main.ts, as deep as a file of the published bundle.
import { fileURLToPath } from 'node:url';

export type Program = 'cli' | 'daemon' | 'emulator' | 'tray' | 'caller-identity';

/** The main file of one of our programs, in this installation. */
export function programPath(program: Program): string {
  const path = program === 'caller-identity' ? 'cli/commands/demo/caller-identity.js' : `${program}/main.js`;
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
