// `rolecall emulator`, apart from the process itself: parses the arguments, starts the emulator and prints how to use it.
import { parseArgs } from 'node:util';
import { type RolecallError, UsageError } from '../core/errors.ts';
import { formatJsonLine } from '../core/text/format-json.ts';
import { UnreadableFileError } from '../platform/files/bounded-read.ts';
import { parseDirectoryDocument } from './directory/directory-document.ts';
import type { DirectoryDocument } from './directory/directory-model.ts';
import { type Emulator, createEmulator } from './emulator.ts';
import { formatConfigSection, formatExports } from './pages/shell-lines.ts';

export interface CommandDeps {
  readonly args: readonly string[];
  readonly readFile: (path: string) => Promise<string>;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Resolves when the process should end. */
  readonly untilStopped: Promise<void>;
}

const USAGE = `rolecall emulator [--port N] [--directory FILE.json] [--auto-approve] [--json]

An in-memory IAM Identity Center: SSO OIDC, the SSO portal, STS
(GetCallerIdentity, AssumeRole), and the web pages for signing in.

  --port N               listen on 127.0.0.1:N (default: any free port)
  --directory FILE.json  accounts, users, permission sets and assignments (default: a small team)
  --auto-approve         approve every sign-in at once, as the first user
  --json                 print one line of JSON instead of text
`;

/** The exit code: 0 after a normal stop, 2 if it could not start. */
export async function runEmulatorCommand(deps: CommandDeps): Promise<number> {
  let emulator: Emulator;
  try {
    const options = parseOptions(deps.args);
    if (options.help) {
      deps.writeOut(USAGE);
      return 0;
    }
    const directory =
      options.directory === undefined ? {} : { directory: await loadDirectory(deps, options.directory) };
    emulator = createEmulator({ ...directory, autoApprove: options.autoApprove });
    await listen(emulator, options.port);
    deps.writeOut(options.json ? formatJsonLine(describe(emulator)) : formatWelcome(emulator, options.autoApprove));
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    deps.writeError(formatError(thrown));
    return thrown.exitCode;
  }
  await deps.untilStopped;
  await emulator.close();
  return 0;
}

interface CommandOptions {
  readonly port: number;
  readonly directory: string | undefined;
  readonly autoApprove: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function parseOptions(args: readonly string[]): CommandOptions {
  const values = parseFlags(args);
  const port = values.port ?? '0';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError('usage', `--port must be a number from 0 to 65535, not ${JSON.stringify(port)}.`, {
      hint: 'rolecall emulator --port 4000',
    });
  }
  return {
    port: Number(port),
    directory: values.directory,
    autoApprove: values['auto-approve'] ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        directory: { type: 'string' },
        'auto-approve': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    // Drops Node's advice about `--`, which does not apply here.
    const [sentence = ''] = (cause as Error).message.split(/\. |\n/);
    throw new UsageError('usage', `${sentence.replace(/\.$/, '')}.`, { cause, hint: 'rolecall emulator --help' });
  }
}

async function loadDirectory(deps: CommandDeps, path: string): Promise<DirectoryDocument> {
  let text: string;
  try {
    text = await deps.readFile(path);
  } catch (cause) {
    const code = cause instanceof UnreadableFileError ? `it is ${cause.reason}` : (cause as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'the file does not exist' : (code ?? 'it cannot be read');
    throw new UsageError('invalid-request', `Cannot read the directory file ${path}: ${reason}.`, {
      cause,
      hint: 'rolecall emulator --help',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError('invalid-request', `${path} is not JSON: ${(cause as Error).message}.`, {
      cause,
      hint: 'rolecall emulator --help',
    });
  }
  return parseDirectoryDocument(value, path);
}

async function listen(emulator: Emulator, port: number): Promise<void> {
  try {
    await emulator.listen(port);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === 'EADDRINUSE' ? 'is in use by another program' : `is not available (${code})`;
    throw new UsageError('usage', `Port ${port} of 127.0.0.1 ${reason}.`, {
      cause,
      hint: 'rolecall emulator --port 0',
    });
  }
}

function describe(emulator: Emulator) {
  return {
    url: emulator.url,
    startUrl: emulator.directory.startUrl,
    region: emulator.directory.region,
    portalUrl: `${emulator.url}/start`,
    deviceUrl: `${emulator.url}/device`,
    environment: emulator.environment(),
    controlToken: emulator.controlToken,
    user: emulator.directory.users()[0]?.userName ?? null,
  };
}

function formatWelcome(emulator: Emulator, isAutoApproving: boolean): string {
  const { url, directory } = emulator;
  const users = directory.users().map((user) => user.userName);
  const approval = isAutoApproving
    ? `Every sign-in is approved automatically, as ${users[0] ?? 'nobody (the directory has no user)'}.`
    : `Sign-ins wait for Allow or Deny in the browser.`;
  return `IAM Identity Center emulator on ${url}
${approval}

Point AWS's tools to it:

${formatExports(emulator.environment())}

Add this to ~/.aws/config:

${formatConfigSection(directory)}

Access portal: ${url}/start
Device page:   ${url}/device
Control token: ${emulator.controlToken}
Users:         ${users.slice(0, 8).join(', ')}${users.length > 8 ? ', …' : ''}

Press Ctrl-C to stop.
`;
}

function formatError(error: RolecallError): string {
  return `${error.message}\n  ${error.hint}\n`;
}
