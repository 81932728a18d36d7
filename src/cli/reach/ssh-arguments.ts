// The command lines of the ssh processes of one connection: the first has it, and the others reach it through its control socket.
import { LOADER } from './bootstrap.ts';
import type { SshLine } from './ssh-line.ts';

/** What the user's configuration says about the host, from `ssh -G`. */
export interface HostSettings {
  /** RemoteCommand. */
  readonly command: string | undefined;
  /** RequestTTY is `auto`: a shell gets a terminal if there is one here. */
  readonly isTerminalAutomatic: boolean;
  /** Options that this ssh knows, in lower case. OpenSSH before 8.7 refuses a few of ours. */
  readonly known: ReadonlySet<string>;
}

/** Prints the settings of the host, and refuses what this ssh does not understand. */
export function settingsArguments({ shared, connection, session, host }: SshLine): readonly string[] {
  return [...shared, ...connection, ...session, '-G', '--', host];
}

export function readHostSettings(text: string): HostSettings {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const end = line.indexOf(' ');
    if (end > 0 && !values.has(line.slice(0, end))) values.set(line.slice(0, end), line.slice(end + 1));
  }
  const command = values.get('remotecommand');
  return {
    command: command === undefined || command === 'none' ? undefined : command,
    isTerminalAutomatic: (values.get('requesttty') ?? 'auto') === 'auto',
    known: new Set(values.keys()),
  };
}

/** A connection of our own, never one that the user shares: what is forwarded in it ends with it. Its session is the bootstrap. */
export function connectionArguments(line: SshLine, settings: HostSettings, controlPath: string): readonly string[] {
  return [
    // Of two values for an option, ssh takes the first.
    ...options({ ControlMaster: 'yes', ControlPath: escapePercent(controlPath), ControlPersist: 'no' }),
    ...options({ RemoteCommand: 'none', RequestTTY: 'no' }),
    ...optionsIfKnown({ SessionType: 'default', StdinNull: 'no', ForkAfterAuthentication: 'no' }, settings),
    ...line.shared,
    ...line.connection,
    // For a connection without use. The access ends by our own signs of life: ssh gives each step of the sign-in the product of
    // the two, and a server may wait for a person there, or for a slow directory of users.
    ...options({ ServerAliveInterval: '5', ServerAliveCountMax: '24' }),
    '--',
    line.host,
    LOADER,
  ];
}

/** The shell or command of the user. Without the connection it fails: it must not open one of its own. */
export function sessionArguments(
  line: SshLine,
  settings: HostSettings,
  { controlPath, command, isShell, isTerminal }: SessionTerms,
): readonly string[] {
  const isChosen = line.session.some((word) => word === '-t' || word === '-T');
  const getsTerminal = isShell && isTerminal && !isChosen && settings.isTerminalAutomatic;
  return [
    ...options({ ControlMaster: 'no', ControlPath: escapePercent(controlPath), ProxyCommand: 'false' }),
    ...options({ ClearAllForwardings: 'yes', RemoteCommand: 'none' }),
    ...optionsIfKnown({ SessionType: 'default', ForkAfterAuthentication: 'no' }, settings),
    ...line.shared,
    ...line.session,
    ...(getsTerminal ? ['-t'] : []),
    '--',
    line.host,
    command,
  ];
}

export interface SessionTerms {
  readonly controlPath: string;
  /** What the login shell there runs. */
  readonly command: string;
  readonly isShell: boolean;
  /** Whether standard input is a terminal. */
  readonly isTerminal: boolean;
}

/** Prints the port that the far host has chosen on standard output, where the far host itself can write nothing. */
export function forwardArguments(controlPath: string, socketPath: string): readonly string[] {
  return [...control(controlPath), '-O', 'forward', '-R', `127.0.0.1:0:${escapePercent(socketPath)}`, 'rolecall'];
}

/** Closes the port of `forwardArguments` there. */
export function cancelArguments(controlPath: string, socketPath: string): readonly string[] {
  return [...control(controlPath), '-O', 'cancel', '-R', `127.0.0.1:0:${escapePercent(socketPath)}`, 'rolecall'];
}

export function exitArguments(controlPath: string): readonly string[] {
  return [...control(controlPath), '-O', 'exit', 'rolecall'];
}

/** Without the user's configuration, which has no say in this. */
const control = (controlPath: string) => ['-F', 'none', '-S', escapePercent(controlPath)];

const escapePercent = (path: string) => path.replaceAll('%', '%%');

function options(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function optionsIfKnown(values: Readonly<Record<string, string>>, { known }: HostSettings): readonly string[] {
  return options(Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name.toLowerCase()))));
}
