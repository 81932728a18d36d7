// Defers the search for the program of a caller, with all that it needs, to the first request that asks for it.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RuntimePaths } from '../../local-api/paths.ts';
import { findProgram } from '../../platform/programs/find-program.ts';
import type { CredentialProcessSources } from '../process/credential-process-copy.ts';
import type { CallerProgramDeps, FindCallerProgram } from './caller-program.ts';
import type { LateLoading } from './late-loading.ts';

/** A `FindCallerProgram` that loads what it needs when it is first called. */
export function createLateCallerPrograms(
  deps: Pick<CallerProgramDeps, 'clock'> & {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly homeDirectory: string;
    readonly userId: number;
    readonly paths: Pick<RuntimePaths, 'credentialProcessPath'>;
    readonly credentialProcess: Omit<CredentialProcessSources, 'copyPath'>;
    readonly defer: LateLoading['defer'];
  },
): FindCallerProgram {
  const { templatePath, clientPath } = deps.credentialProcess;
  const platform = process.platform;
  const load = deps.defer(async () => {
    const { createCallerPrograms } = await import('./caller-program.ts');
    const ownScripts = [
      templatePath,
      join(dirname(templatePath), 'rolecall.js'),
      clientPath,
      deps.paths.credentialProcessPath,
    ];
    return createCallerPrograms({
      platform,
      findProgram: (name) => findProgram(name, { ...deps, platform }),
      ownFiles: new Set(ownScripts.map(resolveLinks)),
      clock: deps.clock,
    });
  });
  return async (request, claimedProcessId) => (await load())(request, claimedProcessId);
}

function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
