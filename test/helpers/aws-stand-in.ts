// AWS's and a company's host names, served over TLS by the emulator or a test: a proxy leads every tunnel here.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { startConnectProxy } from './connect-proxy.ts';
import { createPrivateCa } from './private-ca.ts';
import { passOn } from './recording-proxy.ts';
import { createTemporaryHome } from './temporary-home.ts';

export interface AwsStandIn {
  /** `config.toml` with its proxy and CA. */
  readonly settings: string;
  /** Without the emulator's endpoints. */
  readonly environment: Readonly<Record<string, string>>;
  /** The emulator's URL. */
  target: string;
  /** `METHOD host/path` of each request, in order. */
  readonly requests: string[];
  /** Answers instead of the emulator; undefined leaves the request to it. */
  answer: (host: string, path: string) => ((response: ServerResponse) => void) | undefined;
  /** Changes the emulator's answers. */
  alter: (path: string, body: string) => string;
  close(): Promise<void>;
}

/** `hosts` are those of its certificate. */
export async function startAwsStandIn(hosts: readonly string[]): Promise<AwsStandIn> {
  const folder = createTemporaryHome();
  const ca = createPrivateCa(folder.path);
  const requests: string[] = [];
  const server = createServer(ca.issue(hosts), (request, response) => {
    const host = request.headers.host ?? '';
    const path = request.url ?? '';
    requests.push(`${request.method} ${host}${path}`);
    const own = standIn.answer(host, path);
    if (own !== undefined) {
      request.resume();
      own(response);
      return;
    }
    void passOn(request, standIn.target).then(
      async (answer) => {
        const headers = [...answer.headers].filter(
          ([name]) => !/^(connection|transfer-encoding|content-length)$/.test(name),
        );
        response.writeHead(answer.status, Object.fromEntries(headers)).end(standIn.alter(path, await answer.text()));
      },
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = await startConnectProxy({ leadTo: () => ({ host: '127.0.0.1', port }) });
  const standIn: AwsStandIn = {
    settings: `[network]\nproxy = "${proxy.url}"\nca_bundle = "${ca.path}"\n`,
    environment: { AWS_ENDPOINT_URL_SSO_OIDC: '', AWS_ENDPOINT_URL_SSO: '', AWS_ENDPOINT_URL_STS: '' },
    target: '',
    requests,
    answer: () => undefined,
    alter: (_, body) => body,
    async close() {
      await proxy.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await folder.remove();
    },
  };
  return standIn;
}
