// `rolecall status --watch`: shows the status as it changes, on the alternate screen or line by line, until Ctrl-C.
import { EXIT_INTERRUPTED } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import { applyEvent, readEvents } from '../../../local-api/events.ts';
import type { ApprovalDocument, StatusDocument } from '../../../local-api/schemas.ts';
import type { CliContext, Output, OutputStream } from '../../context.ts';
import { displayWidth } from '../../terminal/display-width.ts';
import { createPainter } from '../../terminal/render.ts';
import { wrapFor } from '../../terminal/wrap-text.ts';
import { formatStatusLine, type LineFormat } from './status-line.ts';

type Context = Output & Pick<CliContext, 'clock' | 'paths' | 'signal'>;

/** Updates "5 min left" when no event arrives. */
const REDRAW_MS = 15_000;

/** Ends only on Ctrl-C; waits for a daemon that has stopped. @throws UnavailableError too-many-listeners */
export async function watchStatus(
  options: {
    readonly asJson: boolean;
    readonly format: (status: StatusDocument, approvals: readonly ApprovalDocument[]) => string;
  },
  context: Context,
): Promise<number> {
  const { clock, signal, stdout } = context;
  const paint = createPainter(stdout, context.environment);
  const hasScreen = !options.asJson && stdout.isTTY === true && context.environment['TERM'] !== 'dumb';
  const view = hasScreen ? createScreen(stdout) : createScroll(stdout);
  let status: StatusDocument | undefined;
  let approvals: readonly ApprovalDocument[] = [];
  let isConnected = true;

  function show(): void {
    if (status === undefined) return;
    const lost = `${paint('yellow', '!')} The daemon is not running. Waiting for it …\n`;
    const footer = hasScreen ? `${paint('dim', 'Ctrl-C to end')}\n` : '';
    const text = `${options.format(status, approvals)}${isConnected ? '' : `\n${lost}`}${footer === '' ? '' : `\n${footer}`}`;
    view.show(wrapFor(stdout, text));
  }

  view.open();
  const over = new AbortController();
  if (hasScreen) void redraw(show, clock, over.signal);
  try {
    const socketCandidates = context.paths.socketCandidates;
    for await (const event of readEvents({ socketCandidates, clock, signal })) {
      if (options.asJson) {
        stdout.write(formatJsonLine(event));
        continue;
      }
      isConnected = event.type !== 'disconnected';
      status = applyEvent(status, event);
      if (event.type === 'hello') approvals = [];
      if (event.type === 'approvals') ({ approvals } = event.data);
      show();
    }
  } finally {
    over.abort(new Error('the watch has ended'));
    view.close();
  }
  return EXIT_INTERRUPTED;
}

/** Prints one line at each change, for bars that read continuously, and a special line while no daemon runs. */
export async function watchStatusLine(format: LineFormat, context: Context): Promise<number> {
  const { clock, signal, stdout } = context;
  let status: StatusDocument | undefined;
  let shown: string | undefined;
  for await (const event of readEvents({ socketCandidates: context.paths.socketCandidates, clock, signal })) {
    status = applyEvent(status, event);
    const line = await formatStatusLine(format, event.type === 'disconnected' ? undefined : status, clock.nowMs());
    if (line !== shown) stdout.write(`${line}\n`);
    shown = line;
  }
  return EXIT_INTERRUPTED;
}

async function redraw(show: () => void, clock: Context['clock'], signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(REDRAW_MS, signal);
      show();
    }
  } catch {
    // The watch has ended.
  }
}

interface View {
  open(): void;
  show(text: string): void;
  close(): void;
}

/** The terminal's alternate screen, which leaves the normal one unchanged. */
function createScreen(stdout: OutputStream): View {
  return {
    open: () => void stdout.write('\u001b[?1049h\u001b[?25l'),
    // Clears and draws in one write to avoid flicker.
    show: (text) => void stdout.write(`\u001b[H\u001b[J${fit(text, stdout)}`),
    close: () => void stdout.write('\u001b[?25h\u001b[?1049l'),
  };
}

/** As many lines as fit; one more would scroll the first ones away. */
function fit(text: string, { columns = 80, rows = 24 }: OutputStream): string {
  let roomLeft = rows - 1;
  const fitting: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    roomLeft -= Math.max(1, Math.ceil(displayWidth(line) / columns));
    if (roomLeft < 0) break;
    fitting.push(`${line}\n`);
  }
  return fitting.join('');
}

/** For a pipe or file: appends each status that differs from the last. */
function createScroll(stdout: OutputStream): View {
  let shown = '';
  return {
    open: () => undefined,
    show(text) {
      if (text === shown) return;
      stdout.write(shown === '' ? text : `\n${text}`);
      shown = text;
    },
    close: () => undefined,
  };
}
