// A CONNECT proxy on loopback that counts its tunnels and can refuse them, ask for a password, or redirect them.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly url: string;
  readonly host: string;
  /** `HOST:PORT` of each CONNECT, refused ones included. */
  readonly targets: readonly string[];
  /** Requests that came without CONNECT. */
  readonly plainRequests: readonly string[];
  close(): Promise<void>;
}

export interface ConnectProxyOptions {
  /** The status of every answer to CONNECT; 200 opens the tunnel, `silent` never answers. */
  readonly status?: number | 'silent';
  /** `user:password` that is asked for. */
  readonly credentials?: string;
  /** Makes it a proxy that is spoken to over TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Where tunnels really lead, whatever they ask for: a name of AWS's then ends at a test's own server. */
  readonly leadTo?: (target: string) => { readonly host: string; readonly port: number };
}

export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const targets: string[] = [];
  const plainRequests: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    plainRequests.push(request.url ?? '');
    response.writeHead(400).end();
  });
  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const target = request.url ?? '';
    targets.push(target);
    const expected = `Basic ${Buffer.from(options.credentials ?? '').toString('base64')}`;
    const mayPass = options.credentials === undefined || request.headers['proxy-authorization'] === expected;
    const status = mayPass ? (options.status ?? 200) : 407;
    if (status === 'silent') return;
    if (status !== 200) {
      client.end(
        `HTTP/1.1 ${status} No\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"message":"denied"}`,
      );
      return;
    }
    const { hostname, port } = new URL(`http://${target}`);
    const to = options.leadTo?.(target) ?? { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
    const upstream = connect(to.port, to.host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    keep(upstream);
    upstream.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    targets,
    plainRequests,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
