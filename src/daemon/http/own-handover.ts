// Hands the container port to the next daemon: through a keeper process, or for a service through systemd's descriptor store.
import { KEPT_PORT_FD } from '../../platform/port-keeper/port-keeper-script.ts';
import { startPortKeeper, type PortHolder, type Restart } from '../../platform/port-keeper/port-keeper.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import { KEPT_PORT_NAME } from './activation.ts';
import type { Log } from '../process/log.ts';
import { createNoHandover, createPortHandover, type PortHandover } from './port-handover.ts';

/** What the service manager passes to a service. */
export interface ServiceSockets {
  /** systemd's notification socket, which also stores descriptors; undefined under another service manager. */
  readonly notifySocket: string | undefined;
  /** The container port of the previous daemon. */
  readonly keptPortFd: number | undefined;
}

/** Service managers other than systemd stop a service's child processes with it, so a keeper would not survive. */
export async function createServiceHandover(
  { notifySocket, keptPortFd }: ServiceSockets,
  log: Log,
): Promise<PortHandover> {
  if (notifySocket === undefined) return createNoHandover();
  const { storeDescriptor, storedDescriptor } = await import('../../platform/port-keeper/descriptor-store.ts');
  const store = { name: KEPT_PORT_NAME, notifySocket };
  return createPortHandover({
    inheritedFd: keptPortFd,
    inheritedHolder: keptPortFd === undefined ? undefined : storedDescriptor(store),
    startHolding: (fd) => storeDescriptor({ ...store, fd }),
    log,
  });
}

/** Uses a keeper process, which also restarts a killed daemon unless `restart` returns undefined. */
export function createKeeperHandover(deps: {
  readonly paths: Pick<RuntimePaths, 'keptPortPipe' | 'logFile'>;
  readonly homeDirectory: string;
  /** This process was a keeper or was started by one, and has its port. */
  readonly isHandedOver: boolean;
  /** That keeper, if it is the parent process. */
  readonly keeper: PortHolder | undefined;
  /** Called when a keeper is started. */
  readonly restart: () => Restart | undefined;
  readonly log: Log;
}): PortHandover {
  const { paths, homeDirectory, restart } = deps;
  return createPortHandover({
    inheritedFd: deps.isHandedOver ? KEPT_PORT_FD : undefined,
    inheritedHolder: deps.keeper,
    startHolding: (fd) =>
      startPortKeeper({ fd, pipePath: paths.keptPortPipe, homeDirectory, restart: restart(), logFile: paths.logFile }),
    log: deps.log,
  });
}
