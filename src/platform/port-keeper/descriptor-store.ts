// systemd's descriptor store: a service's listening socket that stays open in the manager while the service restarts.
import { spawn } from 'node:child_process';
import type { PortHolder } from './port-keeper.ts';

/** Node has no unix datagrams, over which the manager is told. As of systemd 254 this program can send a descriptor. */
const NOTIFY = '/usr/bin/systemd-notify';
const DEADLINE_MS = 5000;

/**
 * Has the manager keep `fd` under `name`, in place of an earlier one of that name.
 * @see https://systemd.io/FILE_DESCRIPTOR_STORE/
 * @throws Error: this systemd can't, or the unit does not allow it
 */
export async function storeDescriptor(deps: {
  readonly fd: number;
  readonly name: string;
  /** `NOTIFY_SOCKET`, as the manager has given it to this process. */
  readonly notifySocket: string;
}): Promise<PortHolder> {
  const { fd, name, notifySocket } = deps;
  await notify(notifySocket, ['FDSTOREREMOVE=1', `FDNAME=${name}`]);
  await notify(notifySocket, ['--fd=3', `--fdname=${name}`, 'FDSTORE=1'], fd);
  return storedDescriptor({ name, notifySocket });
}

/** One that the manager keeps already. */
export function storedDescriptor(deps: { readonly name: string; readonly notifySocket: string }): PortHolder {
  return {
    hasEnded: () => false,
    // Whether the manager starts us again is up to its unit.
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
      else reject(new Error(`${NOTIFY} does not hand a descriptor to this systemd`));
    });
  });
}
