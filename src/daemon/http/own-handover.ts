// How this daemon hands its container port on: through its keeper, or through systemd's descriptor store as a service.
import { KEPT_PORT_FD } from '../../platform/port-keeper/port-keeper-script.ts';
import { startPortKeeper, type PortHolder, type Restart } from '../../platform/port-keeper/port-keeper.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import { KEPT_PORT_NAME } from './activation.ts';
import type { Log } from '../process/log.ts';
import { createNoHandover, createPortHandover, type PortHandover } from './port-handover.ts';

/** What a service has of its manager. */
export interface ServiceSockets {
  /** Where systemd takes the port for our successor; undefined under another manager. */
  readonly notifySocket: string | undefined;
  /** The port of our predecessor. */
  readonly keptPortFd: number | undefined;
}

/** Another service's manager than systemd ends what we start together with us, so that a keeper would be of no use. */
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

/** By a keeper, which also starts the daemon again after a kill, unless `restart` gives undefined. */
export function createKeeperHandover(deps: {
  readonly paths: Pick<RuntimePaths, 'keptPortPipe' | 'logFile'>;
  readonly homeDirectory: string;
  /** We came out of a keeper, and have its port. */
  readonly isHandedOver: boolean;
  /** That keeper, when it is our parent. */
  readonly keeper: PortHolder | undefined;
  /** Asked when a keeper is started. */
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
