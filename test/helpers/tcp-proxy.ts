// A TCP proxy between two programs whose connections a test can cut, freeze and thaw.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections that are open at the moment. */
  connections(): number;
  /** Resets every open connection on both sides. */
  cut(): void;
  /** Passes nothing on, in either direction, and not the end of a connection either. */
  freeze(): void;
  /** Passes on what has come meanwhile, and goes on. */
  thaw(): void;
  close(): Promise<void>;
}

/** Listens on a port of 127.0.0.1 that the system chooses, and connects to `targetPort` there. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<readonly [near: Socket, far: Socket]>();
  let isFrozen = false;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [near, far] as const;
    open.add(pair);
    const join = (from: Socket, to: Socket) => {
      from.on('data', (chunk: Buffer) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => void (isFrozen || from.resume()));
      from.on('end', () => to.end());
      from.on('error', () => undefined);
      from.on('close', () => {
        open.delete(pair);
        to.destroy();
      });
      if (isFrozen) from.pause();
    };
    join(near, far);
    join(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const pair of open) for (const socket of pair) socket.resetAndDestroy();
  };
  const setFrozen = (frozen: boolean) => {
    isFrozen = frozen;
    for (const pair of open) for (const socket of pair) void (frozen ? socket.pause() : socket.resume());
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => open.size,
    cut,
    freeze: () => setFrozen(true),
    thaw: () => setFrozen(false),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
