// Asks a node:http server that does not listen: the request and its answer never leave the process.
import { IncomingMessage, ServerResponse, type Server } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { parseAnswer, type RawAnswer } from '../daemon/raw-http.ts';

export interface ServerRequest {
  readonly method?: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer, once all of it is written. The request has no body. */
export function askServer(server: Server, { method = 'GET', url, headers = {} }: ServerRequest): Promise<RawAnswer> {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method, url, headers, rawHeaders: Object.entries(headers).flat(), complete: true });
  request.push(null);
  const chunks: Buffer[] = [];
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const response = new ServerResponse(request);
  response.assignSocket(socket as Socket);
  return new Promise((resolve) => {
    response.once('finish', () => resolve(parseAnswer(Buffer.concat(chunks).toString())));
    server.emit('request', request, response);
  });
}
