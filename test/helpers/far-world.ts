// A signed-in user, a far host with another user, and `rolecall ssh` between them, over connections that a test can cut or freeze.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { createSignedInRig, type Rig, type RigOptions } from './rig.ts';
import { ROLECALL } from './run-process.ts';
import { startFarHost, type FarHost, type FarHostOptions } from './sshd.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { waitFor } from './wait-for.ts';

export const PROFILE = 'taylor.Admin-AF-Permission-Set';
export const OTHER_PROFILE = 'professional-af.ReadOnly';

/** One run of `rolecall ssh` or `rolecall forward`. */
export interface Reach {
  readonly child: ChildProcess;
  readonly proxy: TcpProxy;
  output(): string;
  errors(): string;
  /** Its exit code; 128 + n when a signal ended it. */
  readonly ended: Promise<number>;
}

/** The address of one role on the far host, as its processes have it. */
export interface FarRole {
  readonly url: string;
  readonly token: string;
  readonly tokenFile: string;
}

export interface FarWorld {
  readonly rig: Rig;
  readonly far: FarHost;
  start(args: readonly string[], options?: ReachOptions): Promise<Reach>;
  /** Runs it to its end. */
  run(args: readonly string[], options?: ReachOptions): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Starts a session that shows its address and then stays. */
  open(options?: ReachOptions & { readonly host?: string }): Promise<{ reach: Reach; role: FarRole }>;
  /** Whether the far host still has the file. */
  hasFile(path: string): boolean;
  remove(): Promise<void>;
}

export interface ReachOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Lines of the user's ssh_config. */
  readonly config?: readonly string[];
}

/** A command of any shell that prints the address and stays until the connection ends. */
const SHOW_ADDRESS =
  'exec sh -c "env; cat \\$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; echo; echo ready; exec sleep 1000"';

/** `user`: the world whose signed-in user goes to this far host too. */
export async function createFarWorld(
  options: { readonly far?: FarHostOptions; readonly rig?: RigOptions; readonly user?: FarWorld } = {},
): Promise<FarWorld> {
  const rig = options.user?.rig ?? (await createSignedInRig(options.rig));
  const sts = rig.environment['AWS_ENDPOINT_URL_STS'];
  const setEnv = `SetEnv AWS_ENDPOINT_URL_STS=${sts} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1`;
  const far = await startFarHost({ ...options.far, config: [setEnv, ...(options.far?.config ?? [])] });
  const started: Reach[] = [];

  const start: FarWorld['start'] = async (args, { environment = {}, config = [] } = {}) => {
    const proxy = await startTcpProxy(far.port);
    const programs = far.writeSshProgram(far.writeSshConfig({ port: proxy.port, lines: config }));
    const child = spawn(process.execPath, [ROLECALL, ...args], {
      env: { ...rig.environment, PATH: `${programs}:${rig.environment['PATH']}`, ...environment },
      cwd: rig.home.path,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const ended = new Promise<number>((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143))),
    );
    const reach = { child, proxy, output: () => output, errors: () => errors, ended };
    started.push(reach);
    return reach;
  };

  return {
    rig,
    far,
    start,
    async run(args, reachOptions) {
      const { child, proxy, output, errors, ended } = await start(args, reachOptions);
      const closed = new Promise((resolve) => child.once('close', resolve));
      const exitCode = await ended;
      await proxy.close();
      await closed;
      return { exitCode, stdout: output(), stderr: errors() };
    },
    async open({ host = 'far', ...reachOptions } = {}) {
      const reach = await start(['ssh', '--role', PROFILE, host, SHOW_ADDRESS], reachOptions);
      await waitFor(`the address on ${host}`, () => {
        if (reach.child.exitCode !== null) throw new Error(`ended: ${reach.errors()}`);
        return reach.output().endsWith('ready\n');
      });
      return { reach, role: readFarRole(reach.output()) };
    },
    hasFile: (path) => existsSync(far.pathOf(path)),
    async remove() {
      for (const { child, proxy, ended } of started) {
        child.kill('SIGKILL');
        await ended;
        await proxy.close();
      }
      await far.stop();
      if (options.user === undefined) await rig.remove();
    },
  };
}

/** From what `SHOW_ADDRESS` prints. */
function readFarRole(output: string): FarRole {
  const variable = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(output)?.[1] ?? '';
  return {
    url: variable('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    tokenFile: variable('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
    token: output.trimEnd().split('\n').at(-2) ?? '',
  };
}

/** The status that the far port answers, or why there is none. The far host shares the network of this one. */
export function askFar(
  { url, token }: { readonly url: string; readonly token?: string },
  options: { readonly timeoutMs?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number | string; body: string }> {
  return new Promise((resolve) => {
    const headers = { ...(token === undefined ? {} : { authorization: token }), ...options.headers };
    const asked = request(url, { headers, agent: false, timeout: options.timeoutMs ?? 5000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? error.message, body }));
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? error.message, body: '' }));
    asked.end();
  });
}
