// `rolecall emulator`, apart from the process itself: parses the arguments, starts the emulator and prints how to use it.
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { type RolecallError, UsageError } from '../core/errors.ts';
import { isLoopbackHost } from '../core/loopback.ts';
import { formatJsonLine } from '../core/text/format-json.ts';
import { UnreadableFileError } from '../platform/files/bounded-read.ts';
import { isWildcardHost } from './control/caller-guard.ts';
import { CONTROL_PREFIX } from './control/control.ts';
import type { ServerTls } from './control/emulator-interface.ts';
import { parseDirectoryDocument } from './directory/directory-document.ts';
import type { DirectoryDocument } from './directory/directory-model.ts';
import { type Emulator, createEmulator } from './emulator.ts';
import { systemRandom } from './http/random.ts';
import { formatConfigSection, formatExports } from './pages/shell-lines.ts';
import type { CaFile } from './tls/ca-file.ts';
import { createServerCertificate } from './tls/server-certificate.ts';

export interface CommandDeps {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
  /** Writes the certificate of the authority, to `path` or to a new place. @throws UsageError: it cannot */
  readonly writeCaFile: (caPem: string, path?: string) => Promise<CaFile>;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Resolves when the process should end. */
  readonly untilStopped: Promise<void>;
}

const USAGE = `rolecall emulator [--port N] [--host ADDRESS] [--name NAME]… [--tls] [--tls-ca FILE]
                  [--directory FILE.json] [--auto-approve] [--json]

An in-memory IAM Identity Center: SSO OIDC, the SSO portal, STS
(GetCallerIdentity, AssumeRole), and the web pages for signing in.

  --port N               listen on port N (default: any free port)
  --host ADDRESS         listen on this address of the machine (default: 127.0.0.1);
                         0.0.0.0 lets other machines and containers in
  --name NAME            a host name by which others reach it; may be repeated
  --tls                  serve https with a new certificate
  --tls-ca FILE          write the certificate of its authority to FILE; implies --tls
  --directory FILE.json  accounts, users, permission sets and assignments (default: a small team)
  --auto-approve         approve every sign-in at once, as the first user
  --json                 print one line of JSON instead of text, as soon as it listens, or why it does not

ROLECALL_EMULATOR_TOKEN in the environment is the control token; without it, there is a new one.
`;

/** The exit code: 0 after a normal stop, 2 if it could not start. */
export async function runEmulatorCommand(deps: CommandDeps): Promise<number> {
  let emulator: Emulator;
  let caFile: CaFile | undefined;
  try {
    const options = parseOptions(deps.args);
    if (options.help) {
      deps.writeOut(USAGE);
      return 0;
    }
    const { host, names } = options;
    const directory =
      options.directory === undefined ? {} : { directory: await loadDirectory(deps, options.directory) };
    emulator = createEmulator({
      ...directory,
      ...readControlToken(deps.environment),
      autoApprove: options.autoApprove,
      names,
    });
    const tls = options.tls ? createServerCertificate({ names: namesOf(options), ...machine() }) : undefined;
    if (tls !== undefined) caFile = await deps.writeCaFile(tls.caPem, options.tlsCa);
    const { port } = await listen(emulator, options, tls && caFile && { ...tls, caFile: caFile.path });
    if (!isLoopbackHost(host)) {
      const message = formatReach(host);
      deps.writeError(options.json ? formatJsonLine({ type: 'note', message }) : `${message}\n`);
    }
    deps.writeOut(
      options.json
        ? formatJsonLine(describe(emulator, { host, port }, caFile))
        : formatWelcome(emulator, options, caFile),
    );
  } catch (thrown) {
    await caFile?.remove();
    if (!(thrown instanceof UsageError)) throw thrown;
    deps.writeError(
      deps.args.includes('--json')
        ? formatJsonLine({ ...thrown.toBody(), exitCode: thrown.exitCode })
        : formatError(thrown),
    );
    return thrown.exitCode;
  }
  await deps.untilStopped;
  await emulator.close();
  await caFile?.remove();
  return 0;
}

/** In the environment, as the command line is for everybody on the machine to see. */
function readControlToken({ ROLECALL_EMULATOR_TOKEN: controlToken = '' }: CommandDeps['environment']) {
  if (controlToken === '') return {};
  if (/^[\w.~+/-]{20,200}$/.test(controlToken)) return { controlToken };
  throw new UsageError('usage', 'ROLECALL_EMULATOR_TOKEN must be 20 to 200 letters, digits and - . _ ~ + /', {
    hint: 'rolecall emulator --help',
  });
}

