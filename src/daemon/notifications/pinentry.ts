// Asks on the screen with pinentry, GnuPG's program for passphrases, which can also just confirm.
import { cutMiddle } from '../../core/text/cut-middle.ts';
import { runDialog } from './dialog-process.ts';
import type { DialogDeps, DialogOutcome, DialogProgram, DialogQuestion } from './dialog.ts';

/** Codes of libgpg-error, in the lower 16 bits of the number; pinentry 1.3.1 sends CANCELED for Deny (2026-11). */
const DENIALS: readonly number[] = [/* CANCELED */ 99, /* NOT_CONFIRMED */ 114, /* FULLY_CANCELED */ 198];
const TIMED_OUT = 62;

/**
 * Deny has the focus, so Return and the space bar deny, and Escape does as well.
 * @see https://www.gnupg.org/documentation/manuals/assuan/Server-responses.html
 */
export function pinentry(deps: DialogDeps): DialogProgram {
  return {
    name: deps.name,
    async ask(question, signal) {
      const commands = formatCommands(question);
      const input = commands.map((command) => `${command}\n`).join('');
      const { stdout, wasClosed } = await runDialog(deps, [], { input, signal });
      return wasClosed ? 'closed' : readOutcome(stdout, commands.length);
    },
  };
}

function formatCommands({ heading, lines, timeoutMs }: DialogQuestion): readonly string[] {
  return [
    // Leaves the keyboard to the other windows: no secret is typed here.
    'OPTION no-grab',
    'SETTITLE rolecall',
    `SETDESC ${fit(heading, lines)}`,
    // Without an underscore, which would make a letter a shortcut.
    'SETOK Allow',
    'SETCANCEL Deny',
    `SETTIMEOUT ${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
    'CONFIRM',
  ];
}

/** A command line of Assuan has at most 1000 bytes. */
const MAX_TEXT_BYTES = 980;
const MAX_LINE_CHARACTERS = 120;
const MIN_LINE_CHARACTERS = 10;

/** The encoded text. Lines with the most bytes are shortened first, so that long paths don't shorten the name of the role. */
function fit(heading: string, lines: readonly string[]): string {
  for (let maxBytes = MAX_TEXT_BYTES; ; maxBytes -= 10) {
    const text = [encode(heading), '', ...lines.map((line) => encodeShortened(line, maxBytes))].join('%0A');
    if (Buffer.byteLength(text) <= MAX_TEXT_BYTES || maxBytes <= 0) return text;
  }
}

function encodeShortened(line: string, maxBytes: number): string {
  for (let maxCharacters = MAX_LINE_CHARACTERS; ; maxCharacters -= 5) {
    const encoded = encode(cutMiddle(line, maxCharacters));
    if (Buffer.byteLength(encoded) <= maxBytes || maxCharacters <= MIN_LINE_CHARACTERS) return encoded;
  }
}

const encode = (line: string) =>
  line.replace(/[%\u0000-\u001f\u007f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    return `%${code}`;
  });

/** Replies are lines of `OK …` or `ERR CODE …`: one as a greeting, and one for each command. Others are information. */
function readOutcome(stdout: string, commandCount: number): DialogOutcome {
  const replies = stdout.split('\n').filter((line) => /^(?:OK|ERR)\b/.test(line));
  const settings = replies.slice(0, commandCount);
  const reply = replies[commandCount];
  // Not shown as it should be.
  if (reply === undefined || settings.some((line) => line.startsWith('ERR'))) return 'unavailable';
  if (reply.startsWith('OK')) return 'allowed';
  const code = Number(reply.split(' ')[1]) & 0xff_ff;
  if (DENIALS.includes(code)) return 'denied';
  return code === TIMED_OUT ? 'timed-out' : 'unavailable';
}
