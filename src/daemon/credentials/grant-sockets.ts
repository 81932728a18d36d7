// The sockets of grants: a unix socket for each grant that asked for one, for whatever forwards it to another place.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Problems } from '../../core/problems.ts';
import { toFailure } from '../../platform/files/file-error.ts';
import { createGrantSocketGuard } from '../http/guard.ts';
import type { HttpServer } from '../http/http-server.ts';
import { createOwnSocket, type OwnSocket } from '../http/own-socket.ts';
import { createContainerListener, type ContainerListenerDeps } from './container-listener.ts';
import { GRANT_ID, type Grant, type Grants } from './grants.ts';

export interface GrantSockets {
  /** Where the socket of a grant is. The folder keeps its inode as long as the grant, so that it can be mounted. Its other files are removed with it. */
  pathOf(grantId: string): string;
  /** @throws UnavailableError file-not-writable: the path is too long or in use */
  open(grant: Grant): Promise<void>;
  /** Closes the socket of a grant that has ended, and its connections, before it returns. */
  end(grant: Grant): void;
  /** Binds the sockets of valid grants that are missing, and removes those that an earlier daemon left. Never rejects. */
  restore(): Promise<void>;
  /** Accepts no new connections, and resolves once the accepted ones have their answers. */
  drain(): Promise<void>;
  /** Closes all connections. */
  close(): void;
}

interface OpenSocket {
  readonly http: HttpServer;
  readonly socket: OwnSocket;
}

const PROBLEM = 'grant sockets';

/** Each grant has a server of its own, so that one place can't use up the connections of another. */
export function createGrantSockets(
  deps: Omit<ContainerListenerDeps, 'guard'> & {
    /** The daemon's own socket: the folders of the grants are beside it. */
    readonly socketPath: string;
    readonly userId: number;
    readonly grants: Pick<Grants, 'findOfSocket' | 'list'>;
    readonly problems: Pick<Problems, 'raise' | 'clear'>;
  },
): GrantSockets {
  const folder = join(dirname(deps.socketPath), 'grants');
  const opened = new Map<string, OpenSocket>();
  const inTurn = createSerialQueue();
  let isEnding = false;

  const pathOf = (grantId: string) => join(folder, grantId, 'role.sock');

  async function open({ id }: Grant): Promise<void> {
    if (opened.has(id)) return;
    const guard = createGrantSocketGuard({ findGrant: (token) => deps.grants.findOfSocket(id, token) });
    const http = createContainerListener({ ...deps, guard });
    const path = pathOf(id);
    const socket = createOwnSocket({ server: http.server, path, aliasPath: path, userId: deps.userId });
    await socket.open();
    opened.set(id, { http, socket });
    // It may have ended meanwhile.
    if (!deps.grants.list().some((grant) => grant.id === id)) end(id);
  }

  function end(id: string): void {
    const ended = opened.get(id);
    opened.delete(id);
    ended?.http.close();
    void ended?.socket.close();
    remove(id);
  }

  function remove(id: string): void {
    try {
      rmSync(dirname(pathOf(id)), { recursive: true, force: true });
    } catch {
      // The next `restore` tries again.
    }
  }

  async function bindMissing(): Promise<void> {
    const valid = deps.grants.list();
    removeStrays(new Set(valid.map(({ id }) => id)));
    const errors: unknown[] = [];
    for (const grant of valid) {
      if (grant.hasSocket !== true || isEnding) continue;
      const known = opened.get(grant.id);
      await (known === undefined ? open(grant) : known.socket.restore()).catch((error: unknown) => errors.push(error));
    }
    if (errors.length === 0) deps.problems.clear(PROBLEM);
    else deps.problems.raise(PROBLEM, toFailure(errors[0]).toBody());
  }

  function removeStrays(valid: ReadonlySet<string>): void {
    for (const name of listFolder(folder)) if (GRANT_ID.test(name) && !valid.has(name)) end(name);
  }

  return {
    pathOf,
    open: (grant) => inTurn(() => open(grant)),
    end: ({ id }) => end(id),
    restore: () => inTurn(bindMissing),
    drain: () =>
      inTurn(async () => {
        isEnding = true;
        const all = [...opened.values()];
        await Promise.all(all.map(async ({ http, socket }) => socket.close().then(() => http.drain())));
      }),
    close() {
      for (const { http } of opened.values()) http.close();
    },
  };
}

function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
