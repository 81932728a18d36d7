// placeholder until the story is written.
import type { CliContext } from '../context.ts';

export async function runDemo(_options: { stay?: boolean }, _context: CliContext): Promise<number> {
  return 1;
}
