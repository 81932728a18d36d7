// A question to a person on a terminal that is answered by yes or no.
import type { CliContext } from '../context.ts';

/** Whether the answer is yes; anything else, the end of the input included, is no. */
export async function askYesNo(question: string, context: Pick<CliContext, 'ask'>): Promise<boolean> {
  const answer = (await context.ask(`${question} [y/N] `))?.trim().toLowerCase() ?? '';
  return answer === 'y' || answer === 'yes';
}
