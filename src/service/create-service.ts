// Creates the service for this platform: systemd user units, or a LaunchAgent.
import { createLaunchdService } from './launchd.ts';
import type { Service, ServiceDeps } from './service.ts';
import { createSystemdService } from './systemd.ts';

/** Its `install`, `stop` and `restart` reject with UnavailableError no-service-manager if there is no manager. */
export function createService(deps: ServiceDeps): Service {
  return deps.platform === 'darwin' ? createLaunchdService(deps) : createSystemdService(deps);
}
