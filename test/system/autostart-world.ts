// A home in which nobody runs a daemon yet, the clients that start one by themselves, and the daemons that came of it.
import { existsSync, readFileSync } from 'node:fs';
import { createSignedInRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';

/** What the credential_process of a profile passes on. */
export const SELECTORS = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
const DEADLINE_MS = 90_000;

export interface AutostartWorld {
  readonly rig: Rig;
  readonly environment: Readonly<Record<string, string>>;
  /** As a person asks: `rolecall status`. */
  askStatus(): Promise<ProcessRun>;
  /** As the AWS CLI asks: the credential_process of a profile, in a shell with these variables in place of the home's. */
  askCredentials(environment?: Readonly<Record<string, string>>): Promise<ProcessRun>;
  /** Process ids of the daemons that got as far as listening, in order. */
  startedDaemons(): readonly number[];
  /** Ends everything and deletes the home. */
  remove(): Promise<void>;
}

/** Signed in, and the daemon that did it stopped. */
export async function createAutostartWorld(options: RigOptions = {}): Promise<AutostartWorld> {
  const rig = await createSignedInRig({
    ...options,
    environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse', ...options.environment },
  });
  await rig.daemon().stop();
  const { environment } = rig;
  return {
    rig,
    environment,
    askStatus: () => runRolecall(['status'], { environment, deadlineMs: DEADLINE_MS }),
    askCredentials: (shell = environment) =>
      runProcess('/bin/sh', [CREDENTIAL_PROCESS, ...SELECTORS], { environment: shell, deadlineMs: DEADLINE_MS }),
    startedDaemons() {
      if (!existsSync(rig.paths.logFile)) return [];
      const log = readFileSync(rig.paths.logFile, 'utf8');
      return [...log.matchAll(/is running, pid (\d+)/g)].map(([, pid]) => Number(pid));
    },
    async remove() {
      await runRolecall(['daemon', 'stop'], { environment });
      await rig.remove();
    },
  };
}
