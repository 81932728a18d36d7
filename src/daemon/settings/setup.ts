// The routes that write settings: the first run and the team file. Their code is loaded at the first request.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { ClosableIdentityCenter } from '../../identity-center/identity-center.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Settings } from './settings.ts';
import type { createTeamHandlers } from './team-routes.ts';

export function createSetup(deps: {
  readonly settings: Settings;
  readonly paths: Pick<RuntimePaths, 'settingsFile'>;
  readonly configFile: ConfigFile;
  readonly identityCenter: Pick<ClosableIdentityCenter, 'findRegion' | 'followStartUrl'>;
  /** The proxy and certificate authorities for a download. */
  readonly network: Parameters<typeof createTeamHandlers>[0]['network'];
  readonly audit: Pick<AuditLog, 'record'>;
  readonly lateLoading: LateLoading;
}): { readonly handlers: Pick<Handlers, 'startUrl' | 'setup' | 'team'> } {
  const { identityCenter, lateLoading } = deps;
  const settingsPath = deps.paths.settingsFile;
  return {
    handlers: {
      ...lateLoading.deferHandlers(['startUrl', 'setup'], async () => {
        const { createSetupHandlers } = await import('./setup-routes.ts');
        return createSetupHandlers({
          ...deps,
          settingsPath,
          findRegion: (url) => identityCenter.findRegion(url),
          followStartUrl: (url) => identityCenter.followStartUrl(url),
        });
      }),
      ...lateLoading.deferHandlers(['team'], async () => {
        const { createTeamHandlers } = await import('./team-routes.ts');
        return createTeamHandlers({ ...deps, settingsPath });
      }),
    },
  };
}
