// Builds the man pages of the package from the definitions of the commands, so that they match `--help`.

/** Files that `rolecall` and `rolecalld` read and write, for both pages. */
const FILES = [
  [
    '~/.config/rolecall/config.toml',
    'Settings, all optional. On macOS: ~/Library/Application Support/rolecall/config.toml',
  ],
  ['~/.config/rolecall/environment', 'Variables for the service under systemd, one NAME=value per line.'],
  [
    '$XDG_RUNTIME_DIR/rolecall/daemon.sock',
    'The socket of the daemon; ~/.local/state/rolecall/run/daemon.sock leads to it.',
  ],
  ['~/.local/state/rolecall/', "State, and the daemon's log. On macOS: ~/Library/Application Support/rolecall/"],
  [
    '~/.local/share/rolecall/bin/rolecall-credential-process',
    'The program that profiles name; the daemon keeps it up to date. Below $XDG_DATA_HOME if that is set.',
  ],
  ['~/.aws/config', 'sso-sessions and profiles. rolecall writes only between its two marker lines.'],
];

/** Environment variables, also for docs/settings.md. */
export const VARIABLES = [
  ['ROLECALL_CONFIG', 'Path of the settings file.'],
  ['ROLECALL_SOCKET', 'Path of the socket.'],
  ['ROLECALL_SECRET_STORE', 'Where tokens are stored: keychain, file or memory. Overrides the settings.'],
  ['ROLECALL_PASSPHRASE', 'Passphrase of the encrypted file, for scripts.'],
  ['ROLECALL_NO_AUTOSTART', 'If 1, only rolecall daemon start and restart start the daemon.'],
  ['ROLECALL_PICKER', 'If builtin, lists do not use fzf.'],
  ['ROLECALL_EMULATOR_TOKEN', 'Control token of rolecall emulator, 20 to 200 characters; by default a new one.'],
  ['ROLECALL_PROFILE', 'Set by exec: the profile of the command; with --via the role, as in Deploy via taylor.Admin.'],
  ['ROLECALL_GRANT', 'Set by exec --via: its grant, for rolecall whoami.'],
  ['AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE', "Paths of AWS's own files."],
  [
    'AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_STS',
    "Addresses to use instead of AWS's, read when the daemon starts. Settings override them; AWS_ENDPOINT_URL is ignored.",
  ],
  [
    'AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT',
    "If true, AWS's FIPS or dual-stack endpoints, for sessions that set nothing else; read when the daemon starts.",
  ],
  [
    'HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE',
    'How to reach AWS. The daemon uses the values from the shell that started it.',
  ],
];

/** rolecall(1), from commander's program and the table of errors. */
export function formatCommandPage({ program, errorTable, version }) {
  return [
    title('ROLECALL', 1, version, 'User Commands'),
    section('NAME'),
    `rolecall \\- ${text(lowerFirst(firstSentence(program.description())))}`,
    section('SYNOPSIS'),
    '.B rolecall',
    '.RI [ options ]',
    '.I command',
    '.RI [ arguments ]',
    section('DESCRIPTION'),
    text(program.description()),
    ...afterHelp(program),
    section('OPTIONS'),
    ...program.createHelp().visibleOptions(program).flatMap(describeOption),
    section('COMMANDS'),
    ...commandsOf(program).flatMap(describeCommand),
    section('EXIT STATUS'),
    ...entry('0', 'Success.'),
    ...exitCodes(errorTable).flatMap(([code, names]) => entry(code, names)),
    ...entry('130', 'Interrupted.'),
    section('ENVIRONMENT'),
    ...VARIABLES.flatMap(([name, what]) => entry(name, what)),
    section('FILES'),
    ...FILES.flatMap(([path, what]) => entry(path, what)),
    section('SEE ALSO'),
    '.BR rolecalld (8),',
    '.BR aws (1)',
    '',
  ].join('\n');
}

