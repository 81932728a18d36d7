// `rolecall exec --confine`: prepares a confinement, and runs a command in it.
import { spawn } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError, UsageError } from '../../core/errors.ts';
import type { PathSources, RuntimePaths } from '../../local-api/paths.ts';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';
import type { OutputStream } from '../context.ts';
import type { Environment } from '../environment/child-environment.ts';
import { riskySockets } from './abstract-sockets.ts';
import { bubblewrapArguments } from './bubblewrap-arguments.ts';
import type { ConfineOptions } from './confine-options.ts';
import { confinedVariables, fixedVariables } from './confined-environment.ts';
import { findConfinementTools, findSandboxExec, type ConfinementTools } from './confinement-tools.ts';
import { explainFailure, explainNetworkFailure } from './explain-failure.ts';
import { findHiddenProgram, readableOptions } from './find-inside.ts';
import { isWithin } from './is-within.ts';
import { openSharedPaths, type OpenedPaths } from './open-shared-paths.ts';
import { pastaArguments, resolverText, unshareArguments } from './own-network.ts';
import { checkHome, createPathRules } from './protected-paths.ts';
import { planDescriptors } from './plan-descriptors.ts';
import type { ConfinedEnd, ConfinedProgram } from './run-confined.ts';
import { sandboxProfile } from './sandbox-profile.ts';
import { syscallFilter } from './syscall-filter.ts';
import { viewSystem } from './system-view.ts';

export interface ConfinementContext extends PathSources {
  readonly paths: RuntimePaths;
  readonly stderr: OutputStream;
  /** Of this process. */
  readonly workingDirectory: string;
  /** See `runConfined`. */
  runConfined(program: ConfinedProgram): Promise<ConfinedEnd>;
}

export interface ConfinedRun {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** The folder of the grant, with the files for this command; undefined without a grant. */
  readonly directory: string | undefined;
  readonly containerUrl: string | undefined;
}

export interface Confinement {
  /** The part of the environment that the command may have. */
  readonly environment: Environment;
  /** Where the command finds the files in the folder of its grant. */
  readonly ownFolder: (directory: string) => string;
  /** Why the command would not find this program; undefined if it does. */
  findHidden(program: string): { readonly message: string; readonly hint: string } | undefined;
  /** Resolves the exit code. @throws UnavailableError confinement-unavailable: the command has not run */
  run(request: ConfinedRun): Promise<number>;
  close(): void;
}

const OWN_FILES = '/run/rolecall';
const MAX_FACT_BYTES = 4 * 1024 * 1024;

/**
 * Checks everything that can be checked before there is a grant.
 * @throws UsageError usage: a path or variable may not be shared
 * @throws UnavailableError confinement-unavailable: a program is missing, or the network would be no confinement
 */
export function prepareConfinement(options: ConfineOptions, context: ConfinementContext): Confinement {
  const { platform, homeDirectory, userId } = context;
  if (platform !== 'linux') findSandboxExec(platform);
  checkHome(homeDirectory);
  if (options.network === 'own' && platform !== 'linux') {
    throw new UnavailableError('confinement-unavailable', '--network=own needs pasta, which exists on Linux only.', {
      hint: 'rolecall exec --help',
    });
  }
  const { variables, insideOnly, withheld } = confinedVariables(context.environment, options.env);
  const risky = platform === 'linux' && options.network === undefined ? findRiskySocket() : undefined;
  const hasOwnNetwork = options.network === 'own' || risky !== undefined;
  const tools = platform === 'linux' ? findConfinementTools(context, { hasOwnNetwork, hidden: risky }) : undefined;
  if (risky !== undefined && !options.hasKeysPort) throw unhiddenSocket(risky);
  const opened = openSharedPaths(options, { ...context, rules: createPathRules(context, realIfThere) });
  if (risky !== undefined) {
    context.stderr.write(
      `Note: the command gets a network of its own, which hides ${risky} from it. --network=host shares this machine's.\n`,
    );
  }
  if (withheld.length > 0) {
    context.stderr.write(
      `Note: ${withheld.join(', ')} has a password, so the command does not get it; --env passes it.\n`,
    );
  }
  const environment = { ...variables, ...realPath(variables['PATH'], homeDirectory) };
  const system = viewSystem(userId);
  const visible = [...system.folders, ...opened.shared].map(({ path }) => path);
  return {
    environment,
    ownFolder: (directory) => (platform === 'linux' ? OWN_FILES : directory),
    findHidden(program) {
      if (platform !== 'linux') return undefined;
      const view = { visible, homeDirectory, workingDirectory: opened.workingDirectory, environment };
      const hidden = findHiddenProgram(program, view);
      if (hidden === undefined) return undefined;
      return {
        message: `${hidden.path} is not visible to a confined command.`,
        hint: `rolecall exec --confine ${readableOptions(hidden.share)} PROFILE -- ${program}`,
      };
    },
    async run(request) {
      const program =
        tools === undefined
          ? onMac(request, opened)
          : onLinux({ request, insideOnly, opened, tools, system, hasOwnNetwork, homeDirectory, userId });
      const { exitCode, hasStarted } = await context.runConfined(program);
      if (!hasStarted) throw explainFailure(readFact);
      return exitCode;
    },
    close: () => opened.close(),
  };
}

