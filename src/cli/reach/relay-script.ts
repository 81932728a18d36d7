// The relay: passes connections in a container's network on to the socket of its one role. One file of plain JavaScript, because
// it also runs in containers, on whatever Node they have.

/** Its name in the folder of the grant, beside the socket and the token. */
export const RELAY_FILE = 'relay.mjs';

/** The relay's arguments outside of a container: it ends when whoever started it ends, and does not run in this network. */
export const outsideArguments = (networkId: string): readonly string[] => ['--with-starter', networkId];

/** As many as the daemon serves on the socket of a grant. */
const MAX_CONNECTIONS = 32;

/** Prints "ready" once it listens on 127.0.0.1, and ends when the grant has ended, whose folder is then gone. */
export function relayScript(port: number): string {
  return `// Written by rolecall: passes connections to 127.0.0.1:${port} on to role.sock beside this file. Holds no secret.
import { existsSync, readlinkSync } from 'fs';
import { connect, createServer } from 'net';
import { fileURLToPath } from 'url';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const socketPath = beside('role.sock');
const [withStarter, foreignNetwork] = process.argv.slice(2);
const RETRY_MS = 100;
const PATIENCE_MS = 5000;

// In the network of the machine, another user could take the port later, and get the token.
if (foreignNetwork !== undefined && readlinkSync('/proc/self/ns/net') === foreignNetwork) {
  console.error('the container shares the network of this machine without --network=host');
  process.exit(1);
}

const server = createServer((client) => {
  client.on('error', () => client.destroy());
  const open = (waitedMs) => {
    if (client.destroyed) return;
    const upstream = connect(socketPath);
    upstream.once('connect', () => {
      client.pipe(upstream);
      upstream.pipe(client);
    });
    upstream.on('error', () => {
      // The daemon may be restarting.
      if (upstream.pending && waitedMs < PATIENCE_MS) setTimeout(open, RETRY_MS, waitedMs + RETRY_MS);
      else client.destroy();
    });
    upstream.once('close', (hadError) => hadError || client.destroy());
    client.once('close', () => upstream.destroy());
  };
  open(0);
});
server.maxConnections = ${MAX_CONNECTIONS};
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen({ host: '127.0.0.1', port: ${port} }, () => console.log('ready'));

// In a container it may be process 1, which ignores signals without a handler.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => process.exit(0));
// In a container the mounted folder stays when it is deleted outside, but not what was in it.
setInterval(() => existsSync(beside('${RELAY_FILE}')) || process.exit(0), 1000);
if (withStarter !== undefined) {
  for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => process.exit(0));
  process.stdin.resume();
}
`;
}