/** rolecalld(8). */
export function formatDaemonPage({ version }) {
  return [
    title('ROLECALLD', 8, version, 'System Administration'),
    section('NAME'),
    'rolecalld \\- the background service of rolecall, which keeps AWS role credentials fresh',
    section('SYNOPSIS'),
    '.B rolecalld',
    '.RB [ \\-\\-foreground ]',
    section('DESCRIPTION'),
    text(
      'Signs in to IAM Identity Center, stores tokens in the keychain of the system, keeps role credentials in memory, and answers programs of the same user over a unix socket. Each user has one daemon: a second one exits at once.',
    ),
    '.PP',
    text(
      'You do not have to start it: the first command of rolecall(1) that needs it does, or the service manager after "rolecall service install".',
    ),
    section('OPTIONS'),
    ...entry('--foreground', 'Stay in the foreground of a terminal, with the log on standard error as well.'),
    ...entry(
      '--service',
      'Used by the unit and the LaunchAgent: as --foreground, and exit status 75 asks for a restart.',
    ),
    section('SERVICE'),
    text(
      'Under systemd the user units are rolecall.socket and rolecall.service. The socket exists from login on, and the daemon starts with the desktop or with the first request (LISTEN_FDS, see sd_listen_fds(3)). Under launchd the agent is rolecall.daemon. A service daemon takes over from a daemon that already runs.',
    ),
    '.PP',
    text(
      'When another version is installed in its place, or a newer command asks, the daemon finishes its answers and exits, and the new version starts.',
    ),
    section('SIGNALS'),
    ...entry('SIGTERM, SIGINT', 'Finish open requests, for at most five seconds, and exit.'),
    section('EXIT STATUS'),
    ...entry('0', 'Stopped as requested, or another daemon is running.'),
    ...entry('2', 'The settings are not valid.'),
    ...entry('75', 'Asks for a restart, because another version was installed.'),
    section('ENVIRONMENT'),
    ...VARIABLES.flatMap(([name, what]) => entry(name, what)),
    section('FILES'),
    ...FILES.flatMap(([path, what]) => entry(path, what)),
    section('SEE ALSO'),
    '.BR rolecall (1),',
    '.BR systemctl (1)',
    '',
  ].join('\n');
}

function title(name, number, version, manual) {
  return `.\\" Generated from the definitions of the commands; changes here are lost.\n.TH ${name} ${number} "" "rolecall ${version}" "${manual}"\n.nh`;
}

const section = (name) => `.SH ${name}`;

function entry(term, what) {
  return ['.TP', `.B ${text(term)}`, text(what)];
}

/** Every command that does something, with the words that lead to it. */
export function commandsOf(command, path = []) {
  return command.commands
    .filter((child) => child.name() !== 'help')
    .flatMap((child) => {
      const words = [...path, child.name()];
      return child.commands.length === 0 ? [{ command: child, words: words.join(' ') }] : commandsOf(child, words);
    });
}

function describeCommand({ command, words }) {
  const help = command.createHelp();
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  return [
    `.SS ${text(['rolecall', words, ...args].join(' '))}`,
    text(sentence(command.description())),
    ...described.flatMap((argument) => entry(argument.name(), sentence(argument.description))),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .flatMap(describeOption),
    ...afterHelp(command),
  ];
}

function describeOption(option) {
  return entry(option.flags, sentence(option.description));
}

/** The text that `--help` shows below the options; empty if there is none. */
export function helpAfterOptions(command) {
  let printed = '';
  command.configureOutput({ writeOut: (part) => (printed += part) });
  command.outputHelp();
  const information = command.helpInformation();
  // The first line may be indented.
  return printed.slice(printed.indexOf(information) + information.length).replaceAll(/^\n+|\s+$/g, '');
}

function afterHelp(command) {
  const after = helpAfterOptions(command);
  return after === '' ? [] : ['.PP', '.nf', ...after.split('\n').map(text), '.fi'];
}

function exitCodes(errorTable) {
  const byCode = new Map();
  for (const { exitCode, codes } of Object.values(errorTable)) {
    byCode.set(exitCode, [...(byCode.get(exitCode) ?? []), ...Object.keys(codes)]);
  }
  return [...byCode].toSorted(([a], [b]) => a - b).map(([code, names]) => [String(code), `${names.join(', ')}.`]);
}

/** A description with a capital letter and a full stop. */
export function sentence(words) {
  const capital = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}

const firstSentence = (words) => words.replace(/\.(?: .*)?$/s, '');
const lowerFirst = (words) => words.charAt(0).toLowerCase() + words.slice(1);

/** Escapes text for roff: backslashes, hyphens that can be copied, and lines that would begin with a command. */
function text(words) {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replaceAll(/^([.'])/gm, '\\&$1');
}