function onLinux(deps: {
  readonly request: ConfinedRun;
  readonly insideOnly: Readonly<Record<string, string>>;
  readonly opened: OpenedPaths;
  readonly tools: ConfinementTools;
  readonly system: ReturnType<typeof viewSystem>;
  readonly hasOwnNetwork: boolean;
  readonly homeDirectory: string;
  readonly userId: number;
}): ConfinedProgram {
  const { request, opened, tools, system, userId } = deps;
  const { directory } = request;
  const plan = planDescriptors(request.command, opened.shared, { hasOwnNetwork: deps.hasOwnNetwork });
  const words = bubblewrapArguments({
    bubblewrap: tools.bubblewrap,
    system,
    homeDirectory: deps.homeDirectory,
    workingDirectory: opened.workingDirectory,
    shared: plan.shared,
    ownFiles: directory === undefined ? undefined : { source: directory, target: OWN_FILES },
    resolver: chooseResolver(deps),
    statusDescriptor: plan.status,
    filterDescriptor: plan.filter,
    insideOnly: deps.insideOnly,
    command: request.command,
  });
  // keyctl(1) reports the new keyring on standard error, so that is closed until bubblewrap starts.
  const quiet = ['/bin/sh', '-c', `exec 2>&${plan.errors} ${plan.errors}>&-; exec "$@"`, 'sh', ...words];
  const withKeyring = tools.keyctl === undefined ? quiet : [tools.keyctl, 'session', '-', ...quiet];
  const { pasta } = tools;
  const environment = { ...request.environment, ...fixedVariables(deps.homeDirectory) };
  const filter = syscallFilter();
  if (pasta === undefined || plan.go === undefined) {
    return { words: withKeyring as [string, ...string[]], environment, descriptors: plan, filter };
  }
  const waiting = [
    '/bin/sh',
    '-c',
    `echo >&${plan.go}; read -r go <&${plan.go} || exit 1; exec ${plan.go}<&-; exec "$@"`,
    'sh',
  ];
  const containerPort = Number(new URL(request.containerUrl ?? '').port);
  const network = pastaArguments(pasta.pasta, { containerPort, userId });
  return {
    words: [...unshareArguments(pasta.unshare), ...waiting, ...withKeyring] as [string, ...string[]],
    environment,
    descriptors: plan,
    filter,
    connect: (processId) => connectNetwork([...network, String(processId)], environment),
  };
}

/** The files of the system name a resolver in /run, or one that answers on this machine only. */
function chooseResolver(deps: Parameters<typeof onLinux>[0]): { source: string; target: string } | undefined {
  const { resolver, folders } = deps.system;
  if (resolver === undefined) return undefined;
  if (deps.hasOwnNetwork && deps.request.directory !== undefined) {
    const source = join(deps.request.directory, 'resolv.conf');
    writeFileSync(source, resolverText(readFact(resolver) ?? ''), { flag: 'wx', mode: 0o600 });
    return { source, target: resolver };
  }
  return folders.some(({ path }) => isWithin(resolver, path)) ? undefined : { source: resolver, target: resolver };
}

/** pasta goes into the background when the network works. */
function connectNetwork(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  const [file = '', ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...environment }, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, 4096)));
    child.on('error', reject);
    child.on('exit', (code) => {
      // The background process keeps the pipe open.
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(explainNetworkFailure(said || `exit code ${code}`));
    });
  });
}

function onMac(request: ConfinedRun, { shared }: OpenedPaths): ConfinedProgram {
  const { directory } = request;
  if (directory === undefined) {
    throw new UsageError('usage', 'exec --confine does not support --env-keys on macOS.', {
      hint: 'rolecall exec --help',
    });
  }
  const homeDirectory = join(directory, 'home');
  mkdirSync(homeDirectory, { mode: 0o700 });
  const profile = sandboxProfile({ ownFolder: directory, shared });
  return {
    words: ['/usr/bin/sandbox-exec', '-p', profile, '/bin/sh', '-c', 'exec "$@"', 'sh', ...request.command],
    environment: { ...request.environment, ...fixedVariables(homeDirectory), TMPDIR: homeDirectory },
    descriptors: {
      errors: undefined,
      status: undefined,
      filter: undefined,
      go: undefined,
      passed: new Map(),
      named: [],
    },
  };
}

function findRiskySocket(): string | undefined {
  const sockets = readFact('/proc/net/unix');
  return sockets === undefined ? 'an abstract socket (/proc/net/unix can’t be read)' : riskySockets(sockets)[0];
}

/** Keys in variables come with no port, and a network of its own needs one. */
function unhiddenSocket(socket: string): UnavailableError {
  return new UnavailableError(
    'confinement-unavailable',
    `A confined command could reach your desktop through ${socket}. Leave out --env-keys, so that it gets a network of its own, or accept that with --network=host.`,
    { hint: 'rolecall exec --confine PROFILE -- COMMAND' },
  );
}

/** PATH with the real names of folders in the home, because links to them are not there inside. */
function realPath(path: string | undefined, homeDirectory: string): { readonly PATH?: string } {
  if (path === undefined) return {};
  const folders = path.split(':').map((folder) => (isWithin(folder, homeDirectory) ? realIfThere(folder) : folder));
  return { PATH: folders.join(':') };
}

function realIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readFact(path: string): string | undefined {
  try {
    return readBoundedFileSync(path, MAX_FACT_BYTES);
  } catch {
    return undefined;
  }
}
