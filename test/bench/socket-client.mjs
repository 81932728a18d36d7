// Requests over a daemon's socket with as little around them as can be, for the bench is not to measure itself.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** `get(path)` gives status and body over one connection that is kept open. */
export function createSocketClient(socketPath) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    get: (path, method = 'GET', body) =>
      new Promise((resolve, reject) => {
        const headers = { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
        const outgoing = request({ socketPath, agent, path, method, headers, servername: '' }, (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          incoming.on('end', () => resolve({ status: incoming.statusCode, text }));
          incoming.on('error', reject);
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** True when somebody at the socket answers a request for the status; false when nobody listens yet. */
export function isAnswering(socketPath) {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(socketPath, () => {
      socket.write('GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    });
    socket.setEncoding('latin1').on('data', (chunk) => (answer += chunk));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(answer.startsWith('HTTP/1.1 200 ')));
  });
}
