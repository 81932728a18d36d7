// A daemon whose process is stopped (Ctrl-Z, kill -STOP): callers learn so within seconds, and a restart replaces it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canSeeProcesses, isAlive } from '../helpers/processes.ts';
import { CREDENTIAL_PROCESS, runProcess, runRolecall } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { createAutostartWorld, SELECTORS, type AutostartWorld } from './autostart-world.ts';

/** Three seconds of silence, and time for a busy machine; a healthy but slow daemon gets 55 s. */
const DEADLINE_MS = 15_000;
const hasCurl = systemPart('curl', '/usr/bin/curl');

let world: AutostartWorld;
beforeEach(async () => {
  world = await createAutostartWorld();
});
afterEach(() => world.remove());

describe.runIf(hasCurl && canSeeProcesses)('a suspended daemon', () => {
  test('every client names it with the way out, and a restart replaces it', async () => {
    const { environment } = world;
    const start = await runRolecall(['daemon', 'start'], { environment });
    const pid = Number(/pid (\d+)/u.exec(start.stdout)?.[1]);
    process.kill(pid, 'SIGSTOP');
    const options = { environment, deadlineMs: DEADLINE_MS };
    const [status, doctor, ...helpers] = await Promise.all([
      runRolecall(['status'], options),
      runRolecall(['doctor', '--json'], options),
      ...[['/bin/sh'], ['/bin/bash'], ['/bin/busybox', 'sh']].map(([shell = '', ...args]) =>
        runProcess(shell, [...args, CREDENTIAL_PROCESS, ...SELECTORS], options),
      ),
    ]);

    const message = `The daemon (pid ${pid}) is suspended (by Ctrl-Z, kill -STOP or a debugger), so it does not answer.`;
    const refusal = {
      exitCode: 3,
      stdout: '',
      stderr: `rolecall: ${message} [daemon-not-answering]\nRun: kill -CONT ${pid}\n`,
    };
    expect(status).toEqual(refusal);
    expect(helpers).toEqual([refusal, refusal, refusal]);
    const { groups } = JSON.parse(doctor?.stdout ?? '') as { groups: { findings: unknown[] }[] };
    expect(groups.flatMap(({ findings }) => findings)).toContainEqual(
      expect.objectContaining({
        code: 'daemon-not-answering',
        message,
        commands: [`kill -CONT ${pid}`, 'rolecall daemon restart'],
      }),
    );

    const restart = await runRolecall(['daemon', 'restart'], options);
    expect(restart).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^The daemon is running, pid \d+\.\n$/),
      stderr: `Note: the daemon (pid ${pid}) does not answer. Stopping it with a signal.\n`,
    });
    expect(isAlive(pid)).toBe(false);
    expect(await world.askCredentials()).toMatchObject({ exitCode: 0, stderr: '' });
  }, 60_000);
});
