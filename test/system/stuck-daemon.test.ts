// A daemon that is stuck in a system call (a disk or a network drive that does not answer): callers learn so within seconds.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolvePaths } from '../../src/local-api/paths.ts';
import { readHolderActivity } from '../../src/platform/service/lock-holder.ts';
import { identifyProcess } from '../../src/platform/process/process-identity.ts';
import { canSeeProcesses } from '../helpers/processes.ts';
import { writePrivate } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, ROLECALL, runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PYTHON = '/usr/bin/python3';
const hasPrograms = systemPart('curl', '/usr/bin/curl') && systemPart('python3', PYTHON);
/** A process that has called vfork(2) is in state D, as one that waits for a disk is, for as long as its child lives. */
const STUCK_PROGRAM = 'import ctypes; libc = ctypes.CDLL(None); libc.vfork() or libc.sleep(60)';

const DOCUMENT = '{"Version":1}';

let home: TemporaryHome;
let holder: ChildProcess | undefined;
let server: Server | undefined;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(async () => {
  if (holder?.pid !== undefined) process.kill(-holder.pid, 'SIGKILL');
  holder = undefined;
  server?.close();
  server?.closeAllConnections();
  await home.remove();
});

test.runIf(hasPrograms && canSeeProcesses)(
  'every client and doctor name it; what waits for it gets its answer after all',
  async () => {
    const environment = { ...home.environment, ROLECALL_NO_AUTOSTART: '1' };
    const userId = process.getuid?.() ?? -1;
    const paths = resolvePaths({ environment, homeDirectory: home.path, platform: process.platform, userId });
    holder = spawn(PYTHON, ['-c', STUCK_PROGRAM], { stdio: 'ignore', detached: true });
    await once(holder, 'spawn');
    const pid = holder.pid ?? 0;
    writePrivate(paths.lockFile, JSON.stringify(identifyProcess(pid)));
    await waitFor(
      'the process to be stuck',
      () => readHolderActivity(paths.lockFile)?.activity === 'waiting-for-device',
    );

    const held: ServerResponse[] = [];
    let shellCalls = 0;
    server = createServer((request, response) => {
      if (request.headers.accept !== 'text/plain') {
        if (request.url === '/v1/credentials/current') held.push(response);
        return;
      }
      // The shell's client asks again once it has said what it waits for.
      shellCalls += 1;
      if (shellCalls > 1) response.end(DOCUMENT);
    });
    mkdirSync(dirname(paths.socketPath), { recursive: true, mode: 0o700 });
    await new Promise<void>((resolve) => server?.listen(paths.socketPath, resolve));

    const [doctor, shell, node] = await Promise.all([
      runRolecall(['doctor', '--json'], { environment }),
      runProcess('/bin/sh', [CREDENTIAL_PROCESS, '--current'], { environment }),
      askThroughNode(environment, () => {
        for (const response of held) response.end(DOCUMENT);
      }),
    ]);
    const why = 'is waiting for a disk or a network drive';
    const message = `The daemon (pid ${pid}) does not answer: it ${why}.`;
    expect(shell).toEqual({
      exitCode: 0,
      stdout: `${DOCUMENT}\n`,
      stderr: `rolecall: Waiting for the daemon (pid ${pid}), which ${why}.\n`,
    });
    expect(node).toEqual({
      exitCode: 0,
      stdout: `${DOCUMENT}\n`,
      stderr: `Note: ${message} Still waiting. To replace it: rolecall daemon restart\n`,
    });
    const { groups } = JSON.parse(doctor.stdout) as { groups: { findings: unknown[] }[] };
    expect(groups.flatMap(({ findings }) => findings)).toContainEqual(
      expect.objectContaining({ code: 'daemon-not-answering', message, commands: ['rolecall daemon restart'] }),
    );
  },
  60_000,
);

/** `rolecall credential-process`; calls `onNote` once it has said something on stderr. */
async function askThroughNode(environment: Readonly<Record<string, string>>, onNote: () => void): Promise<ProcessRun> {
  const child = spawn(process.execPath, [ROLECALL, 'credential-process', '--current'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stderr.once('data', onNote);
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, stdout, stderr };
}
