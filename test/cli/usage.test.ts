// Usage errors and help, and that every command line in a message is valid.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALIASES, expandAlias, SUGGESTIONS } from '../../src/cli/aliases.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS, findQuickCommand, runCommandLine } from '../../src/cli/program.ts';
import { formatShellHook, HOOK_SHELLS } from '../../src/cli/shell/hook-text.ts';
import { ERROR_TABLE, NotFoundError, UnavailableError } from '../../src/core/errors.ts';
import { loadVersion } from '../../src/local-api/version.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { mask } from './masks.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.remove());

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));
/** Every command, to look at. */
const program = await loadProgram(COMMANDS, {} as CliContext);

function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program;
  for (const [index, word] of words.entries()) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) return { command, rest: words.slice(index) };
    command = next;
  }
  return { command, rest: [] };
}

interface CommandAt {
  readonly path: readonly string[];
  readonly hasCommands: boolean;
}

function everyCommand(command: Command, path: readonly string[]): CommandAt[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  return [
    { path, hasCommands: children.length > 0 },
    ...children.flatMap((child) => everyCommand(child, [...path, child.name()])),
  ];
}

/** What is wrong with a command line; undefined if it is valid. */
function findFault(commandLine: string): string | undefined {
  const { command, rest } = findCommand(commandLine.split(/\s+/).slice(1));
  if (command.commands.length > 0 && rest[0] !== '--help') return `"${commandLine}" is no command`;
  const words = [...rest];
  let given = 0;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--help' || word === '--debug') continue;
    if (word === '--') {
      given += words.length;
      break;
    }
    if (word.startsWith('--')) {
      const option = command.options.find(({ long }) => long === word);
      if (option === undefined) return `"${commandLine}" has the unknown option ${word}`;
      if (option.required || (option.optional && words[0]?.startsWith('-') === false)) words.shift();
    } else {
      given += 1;
    }
  }
  const { registeredArguments } = command;
  const most = registeredArguments.some(({ variadic }) => variadic) ? Infinity : registeredArguments.length;
  return given > most ? `"${commandLine}" has too many arguments` : undefined;
}

