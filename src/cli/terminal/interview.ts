// A conversation in a terminal: a question, its standard answer, and the same question again after an answer that won't do.
import { RolecallError, UsageError } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';
import { createPainter, harmless } from './render.ts';

export interface Question {
  /** The flag that answers it beforehand. */
  readonly flag: string;
  readonly given: string | undefined;
  readonly question: string;
  /** What Enter means. */
  readonly standard?: string;
  /** The answer as it will be used. @throws UsageError: why it won't do, which the person is told */
  check(text: string): string | Promise<string>;
}

export interface Interview {
  /** Whether somebody is there to answer. */
  readonly isOpen: boolean;
  say(text: string): void;
  warn(text: string): void;
  /** @throws UsageError usage: nobody is there and nothing was given; what `check` throws for a given answer */
  ask(question: Question): Promise<string>;
  confirm(question: string, standard: boolean): Promise<boolean>;
}

export function createInterview(
  context: CliContext,
  options: {
    readonly isQuiet: boolean;
    /** The command line that asks, for hints: `rolecall setup`. */
    readonly command: string;
  },
): Interview {
  const isOpen = !options.isQuiet && context.stdinIsTerminal;
  const paint = createPainter(context.stderr, context.environment);
  const say = (text: string) => {
    if (isOpen) context.stderr.write(text);
  };

  async function hear(prompt: string): Promise<string> {
    const answer = await context.ask(prompt);
    if (answer === undefined) {
      throw new UsageError('usage', 'Nobody answered, so nothing was written.', { hint: `${options.command} --help` });
    }
    return answer.trim();
  }

  return {
    isOpen,
    say,
    warn: (text) => void context.stderr.write(`${paint('yellow', 'Note:')} ${harmless(text)}\n`),
    async ask({ flag, given, question, standard, check }) {
      if (given !== undefined) return check(given);
      if (!isOpen) {
        if (standard !== undefined) return check(standard);
        throw new UsageError('usage', `Without a terminal, and with --yes, setup needs ${flag}.`, {
          hint: 'rolecall setup --start-url https://d-1234567890.awsapps.com/start --sso-region us-east-1 --yes',
        });
      }
      const ending = standard === undefined ? ': ' : ` [${paint('bold', harmless(standard))}]: `;
      for (;;) {
        const typed = await hear(`${question}${ending}`);
        try {
          return await check(typed === '' ? (standard ?? '') : typed);
        } catch (error) {
          if (!(error instanceof RolecallError) || error.errorClass !== 'UsageError') throw error;
          say(`  ${paint('yellow', harmless(error.message))}\n`);
        }
      }
    },
    async confirm(question, standard) {
      if (!isOpen) return true;
      for (;;) {
        const answer = (await hear(`${question} [${standard ? 'Y/n' : 'y/N'}] `)).toLowerCase();
        if (answer === '') return standard;
        if (['y', 'yes'].includes(answer)) return true;
        if (['n', 'no'].includes(answer)) return false;
        say(`  ${paint('yellow', 'Type y or n.')}\n`);
      }
    },
  };
}
