// With --json: every message on standard error is a line of JSON, and nobody is asked anything.
import { EXIT_INTERRUPTED, type ErrorBody } from '../core/errors.ts';
import { formatJsonLine } from '../core/text/format-json.ts';
import type { CliContext, JsonNote, OutputStream } from './context.ts';

/** The error that ends a command, as the last line on standard error. */
interface JsonError extends ErrorBody {
  readonly exitCode: number;
}

export interface JsonMessages {
  /** The context for the command. */
  readonly context: CliContext;
  /** Prints the error that ends the command, and returns its exit code. */
  fail(thrown: unknown, options: { readonly isDebug: boolean }): Promise<number>;
  /** Prints what was written without a newline at its end. */
  flush(): void;
}

/** A colour, or a movement of the cursor. */
const ESCAPES = /\u001b\[[\d;?]*[A-Za-z]/g;
const TYPES = { Note: 'note', Warning: 'warning', debug: 'debug' } as const;

/** The streams of `given` as they are without a terminal, with messages as JSON; questions have no answer. */
export function createJsonMessages(given: CliContext): JsonMessages {
  const { stdout, stderr, signal } = given;
  const output: OutputStream = { write: (text) => stdout.write(text), isTTY: false, isColoured: false };
  const print = (line: JsonError | JsonNote) => void stderr.write(formatJsonLine(line));
  let pending = '';

  function flush(): void {
    const text = pending.replace(ESCAPES, '').replace(/\s+/g, ' ').trim();
    pending = '';
    if (text !== '') print(readNote(text));
  }

  const messages: OutputStream = {
    write(text) {
      pending += text;
      // One message can have several lines, but it ends where a call ends.
      if (pending.endsWith('\n')) flush();
    },
    note(note) {
      flush();
      print(note);
    },
    isTTY: false,
    isColoured: false,
  };

  return {
    context: {
      ...given,
      stdout: output,
      stderr: messages,
      stdinIsTerminal: false,
      ask: async () => undefined,
      askHidden: async () => undefined,
      listenForKeys: async () => undefined,
      page: async (text) => void output.write(text),
    },
    async fail(thrown, { isDebug }) {
      flush();
      if (signal.aborted) {
        print(describeInterrupt(signal));
        return EXIT_INTERRUPTED;
      }
      // Loaded only now, as commands that succeed have to start fast.
      const [{ toFailure }, { describeCauses }] = await Promise.all([
        import('../platform/files/file-error.ts'),
        import('./terminal/render.ts'),
      ]);
      const error = toFailure(thrown);
      if (isDebug) print({ type: 'debug', message: describeCauses(error).trim().replace(/\s+/g, ' ') });
      print({ ...error.toBody(), exitCode: error.exitCode });
      return error.exitCode;
    },
    flush,
  };
}

/** "Note: it is late." has its type in front. */
function readNote(text: string): JsonNote {
  const [, word, message = ''] = /^(Note|Warning|debug): (.+)$/.exec(text) ?? [];
  if (word === undefined) return { type: 'note', message: text };
  return { type: TYPES[word as keyof typeof TYPES], message: message.charAt(0).toUpperCase() + message.slice(1) };
}

/** The exit code is that of the signal: 143 after SIGTERM. */
function describeInterrupt({ reason }: AbortSignal): JsonError {
  const cause: unknown = reason instanceof Error ? reason.cause : undefined;
  const exitCode = typeof cause === 'number' ? 128 + cause : EXIT_INTERRUPTED;
  return { code: 'interrupted', message: 'Interrupted.', hint: 'rolecall --help', exitCode };
}
