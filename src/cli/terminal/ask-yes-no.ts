// Asks a yes/no question in the terminal.
import type { CliContext } from '../context.ts';

/** Whether the answer is yes; anything else, including end of input, is no. */
export async function askYesNo(question: string, context: Pick<CliContext, 'ask'>): Promise<boolean> {
  const answer = (await context.ask(`${question} [y/N] `))?.trim().toLowerCase() ?? '';
  return answer === 'y' || answer === 'yes';
}

/** The same, but Enter alone is yes. Without a terminal, and at end of input, the answer is no. */
export async function askWithYesAsDefault(question: string, context: Pick<CliContext, 'ask'>): Promise<boolean> {
  const answer = (await context.ask(`${question} [Y/n] `))?.trim().toLowerCase();
  return answer === '' || answer === 'y' || answer === 'yes';
}
