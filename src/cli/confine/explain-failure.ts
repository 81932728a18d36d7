// Says why bubblewrap could not confine a command on this machine.
import { UnavailableError } from '../../core/errors.ts';

/** @param said what pasta printed */
export function explainNetworkFailure(said: string): UnavailableError {
  return new UnavailableError(
    'confinement-unavailable',
    `The command was not run, because pasta can't give it a network of its own: ${firstLine(said)}. --network=host shares this machine's, with its ports and abstract sockets.`,
    { hint: said.includes('/dev/net/tun') ? 'ls -l /dev/net/tun' : 'rolecall exec --help' },
  );
}

/** The text of a small file of the kernel; undefined if it can't be read. */
export type ReadFact = (path: string) => string | undefined;

/** For when bubblewrap has printed why on the user's terminal already. */
export function explainFailure(readFact: ReadFact): UnavailableError {
  const { reason, hint } = findReason(readFact);
  return new UnavailableError(
    'confinement-unavailable',
    `The command was not run, because it can't be confined: ${reason ?? 'its message is above'}.`,
    {
      hint,
    },
  );
}

function findReason(readFact: ReadFact): { readonly reason?: string; readonly hint: string } {
  const fact = (path: string) => readFact(path)?.trim();
  if (fact('/proc/sys/kernel/unprivileged_userns_clone') === '0') {
    return {
      reason: 'this system turns user namespaces off',
      hint: 'sudo sysctl -w kernel.unprivileged_userns_clone=1',
    };
  }
  if (fact('/proc/sys/user/max_user_namespaces') === '0') {
    return { reason: 'this system allows no user namespaces', hint: 'sudo sysctl -w user.max_user_namespaces=15000' };
  }
  if (fact('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return {
      reason: 'AppArmor keeps bubblewrap from user namespaces',
      hint: 'sudo apt-get install apparmor-profiles && sudo cp /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict',
    };
  }
  if (isInContainer(readFact)) {
    return {
      reason: 'the container in which you are does not allow it',
      hint: 'bwrap --ro-bind / / --unshare-user --unshare-pid --proc /proc true',
    };
  }
  return { hint: 'bwrap --ro-bind / / --unshare-user --unshare-pid --proc /proc true' };
}

/** The first process of a container is seldom an init, and its control groups name the engine. */
function isInContainer(readFact: ReadFact): boolean {
  return readFact('/.dockerenv') !== undefined || readFact('/run/.containerenv') !== undefined;
}

const firstLine = (text: string) => text.trim().split('\n')[0]?.replace(/\.$/u, '') || 'the reason is unknown';
