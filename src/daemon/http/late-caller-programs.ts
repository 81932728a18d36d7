// Defers the search for the program of a caller, with all that it needs, to the first request that asks for it.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Program } from '../../core/program.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import { findSystemProgram } from '../../platform/programs/find-program.ts';
import type { CredentialProcessSources } from '../process/credential-process-copy.ts';
import type { CallerProgramDeps, FindCallerProgram } from './caller-program.ts';
import type { LateLoading } from './late-loading.ts';

interface OwnScripts {
  readonly paths: Pick<RuntimePaths, 'credentialProcessPath' | 'usualCredentialProcessPath'>;
  readonly credentialProcess: Omit<CredentialProcessSources, 'copyPath'>;
}

/** A `FindCallerProgram` that loads what it needs when it is first called. */
export function createLateCallerPrograms(
  deps: OwnScripts &
    Pick<CallerProgramDeps, 'clock'> & {
      readonly environment: Readonly<Record<string, string | undefined>>;
      readonly homeDirectory: string;
      readonly userId: number;
      readonly defer: LateLoading['defer'];
    },
): FindCallerProgram {
  const platform = process.platform;
  const load = deps.defer(async () => {
    const { createCallerPrograms } = await import('./caller-program.ts');
    return createCallerPrograms({
      platform,
      findProgram: (name) => findSystemProgram(name, { ...deps, platform }),
      ownFiles: findOwnScripts(deps),
      clock: deps.clock,
    });
  });
  return async (request, claimedProcessId) => (await load())(request, claimedProcessId);
}

/**
 * Describes the program behind a process that a caller has named; undefined if it has ended, and on other systems than Linux,
 * where that takes a program. Loads what it needs when it is first called.
 */
export function createLateProcessLookup(
  deps: OwnScripts & { readonly defer: LateLoading['defer'] },
): (processId: number) => Promise<Program | undefined> {
  const load = deps.defer(async () => {
    const { findAskingProgram } = await import('../../platform/process/asking-program.ts');
    const options = { ownFiles: findOwnScripts(deps), isVerified: false };
    return (processId: number) => findAskingProgram(processId, options).catch(() => undefined);
  });
  return async (processId) => (process.platform === 'linux' ? (await load())(processId) : undefined);
}

function findOwnScripts({ credentialProcess: { templatePath, clientPath }, paths }: OwnScripts): ReadonlySet<string> {
  const copies = [paths.credentialProcessPath, paths.usualCredentialProcessPath];
  const scripts = [templatePath, join(dirname(templatePath), 'rolecall.js'), clientPath, ...copies];
  return new Set(scripts.map(resolveLinks));
}

function resolveLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
