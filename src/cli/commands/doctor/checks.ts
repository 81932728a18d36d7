// Runs all checks of `rolecall doctor`, in the order of the output.
import type { CheckGroup } from './codes.ts';
import { DOCTOR_CODES } from './codes.ts';
import { checkConfig } from './config-check.ts';
import { checkDaemon } from './daemon-check.ts';
import { checkEnvironment } from './environment-check.ts';
import { checkFiles } from './files-check.ts';
import { checkKeys } from './keys-check.ts';
import { checkNetwork } from './network-check.ts';
import { checkNeighbours, checkPrograms } from './programs-check.ts';
import { checkService } from './service-check.ts';
import { checkSignIn } from './sign-in-check.ts';
import { checkStore } from './store-check.ts';
import type { World } from './world.ts';

export async function runChecks(world: World): Promise<CheckGroup[]> {
  const [daemon, service, signIn] = await Promise.all([checkDaemon(world), checkService(world), checkSignIn(world)]);
  return [
    checkConfig(world),
    checkKeys(world),
    checkEnvironment(world),
    checkFiles(world),
    daemon,
    service,
    checkStore(world),
    signIn,
    checkNetwork(world),
    checkPrograms(world),
    checkNeighbours(world),
  ];
}

export type GroupState = 'ok' | 'problem' | 'note' | 'skipped';

/** The worst severity among the findings of a group. */
export function stateOf(group: CheckGroup): GroupState {
  if (group.findings.some(({ code }) => DOCTOR_CODES[code].severity === 'problem')) return 'problem';
  if (group.findings.length > 0) return 'note';
  return group.skipped === true ? 'skipped' : 'ok';
}
