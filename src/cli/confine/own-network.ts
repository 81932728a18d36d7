// A network of its own for a confined command: the way out stays, other programs' ports and sockets of this machine do not.

/** Answers DNS inside; pasta sends the questions to the resolver of this machine, also if that listens on 127.0.0.53. */
const RESOLVER = '169.254.53.53';

/** pasta for the network of the process whose id is to be appended; it ends by itself with that network. */
export function pastaArguments(
  pasta: string,
  options: { readonly containerPort: number; readonly userId: number },
): readonly [string, ...string[]] {
  return [
    pasta,
    '--quiet',
    '--config-net',
    // By default the gateway's address inside is this machine, with everything that listens on 127.0.0.1.
    '--no-map-gw',
    '--dns-forward',
    RESOLVER,
    '--tcp-ports=none',
    '--udp-ports=none',
    '--udp-ns=none',
    `--tcp-ns=${options.containerPort}`,
    // By default pasta becomes `nobody`, who cannot enter the network of root.
    ...(options.userId === 0 ? ['--runas', '0'] : []),
  ];
}

/** Starts a program in an empty network; pasta can enter it because it belongs to a user namespace of this user. */
export function unshareArguments(unshare: string): readonly string[] {
  return [unshare, '--map-current-user', '--net', '--'];
}

/** The text of resolv.conf inside; search domains and options stay. */
export function resolverText(outside: string): string {
  const kept = outside.split('\n').filter((line) => /^(?:search|domain|options)\s/u.test(line));
  return `${[`nameserver ${RESOLVER}`, ...kept].join('\n')}\n`;
}
