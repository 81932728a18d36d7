// Keeps a service's listening socket open in systemd's descriptor store while the service restarts.
import { spawn } from 'node:child_process';
import type { PortHolder } from './port-keeper.ts';

/** Sends descriptors since systemd 254. Node has no unix datagram sockets, which the manager's protocol needs. */
const NOTIFY = '/usr/bin/systemd-notify';
const DEADLINE_MS = 5000;

/**
 * Stores `fd` in the manager under `name`, replacing an earlier one of that name.
 * @see https://systemd.io/FILE_DESCRIPTOR_STORE/
 * @throws Error: this systemd does not support it, or the unit does not allow it
 */
export async function storeDescriptor(deps: {
  readonly fd: number;
  readonly name: string;
  /** `NOTIFY_SOCKET`, which the manager has set for this process. */
  readonly notifySocket: string;
}): Promise<PortHolder> {
  const { fd, name, notifySocket } = deps;
  await notify(notifySocket, ['FDSTOREREMOVE=1', `FDNAME=${name}`]);
  await notify(notifySocket, ['--fd=3', `--fdname=${name}`, 'FDSTORE=1'], fd);
  return storedDescriptor({ name, notifySocket });
}

/** A descriptor that is already in the store. */
export function storedDescriptor(deps: { readonly name: string; readonly notifySocket: string }): PortHolder {
  return {
    hasEnded: () => false,
    // The unit decides whether the manager restarts the service.
    expectEnd: () => undefined,
    end() {
      notify(deps.notifySocket, ['FDSTOREREMOVE=1', `FDNAME=${deps.name}`]).catch(() => undefined);
    },
  };
}

function notify(notifySocket: string, args: readonly string[], fd?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(NOTIFY, args, {
      stdio: ['ignore', 'ignore', 'ignore', ...(fd === undefined ? [] : [fd])],
      env: { NOTIFY_SOCKET: notifySocket },
      timeout: DEADLINE_MS,
    });
    child.on('error', reject);
    child.on('exit', (exitCode) => {
      if (exitCode === 0) resolve();
      else reject(new Error(`${NOTIFY} could not pass a descriptor to systemd`));
    });
  });
}
