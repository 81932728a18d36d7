// What `rolecall uninstall --json` prints: what it found, what it removed, what stays, and what failed.
import type { ErrorBody } from '../../../core/errors.ts';
import type { UninstallPlan } from './plan.ts';

/** `removed` is false with --dry-run, when nothing was found, and after a failure. */
export function toUninstallDocument(plan: UninstallPlan, removed: boolean, failures: readonly ErrorBody[]): object {
  return {
    removed,
    profiles: plan.configFiles,
    adoptions: plan.adoptions,
    serviceFiles: plan.serviceFiles,
    shellFiles: plan.shell.changes.map(({ path }) => path),
    tokenFiles: plan.tokenFiles,
    keychain: plan.keychain.state,
    stateFolders: plan.state.map(({ folder, files }) => ({ path: folder.path, files })),
    settingsFiles: plan.settings.flatMap(({ files }) => files),
    kept: [
      ...plan.foreign.map(({ path, reason }) => ({ path, reason })),
      ...plan.shell.handWritten.map(({ path, line }) => ({ path, line, reason: 'loads rolecall' })),
    ],
    problems: [...plan.problems, ...failures],
  };
}
