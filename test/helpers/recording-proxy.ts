// A plain HTTP server in front of the emulator that records every secret that passes through it.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The fields of AWS's answers that nobody else may ever see. */
export const SECRET_FIELDS = [
  'accessToken',
  'refreshToken',
  'clientSecret',
  'deviceCode',
  'secretAccessKey',
  'sessionToken',
] as const;
export type SecretField = (typeof SECRET_FIELDS)[number];

export interface RecordingProxy {
  readonly url: string;
  /** Every secret of an answer so far, with the field it came in. */
  readonly secrets: ReadonlyMap<string, SecretField>;
  close(): Promise<void>;
}

/** Listens on a free port and passes everything on to `targetUrl`; a connection that ends there ends here. */
export async function startRecordingProxy(targetUrl: string): Promise<RecordingProxy> {
  const secrets = new Map<string, SecretField>();
  const server = createServer((request, response) => {
    void passOn(request, targetUrl).then(
      async (answer) => {
        const body = Buffer.from(await answer.arrayBuffer());
        collect(body.toString('utf8'), secrets);
        const headers = [...answer.headers].filter(
          ([name]) => !/^(connection|transfer-encoding|content-length)$/.test(name),
        );
        response.writeHead(answer.status, Object.fromEntries(headers)).end(body);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The answer of `targetUrl` to a request that came here. */
export async function passOn(request: IncomingMessage, targetUrl: string): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    typeof value !== 'string' || /^(host|connection|content-length|expect)$/.test(name) ? [] : [[name, value]],
  );
  return fetch(new URL(request.url ?? '/', targetUrl), {
    method: request.method ?? 'GET',
    headers,
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
}

/** By pattern and not by parsing: half an answer has secrets too. */
function collect(text: string, secrets: Map<string, SecretField>): void {
  for (const field of SECRET_FIELDS) {
    for (const [, value = ''] of text.matchAll(new RegExp(`"${field}":"([^"]{8,})`, 'g'))) secrets.set(value, field);
  }
}
