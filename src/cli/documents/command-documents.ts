// Every document that --json prints, as one JSON Schema: schemas/commands.json, which `npm run docs` writes.
import { ANSWERS } from './answers.ts';
import { LINES } from './lines.ts';
import { OUTCOMES } from './outcomes.ts';

/** By command: `profiles list`; `ls accounts`, `ls roles`, `log line` and `log verify` for commands with two. */
export const COMMAND_DOCUMENTS: Readonly<Record<string, object>> = { ...ANSWERS, ...OUTCOMES, ...LINES };

/** `profiles list` is `ProfilesListDocument`, and `login line` is `LoginLine`. */
export function nameOfDocument(command: string): string {
  const name = command
    .split(/[ -]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return command.endsWith(' line') ? name : `${name}Document`;
}
