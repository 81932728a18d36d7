// How a surface says no: an error as JSON, as plain text for the sh client, or on a bare socket when there is no request.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RolecallError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';

/** On every answer: nothing is kept by caches, framed, embedded, sniffed or told to other sites. */
export const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** An answer to what is no request: how long the other side has to read it and hang up. */
const FAREWELL_MS = 2000;

export interface Replies {
  send(request: FastifyRequest, reply: FastifyReply, error: RolecallError, status?: number): FastifyReply;
  /** For bytes that are not HTTP, or not for us: nothing of them is echoed. */
  onSocket(socket: Duplex, error: RolecallError): void;
}

/** Replies whose JSON body is what `describeError` makes of an error. */
export function createReplies(describeError: (error: RolecallError) => object): Replies {
  return {
    send(request, reply, error, status) {
      reply.headers(ANSWER_HEADERS).code(status ?? error.httpStatus);
      if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
      if (request.headers.accept === 'text/plain') {
        return reply
          .type('text/plain; charset=utf-8')
          .send(`${harmless(error.message)}\nRun: ${harmless(error.hint)}\n`);
      }
      return sendJson(reply, describeError(error));
    },
    onSocket(socket, error) {
      if (!socket.writable) {
        socket.destroy();
        return;
      }
      const body = JSON.stringify(describeError(error));
      const head = Object.entries({
        ...ANSWER_HEADERS,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      }).map(([name, value]) => `${name}: ${value}`);
      socket.end(
        `HTTP/1.1 ${error.httpStatus} ${STATUS_CODES[error.httpStatus]}\r\n${head.join('\r\n')}\r\n\r\n${body}`,
      );
      // What is still coming is read and forgotten, or the reset that it causes would take our answer along.
      socket.resume();
      const farewell = setTimeout(() => socket.destroy(), FAREWELL_MS);
      farewell.unref();
      socket.once('close', () => clearTimeout(farewell));
    },
  };
}

/** As bytes: to a string Fastify would add a charset, with which Go's SDK no longer reads an error. */
export function sendJson(reply: FastifyReply, document: unknown): FastifyReply {
  return sendJsonBytes(reply, Buffer.from(JSON.stringify(document)));
}

export function sendJsonBytes(reply: FastifyReply, json: Buffer): FastifyReply {
  return reply.type('application/json').send(json);
}
