// What files of lines share that grow line by line and never beyond a bound: how they are opened, how large they get.
import { constants } from 'node:fs';

/** The file and one predecessor, `.1`: two megabytes at the most. */
export const LARGEST_BYTES = 1024 * 1024;

/** Made when missing; a symlink is not followed, and a named pipe fails instead of waiting for a reader. */
export const OPEN_FOR_APPENDING =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** As JSON writes them: one event stays one line, and a terminal that shows it does nothing else. */
export function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const quoted = JSON.stringify(character).slice(1, -1);
    // JSON leaves DEL, C1 and marks of direction as they are; a terminal does not.
    return quoted === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : quoted;
  });
}
