// Keeps an error of a single connection (a reset, a broken pipe) from becoming an uncaught exception of the whole process.
import type { Server, Socket } from 'node:net';

/**
 * Gives every connection of `server` an error listener that stays. Node's http server removes its own from the socket of
 * a CONNECT or Upgrade request and destroys sockets that nobody listens to; an error without a listener is thrown.
 * Errors still reach the http server and the requests under way.
 */
export function ignoreConnectionErrors(server: Server): void {
  const ignoreErrors = (socket: Socket) => void socket.on('error', () => undefined);
  server.on('connection', ignoreErrors);
  // A TLS server wraps each connection in a second socket.
  server.on('secureConnection', ignoreErrors);
}
