// The container server: a loopback port for AWS's container credentials provider, opened for the first grant.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { RefusedError, RolecallError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Problems } from '../../core/problems.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ConnectionRules } from '../http/connection-rules.ts';
import type { Grant, Grants } from './grants.ts';
import { createContainerGuard, type ContainerGuard } from '../http/guard.ts';
import type { InputChecks } from '../http/input-checks.ts';
import { listen } from '../http/listeners.ts';
import type { Log } from '../process/log.ts';
import type { PortHandover } from '../http/port-handover.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';
import { createSurface, type ReadyAnswer, type Handlers, type Surface } from '../http/surface.ts';

export interface ContainerServer {
  /** Where grants are asked for, `http://127.0.0.1:PORT`; opens the port at the first call. */
  url(): Promise<string>;
  /** After a restart: opens the same port again when there are grants that count on it, or may have been. */
  reopen(): Promise<void>;
  /** Sees to it that the port outlives this daemon while there are grants that count on it, and only then. */
  keepPort(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Of `container-port.json`. */
export const CONTAINER_PORT_SCHEMA = {
  version: 1,
  isSound: ({ port }) => isPort(port),
  loss: 'Running "rolecall exec" commands get no credentials any more; start them again.',
} as const satisfies StateFileSchema;

/**
 * The number of the port is kept in `portFile`, and the listening socket is handed over from daemon to daemon. Without the
 * handover anybody may have bound the port meanwhile, and been sent the paths and tokens of the grants: they are revoked.
 */
export function createContainerServer(deps: {
  /** Of `CONTAINER_PORT_SCHEMA`. */
  readonly portFile: StateFile;
  readonly handover: PortHandover;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly grants: Grants;
  readonly handlers: () => Handlers;
  /** The answer to a grant's caller, if nobody needs to be waited for. */
  readonly recall: (grant: Grant) => ReadyAnswer | undefined;
  readonly inputChecks: InputChecks;
  readonly connectionRules: ConnectionRules;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly problems: Problems;
  readonly log: Log;
}): ContainerServer {
  const { grants, problems } = deps;
  let opening: Promise<{ surface: Surface; url: string }> | undefined;
  let wasLost = false;
  const inTurn = createSerialQueue();

  async function open(): Promise<{ surface: Surface; url: string }> {
    const bound: { guard?: ContainerGuard<Grant> } = {};
    function guard(): ContainerGuard<Grant> {
      if (bound.guard === undefined) throw new Error('a request before the port was bound');
      return bound.guard;
    }
    const surface = createSurface({
      surface: 'container',
      guard: (request) => explain(guard().refuse(request)),
      handlers: deps.handlers(),
      inputChecks: deps.inputChecks,
      connectionRules: deps.connectionRules,
      clock: deps.clock,
      log: deps.log,
      describeError: describeForSdks,
      recall(request) {
        const admitted = guard().admit(request);
        return admitted instanceof RolecallError ? undefined : deps.recall(admitted);
      },
    });
    await surface.app.ready();
    const { server } = surface.app;
    const earlierPort = await readPort(deps.portFile);
    const isHandedOver = earlierPort !== 0 && (await deps.handover.adopt(server, earlierPort));
    if (!isHandedOver) {
      // Whatever was handed over is not the port that the grants name, and must not be kept in its place.
      deps.handover.release();
      await bind(server, earlierPort);
    }
    const { port } = server.address() as AddressInfo;
    bound.guard = createContainerGuard({ port, findGrant: (pathSecret, token) => grants.find(pathSecret, token) });
    if (port !== earlierPort) await deps.portFile.write({ port });
    return { surface, url: `http://${HOST}:${port}` };
  }

  /** The earlier port where it is free, so that running commands are told why they get no keys; else another one. */
  async function bind(server: Server, earlierPort: number): Promise<void> {
    const isLost = grants.list().length > 0;
    // Before anybody can ask.
    await grants.revokeAll();
    try {
      await listen(server, { host: HOST, port: earlierPort });
      if (isLost && earlierPort !== 0) reportLoss(earlierPort);
    } catch (error) {
      if (earlierPort === 0) throw error;
      if (isLost) reportTaken(earlierPort);
      await listen(server, { host: HOST, port: 0 });
    }
  }

  function reportLoss(port: number): void {
    wasLost = true;
    deps.audit.record({ event: 'container-port-lost', surface: 'daemon' });
    problems.raise('container port', {
      code: 'container-port-lost',
      message: `Port ${port}, where running "rolecall exec" commands look for their keys, was free while no daemon ran. Their grants have ended; start these commands again.`,
      hint: 'rolecall exec --help',
    });
  }

  function reportTaken(port: number): void {
    problems.raise('container port', {
      code: 'container-port-taken',
      message: `Another program has port ${port}, where running "rolecall exec" commands look for their keys; they get none any more.`,
      hint: 'rolecall exec --help',
    });
  }

  /** After a loss, whoever has no grant is most likely one of those that have ended. */
  function explain(refusal: RolecallError | undefined): RolecallError | undefined {
    if (refusal?.code !== 'token-required') return refusal;
    if (grants.haveGaps) {
      return new RefusedError(
        'token-required',
        'There is no such grant. The file of the grants was damaged, and this one may have been in it: start the command again.',
        { hint: 'rolecall exec --help' },
      );
    }
    if (!wasLost) return refusal;
    return new RefusedError(
      'container-port-lost',
      'The grant of this command has ended: its port was free while no daemon ran. Start the command again.',
    );
  }

  async function ensureOpen(): Promise<{ surface: Surface; url: string }> {
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
        await deps.handover.hold((await opening).surface.app.server);
      } else deps.handover.release();
    });

  return {
    url: async () => (await ensureOpen()).url,
    async reopen() {
      await grants.sweep();
      // Whose grant was lost is told so, which a closed port can't do.
      const wasOpen = grants.haveGaps && (await readPort(deps.portFile)) !== 0;
      if (grants.list().length > 0 || wasOpen) await ensureOpen();
      await keepPort();
    },
    keepPort,
    async drain() {
      await keepPort();
      if (opening !== undefined) await (await opening).surface.drain();
    },
    async close() {
      if (opening !== undefined) await (await opening).surface.close();
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

/** AWS's SDKs show `Code` and `Message`, and the person needs the command as well. */
function describeForSdks(error: RolecallError): object {
  const message = harmless(error.message);
  const hint = harmless(error.hint);
  return { ...error.toBody(), message, hint, Code: error.code, Message: `${message} Run: ${hint}` };
}
