// An HTTP proxy between a browser and this machine whose connections a test can cut, or stall as a suspend does.
import { createServer, request as connectTo, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CuttingProxy {
  readonly url: string;
  /** Paths asked for, in order, with the Last-Event-ID that came along. */
  readonly requests: readonly { readonly path: string; readonly lastEventId: string | undefined }[];
  /** Ends every connection to the browser at once. */
  cut(): void;
  /** From now on what comes on the open connections is not passed on; new ones work. */
  fallSilent(): void;
  close(): Promise<void>;
}

export async function startCuttingProxy(): Promise<CuttingProxy> {
  const requests: { path: string; lastEventId: string | undefined }[] = [];
  const open = new Set<ServerResponse>();
  const silent = new WeakSet<ServerResponse>();
  const server = createServer((incoming, answer) => {
    const target = new URL(incoming.url ?? '/');
    const lastEventId = incoming.headers['last-event-id'];
    requests.push({ path: target.pathname, lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined });
    open.add(answer);
    const outgoing = connectTo(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: `${target.pathname}${target.search}`,
        headers: { ...incoming.headers, host: target.host },
        agent: false,
      },
      (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        answer.flushHeaders();
        reply.on('data', (chunk: Buffer) => void (silent.has(answer) || answer.write(chunk)));
        reply.on('end', () => void (silent.has(answer) || answer.end()));
      },
    );
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => {
      open.delete(answer);
      outgoing.destroy();
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut() {
      for (const answer of open) answer.destroy();
    },
    fallSilent() {
      for (const answer of open) silent.add(answer);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
