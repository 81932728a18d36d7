// Runs the requests of a connection one at a time, because their answers are sent in the order of the requests anyway.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Sent before the answer to an earlier request. Browsers, SDKs and our clients send none. */
const MAX_WAITING = 64;

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/**
 * Calls `listener` for a request once all earlier ones of its connection are answered, and not at all if one of these
 * answers closes it. Closes a connection on which too many wait: each would cost memory until its turn.
 */
export function runInOrder(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, Exchange[]>();

  function run(socket: Socket, queue: Exchange[], [request, response]: Exchange): void {
    // It comes once: `once` would take longer.
    response.on('close', () => {
      if (isOver(socket)) {
        for (const [, unanswered] of queue.splice(0)) abandon(unanswered);
        return;
      }
      const next = queue.shift();
      if (next === undefined) waiting.delete(socket);
      else run(socket, queue, next);
    });
    listener(request, response);
  }

  return (request, response) => {
    const { socket } = request;
    const queue = waiting.get(socket);
    if (queue === undefined) {
      const own: Exchange[] = [];
      waiting.set(socket, own);
      run(socket, own, [request, response]);
    } else if (isOver(socket)) {
      abandon(response);
    } else if (queue.length < MAX_WAITING) {
      queue.push([request, response]);
    } else {
      abandon(response);
      socket.destroy();
    }
  };
}

/** Whether no further answer can be sent. */
const isOver = (socket: Socket) => socket.destroyed || socket.writableEnded;

/** Node emits `close` only for the answer that has the socket, and a daemon that stops waits for all. */
function abandon(response: ServerResponse): void {
  if (response.socket === null) response.emit('close');
}
