// The container server: a loopback port for AWS's container credentials provider, opened for the first grant.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Problems } from '../../core/problems.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { FindCallerProgram } from '../http/caller-program.ts';
import type { ConnectionRules } from '../http/connection-rules.ts';
import type { Grants } from './grants.ts';
import { createContainerListener } from './container-listener.ts';
import { createContainerPortLoss } from './container-port-loss.ts';
import { createContainerGuard } from '../http/guard.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { CredentialIssuer } from './issue.ts';
import { listen } from '../http/listeners.ts';
import type { Log } from '../process/log.ts';
import type { PortHandover } from '../http/port-handover.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

export interface ContainerServer {
  /** `http://127.0.0.1:PORT`, where callers use their grants. The first call opens the port. */
  url(): Promise<string>;
  /** After a restart: opens the same port again if there are grants for it, or may have been. */
  reopen(): Promise<void>;
  /** Makes the port outlive this daemon while there are grants for it, and only then. */
  keepPort(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** `container-port.json`. */
export const CONTAINER_PORT_SCHEMA = {
  version: 1,
  isSound: ({ port }) => isPort(port),
  loss: 'Running "rolecall exec" commands no longer get credentials; start them again.',
} as const satisfies StateFileSchema;

/**
 * Keeps the port number in `portFile`. Each daemon hands the listening socket over to the next one. Without the handover
 * another program may have bound the port meanwhile and received paths and tokens, so all grants are revoked.
 */
export function createContainerServer(deps: {
  /** Of `CONTAINER_PORT_SCHEMA`. */
  readonly portFile: StateFile;
  readonly handover: PortHandover;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly grants: Grants;
  readonly issuer: CredentialIssuer;
  readonly findCallerProgram: FindCallerProgram;
  readonly connectionRules: ConnectionRules;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly problems: Problems;
  readonly log: Log;
}): ContainerServer {
  const { grants } = deps;
  let opening: Promise<{ http: HttpServer; url: string }> | undefined;
  const loss = createContainerPortLoss(deps);
  const inTurn = createSerialQueue();

  async function open(): Promise<{ http: HttpServer; url: string }> {
    let port = 0;
    const admit = createContainerGuard({
      port: () => port,
      findGrant: (pathSecret, token) => grants.find(pathSecret, token),
    });
    const http = createContainerListener({ ...deps, guard: (request) => loss.explain(admit(request)) });
    const { server } = http;
    const earlierPort = await readPort(deps.portFile);
    const isHandedOver = earlierPort !== 0 && (await deps.handover.adopt(server, earlierPort));
    if (!isHandedOver) {
      // An inherited socket that is not the port of the grants is of no use to them.
      deps.handover.release();
      await bind(server, earlierPort);
    }
    port = (server.address() as AddressInfo).port;
    if (port !== earlierPort) await deps.portFile.write({ port });
    return { http, url: `http://${HOST}:${port}` };
  }

  /** Binds the earlier port if it is free, so that running commands learn why they get no credentials; else another port. */
  async function bind(server: Server, earlierPort: number): Promise<void> {
    const isLost = grants.list().some(({ hasSocket }) => hasSocket !== true);
    // Before anybody can connect.
    await grants.revokeOfPort();
    try {
      await listen(server, { host: HOST, port: earlierPort });
      if (isLost && earlierPort !== 0) loss.reportLost(earlierPort);
    } catch (error) {
      if (earlierPort === 0) throw error;
      if (isLost) loss.reportTaken(earlierPort);
      await listen(server, { host: HOST, port: 0 });
    }
  }

  async function ensureOpen(): Promise<{ http: HttpServer; url: string }> {
    opening ??= open();
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  const keepPort = () =>
    inTurn(async () => {
      if (opening !== undefined && grants.list().length > 0) {
        await deps.handover.hold((await opening).http.server);
      } else deps.handover.release();
    });

  return {
    url: async () => (await ensureOpen()).url,
    async reopen() {
      await grants.sweep();
      // An open port can tell callers that their grant was lost.
      const wasOpen = grants.haveGaps && (await readPort(deps.portFile)) !== 0;
      if (grants.list().length > 0 || wasOpen) await ensureOpen();
      await keepPort();
    },
    keepPort,
    async drain() {
      await keepPort();
      if (opening !== undefined) await (await opening).http.drain();
    },
    async close() {
      if (opening !== undefined) (await opening).http.close();
    },
  };
}

function isPort(candidate: unknown): candidate is number {
  return typeof candidate === 'number' && Number.isInteger(candidate) && candidate > 0 && candidate < 65_536;
}

async function readPort(file: StateFile): Promise<number> {
  try {
    const port = (await file.read())?.['port'];
    return isPort(port) ? port : 0;
  } catch {
    return 0;
  }
}
