// A socket of another user that records what is sent to it; needs root.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { SOMEBODY_ELSE } from './somebody-else.ts';

export interface ForeignListener {
  /** As XDG_RUNTIME_DIR: it belongs to the other user, and the socket is where a client looks for it. */
  readonly runtimeDirectory: string;
  readonly socketPath: string;
  /** Connections so far, with what came over each. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** Listens in a folder of its own in /tmp, and answers everything with `answer`, a JSON document. */
export async function listenAsSomebodyElse(answer: object): Promise<ForeignListener> {
  const runtimeDirectory = mkdtempSync('/tmp/rolecall-foreign-');
  const folder = join(runtimeDirectory, 'rolecall');
  const socketPath = join(folder, 'daemon.sock');
  mkdirSync(folder, { mode: 0o755 });
  const received: string[] = [];
  const connections = new Set<Socket>();
  const body = JSON.stringify(answer);
  const server = createServer((connection) => {
    connections.add(connection);
    const index = received.push('') - 1;
    connection.on('error', () => undefined);
    connection.on('data', (bytes) => {
      received[index] += bytes.toString('latin1');
      connection.end(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o777);
  chmodSync(runtimeDirectory, 0o755);
  for (const path of [socketPath, folder, runtimeDirectory]) chownSync(path, SOMEBODY_ELSE, SOMEBODY_ELSE);
  return {
    runtimeDirectory,
    socketPath,
    received,
    async close() {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(runtimeDirectory, { recursive: true, force: true });
    },
  };
}
