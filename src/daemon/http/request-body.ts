// Reads the body of a request: JSON of limited size, and no other type, because a page may send others without asking first.
import type { IncomingMessage } from 'node:http';
import { UsageError } from '../../core/errors.ts';
import { BODY_LIMIT_BYTES, bodyTooLarge } from './guard.ts';

/**
 * The parsed body; undefined if there is none. After a failure more of the body may follow, so the connection has to be closed.
 * @throws UsageError unsupported-media-type, request-too-large; invalid-request: empty, not JSON, or cut off
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (type === undefined && encoding === undefined && (length === undefined || length === '0')) return undefined;
  const [mediaType = ''] = (type ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    throw new UsageError(
      'unsupported-media-type',
      'The request body must be JSON, with Content-Type: application/json.',
    );
  }
  const text = await readText(request);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''), refusePrototypes);
  } catch {
    throw malformed();
  }
}

/** With listeners: an iterator would destroy the connection before the answer to a body that is too long. */
function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    // It may have been cut off before this is called, and then tells no listener.
    if (request.destroyed) reject(malformed());
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > BODY_LIMIT_BYTES) reject(bodyTooLarge());
      else chunks.push(chunk);
    });
    request.once('end', () => {
      // A body that misses its deadline may still arrive after the answer that says so.
      if (request.socket.writableEnded) reject(malformed());
      else resolve(Buffer.concat(chunks).toString());
    });
    request.once('error', () => reject(malformed()));
  });
}

/** Keys that could change the prototype of an object that the values are copied to. */
function refusePrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw malformed();
  if (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')) {
    throw malformed();
  }
  return value;
}

function malformed(): UsageError {
  return new UsageError('invalid-request', 'The request body is malformed.');
}