describe('commands in messages', () => {
  test('the check below finds unknown commands, options and arguments', () => {
    expect(findFault('rolecall frobnicate')).toBe('"rolecall frobnicate" is no command');
    expect(findFault('rolecall daemon frobnicate')).toBe('"rolecall daemon frobnicate" is no command');
    expect(findFault('rolecall ls --frobnicate')).toBe(
      '"rolecall ls --frobnicate" has the unknown option --frobnicate',
    );
    expect(findFault('rolecall status now')).toBe('"rolecall status now" has too many arguments');
    expect(findFault('rolecall profiles sync --dry-run')).toBeUndefined();
    expect(findFault('rolecall exec NAME -- true --frobnicate')).toBeUndefined();
    expect(findFault('rolecall status -- now')).toBe('"rolecall status -- now" has too many arguments');
  });

  test('every hint in the table of errors is a valid command line', () => {
    const hints = Object.values(ERROR_TABLE).flatMap(({ codes }) => Object.values(codes));
    expect(hints.length).toBeGreaterThan(20);
    expect(hints.flatMap((hint) => findFault(hint) ?? [])).toEqual([]);
  });

  test('every command line in the strings of the sources is valid', () => {
    const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|js)$/.test(path));
    const found = files.flatMap((path) => {
      const text = readFileSync(join(SOURCES, path), 'utf8');
      // At the start of a string, or after the colon of a sentence.
      const literals = [...text.matchAll(/(?:['`]|: )(rolecall (?:[a-z]|--)[^'`\n\\]*)/g)].map(
        ([, literal = '']) => literal,
      );
      // Usage lines, and sentences about rolecall itself, are no command lines.
      const isProse = (literal: string) =>
        literal.includes('[') || /^rolecall (is|has|calls|waits|cannot|can't)\b/.test(literal);
      return literals
        .filter((literal) => !isProse(literal))
        .map((literal) =>
          literal
            .replaceAll(/\$\{[^}]*\}?/g, 'WORD')
            .replace(/[.,;)].*$/, '')
            .trim(),
        )
        .map((literal) => ({ path, literal }));
    });
    expect(found.length).toBeGreaterThan(40);
    const faults = found.flatMap(({ path, literal }) => {
      const fault = findFault(literal);
      return fault === undefined ? [] : [`${path}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });
});

describe('usage errors', () => {
  const cases: readonly [argv: string[], message: string, hint: string][] = [
    [['logni'], 'There is no command "logni"; did you mean "login"?', 'rolecall login'],
    [
      ['logni', '--force', 'my session'],
      'There is no command "logni"; did you mean "login"?',
      "rolecall login --force 'my session'",
    ],
    [['help', 'logni'], 'There is no command "logni"; did you mean "login"?', 'rolecall help login'],
    [['logni', '--help'], 'There is no command "logni"; did you mean "login"?', 'rolecall login --help'],
    [['--help', 'frobnicate'], 'There is no command "frobnicate".', 'rolecall --help'],
    [
      ['profiles', 'snyc', '--help'],
      'rolecall profiles has no command "snyc"; did you mean "sync"?',
      'rolecall profiles sync --help',
    ],
    [
      ['profiles', 'help', 'snyc'],
      'rolecall profiles has no command "snyc"; did you mean "sync"?',
      'rolecall profiles help sync',
    ],
    [['frobnicate'], 'There is no command "frobnicate".', 'rolecall --help'],
    [['up'], 'There is no command "up".', 'rolecall --help'],
    [['login', '--forc=1'], 'rolecall login has no option "--forc"; did you mean "--force"?', 'rolecall login --force'],
    [
      ['env', 'taylor', '--regoin=eu-west-1'],
      'rolecall env has no option "--regoin"; did you mean "--region"?',
      'rolecall env taylor --region=eu-west-1',
    ],
    [['ls', 'prod', '--json=1'], 'rolecall ls takes no value after --json.', 'rolecall ls prod --json'],
    [['--debug=1', 'ls'], 'rolecall takes no value after --debug.', 'rolecall --debug ls'],
    [['completion'], 'rolecall completion needs a shell.', 'rolecall completion --help'],
    [['completion', 'tcsh'], '"tcsh" is not one of bash, zsh, fish.', 'rolecall completion --help'],
    [['service', 'logs', '-x'], 'rolecall service logs has no option "-x".', 'rolecall service logs --help'],
    [
      ['profiles', 'snyc', '--dry-run'],
      'rolecall profiles has no command "snyc"; did you mean "sync"?',
      'rolecall profiles sync --dry-run',
    ],
    [['assume', '--unset'], 'rolecall use has no option "--unset"; did you mean "use --off"?', 'rolecall use --off'],
    [
      ['assume', 'prod', '--exec', '--', 'env', '-c'],
      'rolecall use has no option "--exec"; did you mean "exec"?',
      'rolecall exec prod -- env -c',
    ],
    [
      ['assume', '-c', 'prod', '--service', 'ec2'],
      'rolecall use has no option "-c"; did you mean "console"?',
      'rolecall console prod --service ec2',
    ],
    [['profiles', 'frobnicate'], 'rolecall profiles has no command "frobnicate".', 'rolecall profiles --help'],
    [['login', '--forc'], 'rolecall login has no option "--forc"; did you mean "--force"?', 'rolecall login --force'],
    [
      ['status', '--chek'],
      'rolecall status has no option "--chek"; did you mean "--check"?',
      'rolecall status --check',
    ],
    [['ls', '--frobnicate'], 'rolecall ls has no option "--frobnicate".', 'rolecall ls --help'],
    [['status', 'now'], 'rolecall status takes no argument.', 'rolecall status --help'],
    [['login', 'a', 'b'], 'rolecall login takes one argument at most.', 'rolecall login --help'],
    [['login', '--profile'], 'rolecall login needs a value after --profile.', 'rolecall login --help'],
    [['login', '\u001b[2J', 'b'], 'rolecall login takes one argument at most.', 'rolecall login --help'],
    [['\u001b[2J'], 'There is no command "\ufffd[2J".', 'rolecall --help'],
  ];
  test.each(cases)('%j', async (argv, message, hint) => {
    expect(await rig.runCli(argv)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: ${message} [usage]\nRun: ${hint}\n`,
    });
  });

  test.each([[['daemon']], [['profiles']]])(
    'without a command, as in %j, prints the help and exits with 2',
    async (argv) => {
      const { exitCode, stdout, stderr } = await rig.runCli(argv);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^Usage: rolecall.*\n/);
      expect(stderr).toContain('Commands:\n');
    },
  );
});

describe('commands under the names of other tools', () => {
  test('are rolecall commands, each named once', () => {
    const targets = [...Object.values(ALIASES), ...Object.values(SUGGESTIONS)].map((words) => words.replace(' …', ''));
    expect(targets.length).toBeGreaterThan(40);
    expect(targets.flatMap((words) => (words === '--version' ? [] : (findFault(`rolecall ${words}`) ?? [])))).toEqual(
      [],
    );
    const names = [...Object.keys(ALIASES), ...Object.keys(SUGGESTIONS)];
    expect(names.filter((name) => findFault(`rolecall ${name}`) === undefined)).toEqual([]);
    expect(names).toEqual([...new Set(names)]);
  });

  test.each([
    [
      ['list', 'shop', '--json'],
      ['ls', 'shop', '--json'],
    ],
    [
      ['--debug', 'assume', 'shop', 'read'],
      ['--debug', 'use', 'shop', 'read'],
    ],
    [
      ['sso', 'login', '--profile', 'x'],
      ['login', '--profile', 'x'],
    ],
    [
      ['daemon', 'status'],
      ['service', 'status'],
    ],
    [
      ['daemon', 'stop'],
      ['daemon', 'stop'],
    ],
    [['status'], ['status']],
    [[], []],
  ])('%j runs as %j', (argv, own) => {
    expect(expandAlias(argv)).toEqual(own);
  });

  test('run with the options, the output and the errors of the command itself', async () => {
    for (const [argv, own] of [
      [
        ['list', '--json'],
        ['ls', '--json'],
      ],
      [['assume'], ['use']],
      [
        ['switch', '--help'],
        ['use', '--help'],
      ],
      [
        ['help', 'switch'],
        ['use', '--help'],
      ],
      [['version'], ['--version']],
    ] as const) {
      expect(await rig.runCli(argv)).toEqual(await rig.runCli(own));
    }
  });

  test.each([
    [['export', 'prod'], 'export', 'env', 'rolecall env prod'],
    [['run', 'prod', '--', 'aws', 's3 ls'], 'run', 'exec', "rolecall exec prod -- aws 's3 ls'"],
    [['sso', 'populate', '--prune'], 'sso populate', 'profiles sync', 'rolecall profiles sync'],
    [['session', 'frobnicate'], 'session', 'status', 'rolecall status'],
  ])('%j is answered with the command that is meant', async (argv, name, meant, hint) => {
    expect(await rig.runCli(argv)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: There is no command "${name}"; did you mean "${meant}"? [usage]\nRun: ${hint}\n`,
    });
  });

  test('the shell hook knows every other name of `use`', () => {
    const names = Object.entries(ALIASES).flatMap(([name, own]) => (own === 'use' ? [name] : []));
    expect(names.length).toBe(2);
    for (const shell of HOOK_SHELLS) {
      for (const name of names) {
        expect(formatShellHook(shell, '/x')).toMatch(new RegExp(`\\buse\\b[^\\n]*\\b${name}\\b`));
      }
    }
  });
});

describe('help', () => {
  test('of rolecall lists every command by section, examples, and where to start', async () => {
    const { exitCode, stdout, stderr } = await rig.runCli(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.match(/^[A-Z][^\n]*:$/gm)).toEqual([
      'Daily:',
      'Setup:',
      'Integrations:',
      'Troubleshooting and trying out:',
      'Options:',
      'Examples:',
    ]);
    for (const command of program.commands) {
      expect(stdout).toMatch(new RegExp(`^  ${command.name()} `, 'm'));
    }
    expect(stdout.endsWith('\nStart your day with: rolecall login\n')).toBe(true);
  });

  test('of each command lists its options', async () => {
    const walk = (command: Command, path: string[]): [Command, string[]][] => [
      [command, path],
      ...command.commands.flatMap((child) => walk(child, [...path, child.name()])),
    ];
    const [, ...commands] = walk(program, []);
    expect(commands.length).toBeGreaterThan(14);
    for (const [command, path] of commands) {
      const { exitCode, stdout, stderr } = await rig.runCli([...path, '--help']);
      expect({ path, exitCode, stderr }).toEqual({ path, exitCode: 0, stderr: '' });
      expect(stdout).toContain(`Usage: rolecall ${path.join(' ')}`);
      for (const option of command.options.filter(({ hidden }) => !hidden)) {
        expect(stdout).toContain(`  ${option.flags}`);
      }
    }
  });

  test('of each command fits into 80 columns, wraps at words, and has an example', async () => {
    const faults: string[] = [];
    let seen = 0;
    for (const { path, hasCommands } of everyCommand(program, [])) {
      const name = ['rolecall', ...path].join(' ');
      const { stdout } = await rig.runCli([...path, '--help']);
      const lines = stdout.split('\n');
      seen += lines.length;
      faults.push(...lines.filter((line) => line.length > 80).map((line) => `${name}: too wide: ${line}`));
      // Below the options, where the usage line does not count.
      const example = lines.slice(1).find((line) => /^ +\S/.test(line) && line.includes(name));
      if (example === undefined && !hasCommands) faults.push(`${name}: no example`);
    }
    expect(seen).toBeGreaterThan(400);
    expect(faults).toEqual([]);
  });

  test('in a narrow terminal fits there, and in a wide one into 80 columns', async () => {
    const widest = async (columns: number) => {
      const stream = { isTTY: true, columns, write: () => true };
      const all = await loadProgram(COMMANDS, { stdout: stream, stderr: stream });
      const texts = [all, ...all.commands.filter(({ commands }) => commands.length === 0)].map((command) =>
        command.helpInformation(),
      );
      expect(texts.length).toBeGreaterThan(15);
      // A single word that is too long stays whole.
      const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.trim().includes(' '));
      return Math.max(...lines.map((line) => line.length));
    };
    expect(await widest(60)).toBeLessThanOrEqual(60);
    expect(await widest(200)).toBeLessThanOrEqual(80);
  });

  test.each([[[]], [['help']], [['-h']], [['--debug', '--help']]])(
    'of rolecall is the same for %j, on stdout',
    async (argv) => {
      expect(await rig.runCli(argv)).toEqual(await rig.runCli(['--help']));
    },
  );

  test('--version prints the versions of the package, of Node and of the daemon, and starts none', async () => {
    for (const flag of ['--version', '-V']) {
      expect(await rig.runCli([flag])).toEqual({
        exitCode: 0,
        stdout: `rolecall  ${loadVersion()}\nnode      ${process.version}\ndaemon    ${loadVersion()}, pid ${process.pid}\n`,
        stderr: '',
      });
    }
    await rig.daemon().stop();
    expect((await rig.runCli(['-V'])).stdout).toMatch(/^daemon {4}not running$/m);
    await rig.restartDaemon();
  });
});

describe('the quick path around the parser', () => {
  test('takes plain command lines only', async () => {
    for (const argv of [
      ['status'],
      ['status', '--check'],
      ['status', '--json'],
      ['ls'],
      ['ls', 'a', '--json', 'b'],
      ['ls', '--refresh'],
      ['status', '--format', 'tmux'],
      ['use'],
      ['use', '--print-name', '--no-picker', 'shop', 'read'],
      ['use', '--back', '--', '-odd-'],
      ['--version'],
      [],
      ['--help'],
    ]) {
      expect(await findQuickCommand(argv)).toBeTypeOf('function');
    }
    for (const argv of [
      [''],
      ['--help', 'ls'],
      ['login'],
      ['status', 'x'],
      ['status', '--help'],
      ['status', '--debug'],
      ['status', '--js'],
      ['status', '--'],
      ['ls', '-h'],
      ['ls', '--json=1'],
      ['--debug', 'ls'],
      ['status', '--format'],
      ['status', '--format', 'screen'],
      ['status', '--format=tmux'],
      ['use', '-'],
      ['use', '-h'],
      ['constructor'],
      ['status', '--format <name>'],
    ]) {
      expect(await findQuickCommand(argv)).toBeUndefined();
    }
  });

  test('gives the same result as the parser', async () => {
    await rig.runCli(['login', '--no-wait']);
    await rig.client.call('accounts', { query: { refresh: true } });
    for (const argv of [
      ['status', '--check'],
      ['ls'],
      ['ls', 'shop', 'read'],
      ['ls', '--json', 'shop'],
      ['ls', 'nothing'],
      ['ls', '--refresh'],
      ['status', '--format', 'tmux'],
      ['status', '--format', 'tmux', '--format', 'waybar'],
      ['use', '--print-name', '--no-picker', 'shop', 'read'],
      ['use', '--print-name', '--back', '--', '-odd-'],
      ['use', '--current', '--json', 'nothing'],
    ]) {
      // The quick path leaves `--debug` to the parser.
      const parsed = await rig.runCli(['--debug', ...argv]);
      const quick = await rig.runCli(argv);
      expect({ ...quick, stderr: '' }).toEqual({ ...parsed, stderr: '' });
      const stderr = parsed.stderr.replaceAll(/^(?:debug: |\{"type":"debug").*\n/gm, '');
      expect(mask(stderr).startsWith(mask(quick.stderr))).toBe(true);
    }
  });
});

describe('--debug', () => {
  const failing = (error: Error) => async (argv: readonly string[]) => {
    let stderr = '';
    const context = {
      stdout: { write: () => true },
      stderr: { write: (text: string) => (stderr += text) },
      environment: {},
      signal: new AbortController().signal,
      clock: { nowMs: () => 0 },
      findInstalledService: async () => undefined,
      client: {
        call: async () => {
          throw error;
        },
      },
    } as unknown as CliContext;
    return { exitCode: await runCommandLine(argv, context), stderr };
  };

  test('prints the code and the causes', async () => {
    const cause = new Error('connect ECONNREFUSED', { cause: new TypeError('deeper\u001b[2J') });
    const run = failing(new UnavailableError('identity-center-unreachable', 'It is away.', { cause }));
    expect(await run(['ls'])).toEqual({
      exitCode: 7,
      stderr: 'rolecall: It is away. [identity-center-unreachable]\nRun: rolecall doctor\n',
    });
    expect(await run(['ls', '--debug'])).toEqual({
      exitCode: 7,
      stderr:
        'debug: GET /v1/accounts: identity-center-unreachable, 0 ms\n' +
        'rolecall: It is away. [identity-center-unreachable]\nRun: rolecall doctor\n' +
        '  identity-center-unreachable (UnavailableError, exit 7)\n' +
        '  caused by Error: connect ECONNREFUSED\n' +
        '  caused by TypeError: deeper\ufffd[2J\n',
    });
  });

  test('prints each request with its outcome and duration, and no body, answer or user code', async () => {
    const signingIn = await rig.runCli(['login', '--force', '--no-browser', '--debug']);
    const lines = signingIn.stderr.split('\n').filter((line) => line.startsWith('debug: '));
    expect(lines[0]).toMatch(/^debug: GET \/v1\/status: ok, \d+ ms$/);
    expect(lines.map((line) => line.replace(/\d+ ms$/, 'N ms'))).toContain(
      `debug: POST /v1/sessions/${SESSION}/sign-in (body: force, acceptEndpoint, browser): ok, N ms`,
    );
    const [code = ''] = /[A-Z]{4}-[A-Z]{4}/.exec(signingIn.stderr) ?? [];
    expect(code).not.toBe('');
    expect(lines.join('\n')).not.toContain(code);
    const json = await rig.runCli(['ls', '--json', '--debug']);
    expect(json.stderr).toMatch(/^\{"type":"debug","message":"GET \/v1\/[a-z]+[^\n]*: ok, \d+ ms"\}\n/);
    expect(JSON.parse(json.stdout)).toHaveProperty('accounts');
    const failed = await rig.runCli([
      'credential-process',
      '--session',
      'x',
      '--account',
      '1',
      '--role',
      'r',
      '--debug',
    ]);
    expect(failed.stderr).toMatch(
      /^debug: GET \/v1\/credentials\?session=x&account=1&role=r: [a-z-]+, \d+ ms\nrolecall: /,
    );
  });

  test('belongs to rolecall only before the command of `exec`', async () => {
    await rig.runCli(['login', '--no-wait']);
    const programs: unknown[] = [];
    const runInPlace = async (program: unknown) => {
      programs.push(program);
      return 0;
    };
    const profile = 'taylor.Admin-AF-Permission-Set';
    for (const [argv, isOurs] of [
      [['exec', profile, '--debug', '--', 'true'], true],
      [['exec', profile, '--', 'true', '--debug'], false],
      [['exec', profile, 'true', '--debug'], false],
    ] as const) {
      const { stderr } = await rig.runCli(argv, { runInPlace });
      expect([argv, stderr.includes('debug: ')]).toEqual([argv, isOurs]);
    }
    expect(programs).toHaveLength(3);
  });

  test('reports an internal error without its stack', async () => {
    const run = failing(new TypeError('x is not a function'));
    expect(await run(['status'])).toEqual({
      exitCode: 1,
      stderr: 'rolecall: Something went wrong inside rolecall. [internal]\nRun: rolecall daemon restart\n',
    });
    expect((await run(['status', '--debug'])).stderr).toMatch(
      /exit 1\)\n {2}caused by TypeError: x is not a function\n$/,
    );
    expect(await failing(new NotFoundError('account-not-found', 'No.'))(['ls'])).toMatchObject({ exitCode: 6 });
  });
});
