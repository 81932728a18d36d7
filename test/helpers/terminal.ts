// A real terminal (tmux) with a shell in it, for what only a terminal does: signals from keys, prompts, job control.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

export interface Terminal {
  /** Types a line and presses Enter. */
  type(line: string): void;
  /** Types a text and does not press Enter. */
  send(text: string): void;
  /** Presses a key by tmux's name, `C-c` for instance. */
  press(key: string): void;
  /** What has been on the screen so far, scrolled off or not; a line that the terminal broke counts as one. */
  screen(): string;
  /** The rows that a person sees now. */
  visibleRows(): string[];
  /** Waits for `pattern` on the screen. @throws Error with the screen in it: deadline passed */
  see(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  close(): void;
}

export const TMUX = '/usr/bin/tmux';

/** The screen is looked at again after so long although nothing new has come to it. */
const LOOK_AGAIN_MS = 1000;

/** A terminal, of 200 columns and 50 rows unless told otherwise, that runs `command` with exactly this environment. */
export function openTerminal(options: {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly size?: { readonly columns: number; readonly rows: number };
}): Terminal {
  const { columns, rows } = options.size ?? { columns: 200, rows: 50 };
  // A server of its own each time: one that was just told to end may still answer at its socket.
  const socket = join(options.directory, `tmux-${randomBytes(4).toString('hex')}`);
  const tmux = (...args: string[]) =>
    execFileSync(TMUX, ['-S', socket, '-f', '/dev/null', ...args], {
      env: { ...options.environment, TERM: 'xterm' },
      cwd: options.directory,
      encoding: 'utf8',
      timeout: 30_000,
    });
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '--', ...options.command);
  const output = `${socket}.output`;
  tmux('pipe-pane', `exec /bin/cat >>'${output}'`);
  const screen = () => tmux('capture-pane', '-p', '-J', '-S', '-');
  /** How much the program has printed, which costs a hundredth of a look at the screen; tmux shows it before it writes it there. */
  const countPrinted = () => statSync(output, { throwIfNoEntry: false })?.size ?? 0;
  return {
    type(line) {
      tmux('send-keys', '-l', line, ';', 'send-keys', 'Enter');
    },
    send: (text) => void tmux('send-keys', '-l', text),
    press: (key) => void tmux('send-keys', key),
    screen,
    visibleRows: () => tmux('capture-pane', '-p').trimEnd().split('\n'),
    async see(pattern, deadlineMs = 25_000) {
      let seen: { readonly printed: number; readonly atMs: number } | undefined;
      const look = () => {
        const now = { printed: countPrinted(), atMs: performance.now() };
        if (now.printed === seen?.printed && now.atMs - seen.atMs < LOOK_AGAIN_MS) return undefined;
        seen = now;
        return pattern.exec(screen());
      };
      try {
        return await waitFor(`${String(pattern)} on the screen`, look, { deadlineMs });
      } catch (error) {
        throw new Error(`${(error as Error).message}, which shows:\n${screen()}`, { cause: error });
      }
    },
    close: () => void tmux('kill-server'),
  };
}
