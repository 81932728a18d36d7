// A proxy in front of the emulator that rejects requests with its own answers, as filtering proxies do.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { passOn } from './recording-proxy.ts';

export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string | undefined;
  /** Which paths are refused; every one when absent. */
  readonly path?: RegExp;
}

export interface FilteringProxy {
  readonly url: string;
  /** Where requests go that are not refused. */
  target: string;
  /** Paths that were refused so far. */
  readonly refused: ReadonlySet<string>;
  refuse(refusal: Refusal | undefined): void;
  close(): Promise<void>;
}

export async function startFilteringProxy(): Promise<FilteringProxy> {
  let refusal: Refusal | undefined;
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/, '');
    if (refusal !== undefined && refusal.path?.test(path) !== false) {
      refused.add(path);
      const { status, body, contentType } = refusal;
      request.resume();
      response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType }).end(body);
      return;
    }
    void passOn(request, proxy.target).then(
      async (answer) => {
        const headers = [...answer.headers].filter(
          ([name]) => !/^(connection|transfer-encoding|content-length)$/.test(name),
        );
        response.writeHead(answer.status, Object.fromEntries(headers)).end(Buffer.from(await answer.arrayBuffer()));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FilteringProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    refused,
    refuse(wanted) {
      refusal = wanted;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
