// The man pages of the package, made from the definitions of the commands, so that they say what `--help` says.

/** What `rolecall` and `rolecalld` read and write, for both pages. */
const FILES = [
  [
    '~/.config/rolecall/config.toml',
    'Settings, all optional. On macOS: ~/Library/Application Support/rolecall/config.toml',
  ],
  ['~/.config/rolecall/environment', 'Variables for the service under systemd, one NAME=value a line.'],
  [
    '$XDG_RUNTIME_DIR/rolecall/daemon.sock',
    'Where the daemon listens; ~/.local/state/rolecall/run/daemon.sock leads there too.',
  ],
  ['~/.local/state/rolecall/', "State, and the daemon's log. On macOS: ~/Library/Application Support/rolecall/"],
  ['~/.local/share/rolecall/bin/rolecall-credential-process', 'What profiles name; kept up to date by the daemon.'],
  ['~/.aws/config', 'sso-sessions and profiles; between its two marks it is rolecall that writes.'],
];

export const VARIABLES = [
  ['ROLECALL_CONFIG', 'Another file of settings.'],
  ['ROLECALL_SOCKET', 'Another socket.'],
  ['ROLECALL_SECRET_STORE', 'Where tokens are kept: keychain, file or memory.'],
  ['ROLECALL_PASSPHRASE', 'Of the encrypted file, for scripts.'],
  ['ROLECALL_NO_AUTOSTART', 'With 1 no command starts the daemon.'],
  ['AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE', "AWS's own files, when they are elsewhere."],
  ['HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE', 'How AWS is reached, as they stood when the daemon was started.'],
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
    ...leaves(program).flatMap(describeCommand),
    section('EXIT STATUS'),
    ...entry('0', 'Done.'),
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
      'Signs in to IAM Identity Center, keeps the tokens in the keychain of the system and role credentials in memory, and answers programs of the same user over a unix socket. There is one for each user: a second one ends at once.',
    ),
    '.PP',
    text(
      'Nobody has to start it by hand: the first command of rolecall(1) that needs it does, or the service manager, once "rolecall service install" was run.',
    ),
    section('OPTIONS'),
    ...entry('--foreground', 'Stay in the foreground of a terminal, with the log on standard error as well.'),
    ...entry(
      '--service',
      'What the unit and the LaunchAgent say: as --foreground, and exit status 75 asks to be started again.',
    ),
    section('SERVICE'),
    text(
      'Under systemd the user units rolecall.socket and rolecall.service are installed: the socket is there from the login on, and the daemon is started with the desktop or by the first caller (LISTEN_FDS, see sd_listen_fds(3)). Under launchd it is the agent rolecall.daemon. A daemon that finds another one takes over from it.',
    ),
    '.PP',
    text(
      'When another version is installed in its place, or a newer command asks, it gives the answers under way, ends, and the newer one is started.',
    ),
    section('SIGNALS'),
    ...entry('SIGTERM, SIGINT', 'Give the answers under way, five seconds at the most, and end.'),
    section('EXIT STATUS'),
    ...entry('0', 'Ended as it was told to, or another daemon is running.'),
    ...entry('2', 'The settings can not be used.'),
    ...entry('75', 'To be started again, for another version was installed.'),
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
  return `.\\" Made from the definitions of the commands; changes here are lost.\n.TH ${name} ${number} "" "rolecall ${version}" "${manual}"`;
}

const section = (name) => `.SH ${name}`;

function entry(term, what) {
  return ['.TP', `.B ${text(term)}`, text(what)];
}

/** Every command that does something, with the words that lead to it. */
function leaves(command, path = []) {
  return command.commands
    .filter((child) => child.name() !== 'help')
    .flatMap((child) => {
      const words = [...path, child.name()];
      // A group may do something by itself.
      const own =
        child.commands.length === 0 || child.registeredArguments.length > 0 ? [{ command: child, words }] : [];
      return [...own, ...leaves(child, words)];
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
    `.SS ${text(['rolecall', ...words, ...args].join(' '))}`,
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

/** What a command says below its options, as it stands there. */
function afterHelp(command) {
  let printed = '';
  command.configureOutput({ writeOut: (part) => (printed += part) });
  command.outputHelp();
  const after = printed.slice(printed.indexOf(command.helpInformation()) + command.helpInformation().length).trim();
  return after === '' ? [] : ['.PP', '.nf', ...after.split('\n').map(text), '.fi'];
}

function exitCodes(errorTable) {
  const byCode = new Map();
  for (const { exitCode, codes } of Object.values(errorTable)) {
    byCode.set(exitCode, [...(byCode.get(exitCode) ?? []), ...Object.keys(codes)]);
  }
  return [...byCode].toSorted(([a], [b]) => a - b).map(([code, names]) => [String(code), `${names.join(', ')}.`]);
}

function sentence(words) {
  const capital = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.?!)]$/.test(capital) ? capital : `${capital}.`;
}

const firstSentence = (words) => words.replace(/\.(?: .*)?$/s, '');
const lowerFirst = (words) => words.charAt(0).toLowerCase() + words.slice(1);

/** For roff: no backslash of its own, hyphens that can be copied, no line that begins with a command. */
function text(words) {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replaceAll(/^([.'])/gm, '\\&$1');
}
