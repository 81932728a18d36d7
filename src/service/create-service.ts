// The service for this platform: systemd's user units, or a LaunchAgent.
import { createLaunchdService } from './launchd.ts';
import type { Service, ServiceDeps } from './service.ts';
import { createSystemdService } from './systemd.ts';

/** @throws UnavailableError no-service-manager: from `install`, `stop` and `restart`, naming what happens instead */
export function createService(deps: ServiceDeps): Service {
  return deps.platform === 'darwin' ? createLaunchdService(deps) : createSystemdService(deps);
}
