// Who is at the other end of a connection, for real: the kernel's tables, ss of iproute2, and real callers.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Program } from '../../../src/core/program.ts';
import { createCallerPrograms } from '../../../src/daemon/http/caller-program.ts';
import { createSurface, type Handlers } from '../../../src/daemon/http/surface.ts';
import { createConnectionRules } from '../../../src/daemon/http/connection-rules.ts';
import { routes } from '../../../src/local-api/routes.ts';
import { createEtags } from '../../../src/daemon/http/etags.ts';
import { askServer } from '../../helpers/ask-server.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { CREDENTIAL_PROCESS, runProcess } from '../../helpers/run-process.ts';
import { systemPart } from '../../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const hasSs = process.platform === 'linux' && systemPart('ss (iproute2)', '/usr/bin/ss');
const hasCurl = systemPart('curl', '/usr/bin/curl');
const hasPython = systemPart('python3', '/usr/bin/python3');

let home: TemporaryHome;
let server: Server;
let socketPath: string;
let found: (Program | undefined)[];

/** A server that answers each request with what it found out about its caller. */
async function serve({ ssPath }: { readonly ssPath: string | undefined }, listenOn?: { readonly port: 0 }) {
  const findProgram = createCallerPrograms({
    platform: 'linux',
    findProgram: () => ssPath,
    ownFiles: new Set([join(home.path, 'rolecall-credential-process')]),
    // Its deadline never passes, however busy the machine is.
    clock: createFakeClock(),
  });
  server = createServer((request, response) => {
    void findProgram(request).then((program) => {
      found.push(program);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => {
    if (listenOn === undefined) server.listen(socketPath, resolve);
    else server.listen({ host: '127.0.0.1', ...listenOn }, resolve);
  });
}

beforeEach(() => {
  home = createTemporaryHome();
  found = [];
  const folder = join(home.path, 'run', 'rolecall');
  mkdirSync(folder, { mode: 0o700 });
  socketPath = join(folder, 'daemon.sock');
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await home.remove();
});

/** A program that runs our script as the SDKs do, through a shell, and the script. */
function writeCaller(): string {
  const helper = join(home.path, 'rolecall-credential-process');
  copyFileSync(CREDENTIAL_PROCESS, helper);
  chmodSync(helper, 0o700);
  const script = join(home.path, 'deploy.py');
  const command = `${helper} --session s --account 111111111111 --role r; true`;
  writeFileSync(script, `import subprocess\nsubprocess.run(${JSON.stringify(command)}, shell=True)\n`);
  return script;
}

describe.skipIf(!hasPython || !hasCurl || process.platform !== 'linux')('over the unix socket', () => {
  test.skipIf(!hasSs)('is the program that started the credential_process, verified, for 20 at once', async () => {
    await serve({ ssPath: '/usr/bin/ss' });
    const script = writeCaller();
    const environment = { ...home.environment, CLAUDECODE: '1' };
    const runs = Array.from({ length: 20 }, () =>
      runProcess('/usr/bin/python3', [script, 'secret'], { environment, cwd: home.path }),
    );
    expect((await Promise.all(runs)).map(({ exitCode }) => exitCode)).toEqual(runs.map(() => 0));
    const asIfOne = found.map((program) => [
      program?.executable.replace(/[\d.]+$/, ''),
      program?.script,
      program?.workingDirectory,
      program?.agent,
      program?.isVerified,
      program?.parents[0]?.processId,
    ]);
    const caller = ['/usr/bin/python', script, home.path, 'Claude Code', true, process.pid];
    expect(asIfOne).toEqual(runs.map(() => caller));
    expect(new Set(found.map((program) => program?.processId)).size).toBe(20);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  test.each([
    ['is absent', undefined],
    ['fails', '/bin/false'],
  ])('is what the script says, not verified, if ss %s', async (_what, ssPath) => {
    await serve({ ssPath });
    const script = writeCaller();
    await runProcess('/usr/bin/python3', [script], { environment: home.environment });
    expect(found).toMatchObject([{ script, isVerified: false }]);
  });

  test.skipIf(!hasSs)('is not what a caller claims if the kernel knows better', async () => {
    await serve({ ssPath: '/usr/bin/ss' });
    const args = ['-s', '--unix-socket', socketPath, '-H', `X-Rolecall-Process: ${process.pid}`, 'http://localhost/'];
    await runProcess('/usr/bin/curl', args, { environment: home.environment });
    expect(found).toMatchObject([{ executable: '/usr/bin/curl', script: null, isVerified: true }]);
  });

  test.each(['0', '-1', '1e3', 'x', '99999999999', ''])('is nobody for the claim "%s"', async (claim) => {
    await serve({ ssPath: undefined });
    const args = ['-s', '--unix-socket', socketPath, '-H', `X-Rolecall-Process: ${claim}`, 'http://localhost/'];
    await runProcess('/usr/bin/curl', args, { environment: home.environment });
    expect(found).toEqual([undefined]);
  });
});

test.skipIf(!hasPython || process.platform !== 'linux')(
  'over a loopback port is the program that connected',
  async () => {
    await serve({ ssPath: undefined }, { port: 0 });
    const script = join(home.path, 'list.py');
    const { port } = server.address() as AddressInfo;
    writeFileSync(script, `import urllib.request\nurllib.request.urlopen('http://127.0.0.1:${port}/').read()\n`);
    const child = spawn('/usr/bin/python3', [script], { env: home.environment, cwd: home.path });
    await new Promise((resolve) => child.once('close', resolve));
    expect(found).toMatchObject([{ processId: child.pid, script, workingDirectory: home.path, isVerified: true }]);
  },
);

test('is looked up only when a handler asks, and then once', async () => {
  let lookups = 0;
  const surface = createSurface({
    surface: 'socket',
    guard: () => undefined,
    handlers: {
      status: async () => ({}),
      current: async (_input: unknown, caller: { program(): Promise<unknown> }) =>
        [await caller.program(), await caller.program()] as never,
    } as unknown as Handlers,
    loadRoutes: async () => routes,
    etags: createEtags('test'),
    connectionRules: createConnectionRules({ userId: 0, descriptorLimit: 1024 }).socket,
    findCallerProgram: async () => {
      lookups += 1;
      return undefined;
    },
    clock: createFakeClock(),
    log: () => undefined,
  });
  ({ server } = surface);
  expect((await askServer(server, { url: '/v1/status' })).status).toBe(200);
  expect(lookups).toBe(0);
  expect((await askServer(server, { url: '/v1/current' })).status).toBe(200);
  expect(lookups).toBe(1);
  surface.close();
});