interface CommandOptions {
  readonly port: number;
  readonly host: string;
  readonly names: readonly string[];
  readonly tls: boolean;
  readonly tlsCa: string | undefined;
  readonly directory: string | undefined;
  readonly autoApprove: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function parseOptions(args: readonly string[]): CommandOptions {
  const values = parseFlags(args);
  const { port = '0', host = '127.0.0.1', name: names = [] } = values;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError('usage', `--port must be a number from 0 to 65535, not ${JSON.stringify(port)}.`, {
      hint: 'rolecall emulator --port 4000',
    });
  }
  // A zone, as in fe80::1%eth0, can be in no URL and no certificate.
  if (host !== 'localhost' && (isIP(host) === 0 || host.includes('%'))) {
    throw new UsageError('usage', `--host must be an IP address or localhost, not ${JSON.stringify(host)}.`, {
      hint: 'rolecall emulator --host 0.0.0.0 --name emulator',
    });
  }
  const wrongName = names.find((name) => !HOST_NAME.test(name));
  if (wrongName !== undefined) {
    throw new UsageError('usage', `--name must be a host name or an IPv4 address, not ${JSON.stringify(wrongName)}.`, {
      hint: 'rolecall emulator --name emulator',
    });
  }
  return {
    port: Number(port),
    host,
    names,
    tls: values.tls ?? values['tls-ca'] !== undefined,
    tlsCa: values['tls-ca'],
    directory: values.directory,
    autoApprove: values['auto-approve'] ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Of the machine: a certificate is not dated by the emulator's time. */
const machine = () => ({ nowMs: Date.now(), random: systemRandom });

/** What the certificate is for. */
function namesOf({ host, names }: CommandOptions): readonly string[] {
  return [...new Set(['localhost', '127.0.0.1', '::1', ...(isWildcardHost(host) ? [] : [host]), ...names])];
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        name: { type: 'string', multiple: true },
        tls: { type: 'boolean' },
        'tls-ca': { type: 'string' },
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

async function listen(emulator: Emulator, { port, host }: CommandOptions, tls: ServerTls | undefined) {
  try {
    return await emulator.listen(port, host, tls);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRNOTAVAIL') {
      throw new UsageError('usage', `${host} is no address of this machine.`, {
        cause,
        hint: 'rolecall emulator --host 0.0.0.0',
      });
    }
    const reason = code === 'EADDRINUSE' ? 'is in use by another program' : `is not available (${code})`;
    throw new UsageError('usage', `Port ${port} of ${host} ${reason}.`, {
      cause,
      hint: 'rolecall emulator --port 0',
    });
  }
}

/** Other programs wait for this line and read it; fields are only added. */
function describe(emulator: Emulator, listening: { host: string; port: number }, caFile: CaFile | undefined) {
  return {
    url: emulator.url,
    startUrl: emulator.directory.startUrl,
    region: emulator.directory.region,
    portalUrl: `${emulator.url}/start`,
    deviceUrl: `${emulator.url}/device`,
    controlUrl: `${emulator.url}${CONTROL_PREFIX.replace(/\/$/, '')}`,
    environment: emulator.environment(),
    controlToken: emulator.controlToken,
    user: emulator.directory.users()[0]?.userName ?? null,
    ...listening,
    caFile: caFile?.path ?? null,
  };
}

function formatReach(host: string): string {
  const who = isWildcardHost(host)
    ? 'Every machine and container that can connect to this one'
    : `Every machine that can connect to ${host}`;
  return `${who} can sign in here. Its credentials open nothing; the control API needs the control token.`;
}

function formatWelcome(emulator: Emulator, { autoApprove }: CommandOptions, caFile: CaFile | undefined): string {
  const { url, directory } = emulator;
  const users = directory.users().map((user) => user.userName);
  const approval = autoApprove
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
Control API:   ${url}${CONTROL_PREFIX.replace(/\/$/, '')}
Control token: ${emulator.controlToken}
${caFile === undefined ? '' : `CA file:       ${caFile.path}\n`}Users:         ${users.slice(0, 8).join(', ')}${users.length > 8 ? ', …' : ''}

Press Ctrl-C to stop.
`;
}

function formatError(error: RolecallError): string {
  return `${error.message}\n  ${error.hint}\n`;
}
