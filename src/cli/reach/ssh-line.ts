// Splits what was typed after the host as ssh(1) would: options of the connection, options of the session, and the command.
import { UsageError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';

export interface SshLine {
  /** `user@host`, `ssh://user@host:port`, or an alias of the ssh configuration. */
  readonly host: string;
  /** Options for every ssh of this connection. */
  readonly shared: readonly string[];
  /** Options that only the process with the connection gets: forwards, and how to reach the host. */
  readonly connection: readonly string[];
  /** Options that only the shell or command gets: its terminal and its input. */
  readonly session: readonly string[];
  /** As ssh sends it: the words, joined with spaces. Undefined: a shell. */
  readonly command: string | undefined;
}

/** The letters of ssh that take a value, as of OpenSSH 10.2. */
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw';
const WITHOUT_VALUE = '1246AaCfGgKkMNnqsTtVvXxYy';
const OF_CONNECTION = 'DJLRw';
const OF_SESSION = 'nTte';
/** What has no place in this connection, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  f: 'it stays in the foreground, and the role ends with it',
  G: 'it only prints the configuration',
  M: 'it always uses a connection of its own',
  N: 'rolecall forward starts no shell',
  O: 'it always uses a connection of its own',
  Q: 'it only prints what ssh supports',
  S: 'it always uses a connection of its own',
  s: 'a subsystem gets no environment',
  V: "it only prints ssh's version",
  W: 'it starts a shell or a command',
};

/**
 * `words` start with the host. An option before it is refused: in a script, `"$HOST"` could be one that runs a program here.
 * @throws UsageError usage
 */
export function readSshLine(words: readonly string[], command: 'forward' | 'ssh'): SshLine {
  const hint = `rolecall ${command} --help`;
  const [host = '', ...rest] = words[0] === '--' ? words.slice(1) : words;
  if (host === '') throw new UsageError('usage', `rolecall ${command} needs a host.`, { hint });
  if (host.startsWith('-') || host.includes('@-') || host.includes('//-')) {
    throw new UsageError(
      'usage',
      `rolecall ${command} takes the host first and options of ssh after it; "${harmless(host)}" is not a host.`,
      { hint },
    );
  }
  const lists = { shared: [] as string[], connection: [] as string[], session: [] as string[] };
  let index = 0;
  for (; index < rest.length; index += 1) {
    const word = rest[index] ?? '';
    if (word === '--' || !word.startsWith('-') || word === '-') break;
    for (let at = 1; at < word.length; at += 1) {
      const letter = word[at] ?? '';
      const takesValue = WITH_VALUE.includes(letter);
      if (!takesValue && !WITHOUT_VALUE.includes(letter)) {
        throw new UsageError('usage', `ssh has no option -${harmless(letter)}.`, { hint });
      }
      const reason = REFUSED[letter];
      if (reason !== undefined) {
        throw new UsageError('usage', `rolecall ${command} takes no -${letter}: ${reason}.`, { hint });
      }
      const list = listOf(letter);
      if (!takesValue) {
        lists[list].push(`-${letter}`);
        continue;
      }
      const isLast = at + 1 === word.length;
      const value = isLast ? rest[(index += 1)] : word.slice(at + 1);
      if (value === undefined) throw new UsageError('usage', `ssh needs a value after -${letter}.`, { hint });
      lists[list].push(`-${letter}`, value);
      break;
    }
  }
  const typed = rest.slice(rest[index] === '--' ? index + 1 : index);
  return { host, ...lists, command: typed.length === 0 ? undefined : typed.join(' ') };
}

function listOf(letter: string): 'connection' | 'session' | 'shared' {
  if (OF_CONNECTION.includes(letter)) return 'connection';
  return OF_SESSION.includes(letter) ? 'session' : 'shared';
}
