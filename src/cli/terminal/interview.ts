// Asks questions in the terminal: each has a default, and is repeated until the answer is valid.
import { RolecallError, UsageError } from '../../core/errors.ts';
import type { Dialog, Output } from '../context.ts';
import { createPainter, harmless, reportNote } from './render.ts';

export interface Question<T extends string> {
  /** The flag that answers the question. */
  readonly flag: string;
  readonly given: string | undefined;
  readonly question: string;
  /** The default, used when the user presses Enter. */
  readonly defaultAnswer?: string;
  /** Returns the answer as it will be used. @throws UsageError: the answer is not valid; the message is shown to the user */
  check(text: string): T | Promise<T>;
}

export interface Interview {
  /** Whether there is a terminal, and questions are wanted. */
  readonly isOpen: boolean;
  say(text: string): void;
  warn(text: string): void;
  /** @throws UsageError usage: no flag, no default and no terminal; or what `check` throws for the value of a flag */
  ask<T extends string>(question: Question<T>): Promise<T>;
  confirm(question: string, defaultAnswer: boolean): Promise<boolean>;
}

export function createInterview(
  context: Dialog & Output,
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

  async function readAnswer(prompt: string): Promise<string> {
    const answer = await context.ask(prompt);
    if (answer === undefined) {
      throw new UsageError('usage', 'No answer. Nothing was written.', { hint: `${options.command} --help` });
    }
    return answer.trim();
  }

  return {
    isOpen,
    say,
    warn: (text) => reportNote(text, context),
    async ask({ flag, given, question, defaultAnswer, check }) {
      if (given !== undefined) return check(given);
      if (!isOpen) {
        if (defaultAnswer !== undefined) return check(defaultAnswer);
        throw new UsageError('usage', `Without a terminal, or with --yes, setup needs ${flag}.`, {
          hint: 'rolecall setup --start-url https://d-1234567890.awsapps.com/start --sso-region us-east-1 --yes',
        });
      }
      const ending = defaultAnswer === undefined ? ': ' : ` [${paint('bold', harmless(defaultAnswer))}]: `;
      for (;;) {
        const typed = await readAnswer(`${question}${ending}`);
        try {
          return await check(typed === '' ? (defaultAnswer ?? '') : typed);
        } catch (error) {
          if (!(error instanceof RolecallError) || error.errorClass !== 'UsageError') throw error;
          say(`  ${paint('yellow', harmless(error.message))}\n`);
        }
      }
    },
    async confirm(question, defaultAnswer) {
      if (!isOpen) return true;
      for (;;) {
        const answer = (await readAnswer(`${question} [${defaultAnswer ? 'Y/n' : 'y/N'}] `)).toLowerCase();
        if (answer === '') return defaultAnswer;
        if (['y', 'yes'].includes(answer)) return true;
        if (['n', 'no'].includes(answer)) return false;
        say(`  ${paint('yellow', 'Type y or n.')}\n`);
      }
    },
  };
}

/** One of the numbered choices, by its number or its name; the first is the default. */
export function askChoice<T extends string>(interview: Interview, flag: string, choices: readonly T[]): Promise<T> {
  const numbers = choices.map((_choice, index) => String(index + 1));
  return interview.ask({
    flag,
    given: undefined,
    question: 'Number',
    defaultAnswer: '1',
    check(text) {
      const word = text.trim().toLowerCase();
      const choice = choices[numbers.indexOf(word)] ?? choices.find((name) => name === word);
      if (choice !== undefined) return choice;
      const list = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(numbers);
      throw new UsageError('usage', `Type ${list}.`);
    },
  });
}
