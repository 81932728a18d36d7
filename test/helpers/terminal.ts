// A real terminal (tmux) with a shell in it, for what only a terminal does: keys that are signals, prompts, job control.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

export interface Terminal {
  /** Types a line and presses Enter. */
  type(line: string): void;
  /** Types a text and does not press Enter. */
  send(text: string): void;
  /** Presses a key by tmux's name, `C-c` for instance. */
  press(key: string): void;
  /** What has been on the screen so far, scrolled off or not. */
  screen(): string;
  /** Waits for `pattern` on the screen. @throws Error with the screen in it: deadline passed */
  see(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  close(): void;
}

export const TMUX = '/usr/bin/tmux';

/** A terminal of 200 columns that runs `command` with exactly this environment. */
export function openTerminal(options: {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}): Terminal {
  // A server of its own each time: one that was just told to end may still answer at its socket.
  const socket = join(options.directory, `tmux-${randomBytes(4).toString('hex')}`);
  const tmux = (...args: string[]) =>
    execFileSync(TMUX, ['-S', socket, '-f', '/dev/null', ...args], {
      env: { ...options.environment, TERM: 'xterm' },
      cwd: options.directory,
      encoding: 'utf8',
      timeout: 30_000,
    });
  tmux('new-session', '-d', '-x', '200', '-y', '50', '--', ...options.command);
  const screen = () => tmux('capture-pane', '-p', '-J', '-S', '-');
  return {
    type(line) {
      tmux('send-keys', '-l', line);
      tmux('send-keys', 'Enter');
    },
    send: (text) => void tmux('send-keys', '-l', text),
    press: (key) => void tmux('send-keys', key),
    screen,
    async see(pattern, deadlineMs = 25_000) {
      try {
        return await waitFor(`${String(pattern)} on the screen`, () => pattern.exec(screen()), { deadlineMs });
      } catch (error) {
        throw new Error(`${(error as Error).message}, which shows:\n${screen()}`, { cause: error });
      }
    },
    close: () => void tmux('kill-server'),
  };
}
