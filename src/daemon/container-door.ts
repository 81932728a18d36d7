// The door for AWS's container credentials provider: a loopback port of its own, opened when the first grant wants it.
import type { AddressInfo } from 'node:net';
import { RolecallError } from '../core/errors.ts';
import type { Problems } from '../core/problems.ts';
import type { Grant, Grants } from './grants.ts';
import { createContainerGuard, type ContainerGuard } from './guard.ts';
import type { InputChecks } from './input-checks.ts';
import { listen } from './listeners.ts';
import type { Log } from './log.ts';
import type { StateFile } from './state-file.ts';
import { createSurface, type ReadyAnswer, type Responders, type Surface } from './surface.ts';

export interface ContainerDoor {
  /** Where grants are asked for, `http://127.0.0.1:PORT`; opens the port at the first call. */
  url(): Promise<string>;
  /** After a restart: opens the same port again when there are grants that count on it. */
  reopen(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * The port is kept in `portFile` and bound again. When somebody else has it by then, the grants are revoked:
 * their callers send tokens to a stranger, who must get nothing from us for them.
 */
export function createContainerDoor(deps: {
  /** Of schema version 1. */
  readonly portFile: StateFile;
  readonly grants: Grants;
  readonly responders: () => Responders;
  /** The answer to a grant's caller, if nobody needs to be waited for. */
  readonly recall: (grant: Grant) => ReadyAnswer | undefined;
  readonly inputChecks: InputChecks;
  readonly problems: Problems;
  readonly log: Log;
}): ContainerDoor {
  const { grants, problems } = deps;
  let opening: Promise<{ surface: Surface; url: string }> | undefined;

  async function open(): Promise<{ surface: Surface; url: string }> {
    const bound: { guard?: ContainerGuard<Grant> } = {};
    function guard(): ContainerGuard<Grant> {
      if (bound.guard === undefined) throw new Error('a request before the port was bound');
      return bound.guard;
    }
    const surface = createSurface({
      surface: 'container',
      guard: (request) => guard().refuse(request),
      responders: deps.responders(),
      inputChecks: deps.inputChecks,
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
    try {
      await listen(server, { host: HOST, port: earlierPort });
    } catch (error) {
      if (earlierPort === 0) throw error;
      await giveUpGrants(earlierPort);
      await listen(server, { host: HOST, port: 0 });
    }
    const { port } = server.address() as AddressInfo;
    bound.guard = createContainerGuard({ port, findGrant: (pathSecret, token) => grants.find(pathSecret, token) });
    if (port !== earlierPort) await deps.portFile.write({ port });
    return { surface, url: `http://${HOST}:${port}` };
  }

  async function giveUpGrants(port: number): Promise<void> {
    if (grants.list().length > 0) {
      problems.raise('container port', {
        code: 'container-port-taken',
        message: `Another program has port ${port}, where running "rolecall exec" commands look for their keys; they get none any more.`,
        hint: 'rolecall exec --help',
      });
    }
    await grants.revokeAll();
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

  return {
    url: async () => (await ensureOpen()).url,
    async reopen() {
      await grants.sweep();
      if (grants.list().length > 0) await ensureOpen();
    },
    async drain() {
      if (opening !== undefined) await (await opening).surface.drain();
    },
    async close() {
      if (opening !== undefined) await (await opening).surface.close();
    },
  };
}

async function readPort(file: StateFile): Promise<number> {
  try {
    const port = (await file.read())?.['port'];
    return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
  } catch {
    return 0;
  }
}

/** AWS's SDKs show `Code` and `Message`, and the person needs the command as well. */
function describeForSdks(error: RolecallError): object {
  return { ...error.toBody(), Code: error.code, Message: `${error.message} Run: ${error.hint}` };
}
