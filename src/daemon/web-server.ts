// The web port: its addresses, their listeners, and the address file.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { Problems } from '../core/problems.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { ROUTE_ADDRESSES } from '../local-api/route-addresses.ts';
import { readPrivateFile, writePrivateFile } from '../platform/files/private-file.ts';
import { createWebGuard, type Guard } from './http/guard.ts';
import { createForwarder, listenOnLoopback, type LoopbackListener } from './http/loopback-listener.ts';
import type { PageFiles } from './http/page-files.ts';
import type { Surface } from './http/surface.ts';
import type { WebAccess } from './web-access/web-access.ts';

export interface WebServer {
  readonly surface: Surface;
  readonly url: string;
  /** Writes the address file if it is missing. */
  restoreAddress(): Promise<readonly string[]>;
  /** Deletes the address file, unless another daemon wrote it. */
  forgetAddress(): Promise<void>;
}

/** @throws UnavailableError: no port is available, or the address file can't be written */
export async function openWebServer(deps: {
  readonly paths: Pick<RuntimePaths, 'webAddressFile'>;
  /** 0: only a free port. */
  readonly webPort: number;
  readonly problems: Problems;
  readonly webAccess: WebAccess;
  readonly pageFiles: PageFiles;
  readonly build: (surface: 'web', guard: Guard, pageFiles: PageFiles) => Surface;
}): Promise<WebServer> {
  const { pageFiles, webAccess } = deps;
  const hosts: string[] = [];
  const guard = createWebGuard({
    hosts: () => hosts,
    token: webAccess.token,
    needsNoToken: (method, rawUrl) =>
      (method === ROUTE_ADDRESSES.webToken.method && rawUrl === ROUTE_ADDRESSES.webToken.path) ||
      (method === 'GET' && pageFiles.has(rawUrl)),
  });
  const surface = deps.build('web', guard, pageFiles);
  const { server } = surface;
  // Passkeys need a secure context with the name `localhost`. A free port, because an origin that is the same after each
  // start could be prepared: while the daemon is stopped, another user could listen there and install a service worker.
  const local = await listenOnLoopback(server, 0);
  const passkeyHost = `localhost:${local.port}`;
  hosts.push(passkeyHost);
  // So a fixed port has a name that is new at each start. Browsers resolve every name below `localhost` to this machine.
  const fixed = deps.webPort === 0 ? undefined : await listenOnFixedPort(server, deps.webPort, deps.problems);
  const port = fixed?.port ?? local.port;
  if (fixed !== undefined) hosts.unshift(`${webAccess.hostName}:${port}`);
  const stopListening = () => {
    local.stop();
    fixed?.stop();
  };
  async function restoreIpv6(): Promise<void> {
    try {
      await Promise.all([local.restore(), fixed?.restore()]);
    } catch (error) {
      webAccess.lostAddress();
      deps.problems.raise('web port', {
        code: 'web-port-not-usable',
        message: `Another program has a port of the page on ::1: ${(error as NodeJS.ErrnoException).code}. The page can't be opened, and no passkey is accepted, until the next start.`,
        hint: 'rolecall daemon restart',
      });
    }
  }
  const url = `http://${hosts[0]}`;
  const { webAddressFile } = deps.paths;
  const address = JSON.stringify({ url, port, token: webAccess.token });
  // Only valid while the daemon runs, so it does not have to survive a power cut, and the first answer does not wait for the disk.
  const writeAddress = () => writePrivateFile(webAddressFile, address, { isDurable: false });
  let isForgotten = false;
  try {
    await writeAddress();
  } catch (error) {
    stopListening();
    surface.close();
    throw error;
  }
  webAccess.openedAt({ url, passkeyUrl: `http://${passkeyHost}` });
  const drain = () => {
    stopListening();
    return surface.drain();
  };
  return {
    surface: { ...surface, drain },
    url,
    async restoreAddress() {
      if (isForgotten) return [];
      await restoreIpv6();
      if (existsSync(webAddressFile)) return [];
      await writeAddress();
      return [webAddressFile];
    },
    async forgetAddress() {
      isForgotten = true;
      const found = await readPrivateFile(webAddressFile).catch(() => undefined);
      if (found === address) await rm(webAddressFile, { force: true });
    },
  };
}

/** Undefined, and a problem, if the port can't be used. */
async function listenOnFixedPort(
  server: Server,
  port: number,
  problems: Problems,
): Promise<LoopbackListener | undefined> {
  const forwarder = createForwarder(server);
  try {
    const second = await listenOnLoopback(forwarder, port);
    return {
      ...second,
      stop() {
        second.stop();
        forwarder.close();
      },
    };
  } catch (error) {
    problems.raise('web port', {
      code: 'web-port-not-usable',
      message: `Port ${port} (web_port in the settings) can't be used: ${(error as NodeJS.ErrnoException).code}. The page uses another port until the next start.`,
      hint: 'rolecall daemon restart',
    });
    return undefined;
  }
}
