// Keeps the error of one connection (a reset, a broken pipe) from becoming an uncaught exception that ends the process.
import type { Server, Socket } from 'node:net';

/**
 * Gives every connection of `server` an error listener that stays. Node's http server removes its own from the socket of
 * a CONNECT or Upgrade request, and an error without a listener is thrown.
 * Errors still reach the http server and its pending requests.
 */
export function ignoreConnectionErrors(server: Server): void {
  const ignoreErrors = (socket: Socket) => void socket.on('error', () => undefined);
  server.on('connection', ignoreErrors);
  // A TLS server wraps each connection in a second socket.
  server.on('secureConnection', ignoreErrors);
}
