// Reads single keys while a command does something else. The terminal's own keys, like Ctrl-C, keep their meaning.
import type { ReadStream } from 'node:tty';
import { isInForeground } from '../../platform/programs/foreground.ts';

const INTERRUPT = '\u0003';
const SUSPEND = '\u001a';
const QUIT = '\u001c';

/**
 * Calls `onText` with what is typed, which is not shown, until the returned function is called. That function restores
 * the terminal. Undefined without a terminal, or if another program has it.
 */
export function listenForKeys(input: ReadStream, onText: (text: string) => void): (() => void) | undefined {
  if (!input.isTTY || !isInForeground()) return undefined;

  function setRaw(isRaw: boolean): void {
    try {
      input.setRawMode(isRaw);
    } catch {
      // The terminal is gone.
    }
  }

  function start(): void {
    // Node does nothing if it believes that the mode is set, but a shell resets it when it gets the terminal.
    setRaw(false);
    setRaw(true);
    input.resume();
  }

  function stop(): void {
    input.pause();
    setRaw(false);
  }

  /** Like the terminal: to all programs in the foreground, such as the `npx` that started this one. */
  function raise(signal: NodeJS.Signals): void {
    process.kill(0, signal);
  }

  function onData(text: string): void {
    if (text.includes(INTERRUPT)) raise('SIGINT');
    else if (text.includes(SUSPEND)) {
      stop();
      raise('SIGTSTP');
    } else if (text.includes(QUIT)) {
      stop();
      raise('SIGQUIT');
    } else onText(text);
  }

  function onContinue(): void {
    // `bg` continues it in the background, where it must leave the terminal alone.
    if (isInForeground()) start();
  }

  function close(): void {
    input.off('data', onData).off('error', close);
    process.off('SIGCONT', onContinue);
    stop();
  }

  input.setEncoding('utf8');
  input.on('data', onData).on('error', close);
  process.on('SIGCONT', onContinue);
  start();
  return close;
}
