// Listens on one port of both loopback addresses, so that nobody else can answer at `localhost` on that port.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listen } from './listeners.ts';

export interface LoopbackListener {
  readonly port: number;
  /**
   * Listens on `::1` too if the machine has got IPv6 meanwhile.
   * @throws NodeJS.ErrnoException EADDRINUSE: another program was faster, and browsers may go there
   */
  restore(): Promise<void>;
  /** Closes the listener on `::1`. The caller closes the server itself. */
  stop(): void;
}

/** Errors of a machine without IPv6. After any other, another program could answer on `::1`. */
const NO_IPV6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);
/** A port that is free on one address and taken on the other is rare, unless somebody tries to get in between. */
const MAX_TRIES = 16;

/**
 * Listens on `port` of 127.0.0.1 and `::1`, or on any port that is free on both if it is 0. Without IPv6, on 127.0.0.1.
 * Browsers try `::1` first for `localhost` and names below it: with only 127.0.0.1 bound, another user could show them
 * his own page and relay the rest.
 * @throws NodeJS.ErrnoException EADDRINUSE: the port is taken on one of them
 */
export async function listenOnLoopback(server: Server, port: number): Promise<LoopbackListener> {
  for (let tries = 1; ; tries += 1) {
    const second = createForwarder(server);
    let isStopped = false;
    const stop = () => {
      isStopped = true;
      second.close();
    };
    const onIpv6 = await listenUnlessNoIpv6(second, port);
    try {
      await listen(server, { host: '127.0.0.1', port: onIpv6 ?? port });
      const bound = (server.address() as AddressInfo).port;
      const restore = async () => {
        if (!isStopped && !second.listening) await listenUnlessNoIpv6(second, bound);
      };
      return { port: bound, restore, stop };
    } catch (error) {
      stop();
      if (port !== 0 || tries >= MAX_TRIES) throw error;
    }
  }
}

/** A server whose connections are those of `server`. */
export function createForwarder(server: Server): Server {
  // The options that node:http sets for its own connections.
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => server.emit('connection', socket));
}

/** The port; undefined on a machine without IPv6. */
async function listenUnlessNoIpv6(server: Server, port: number): Promise<number | undefined> {
  try {
    await listen(server, { host: '::1', port });
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (!NO_IPV6.has((error as NodeJS.ErrnoException).code)) throw error;
    return undefined;
  }
}
