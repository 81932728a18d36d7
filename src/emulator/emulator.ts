// The in-memory IAM Identity Center: composes its parts, for in-process use in tests and over HTTP.
import { setMaxListeners } from 'node:events';
import { type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSystemClock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { ignoreConnectionErrors } from '../platform/sockets/connection-errors.ts';
import {
  type ListenAddress,
  guardControl,
  guardOpenControl,
  guardPages,
  isWildcardHost,
} from './control/caller-guard.ts';
import { createControlAccess } from './control/control-access.ts';
import { UNKNOWN_CONTROL_ROUTE, createControlRoutes } from './control/control.ts';
import type { Emulator, EmulatorOptions } from './control/emulator-interface.ts';
import { describeEmulatorApi } from './control/openapi.ts';
import { createDefaultDirectory } from './directory/default-directory.ts';
import { createDirectory } from './directory/directory.ts';
import { createAdjustableClock } from './http/adjustable-clock.ts';
import type { Route } from './http/http.ts';
import { systemRandom } from './http/random.ts';
import { createListener } from './listener.ts';
import { environmentFor } from './pages/shell-lines.ts';
import { type Knobs, parseKnobs } from './sessions/knobs.ts';
import { type World, createWorld } from './world.ts';

export type { Emulator, EmulatorOptions };

/** @throws UsageError invalid-request: the directory or a knob is wrong */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const {
    directory: document,
    clock: baseClock = createSystemClock(),
    random = systemRandom,
    userId = process.getuid?.(),
    names: givenNames = [],
    controlToken,
    ...knobOptions
  } = options;
  const clock = createAdjustableClock(baseClock);
  const directory = createDirectory(document ?? createDefaultDirectory(), {
    onUserRemoved: (userName) => void world.sessions.revoke(userName),
  });
  const initialDocument = directory.toDocument();
  const controlAccess = createControlAccess({
    random,
    ...(userId === undefined ? {} : { userId }),
    ...(controlToken === undefined ? {} : { token: controlToken }),
  });
  const names = givenNames.map((name) => name.toLowerCase());
  let address: ListenAddress = NOWHERE;
  let caFile: string | undefined;
  let server: Server | undefined;
  let closing = new AbortController();

  const turnKnobs = (changes: Partial<Knobs>) => {
    const { autoApprove } = parseKnobs(changes);
    if (typeof autoApprove === 'string' && directory.findUser(autoApprove) === undefined) {
      throw new UsageError(
        'invalid-request',
        `autoApprove: there is no user ${JSON.stringify(autoApprove)} in the directory.`,
      );
    }
    world.knobs.turn(changes);
  };
  const environment = () => environmentFor(address.origin, caFile);
  const begin = () =>
    createWorld({
      clock,
      random,
      directory,
      origin: () => address.origin,
      environment,
    });
  const routesOf = ({ operations, pages }: World): readonly Route[] => [
    ...operations,
    ...guardPages(pages, () => address),
    ...controlRoutes,
  ];

  const emulator: Emulator = {
    async listen(port = 0, host = '127.0.0.1', tls) {
      if (server !== undefined) {
        throw new UsageError('invalid-request', `The emulator is already listening on ${address.origin}.`);
      }
      closing = new AbortController();
      // Every delayed answer adds a listener, and many at once are normal here.
      setMaxListeners(0, closing.signal);
      const state = () => ({ routes, unknownControlRoutes, faults: world.faults, log: world.log });
      const listener = createListener({ state, clock, random, signal: closing.signal });
      const onRequest: Parameters<typeof createServer>[1] = (message, response) => void listener(message, response);
      const created = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
      ignoreConnectionErrors(created);
      await new Promise<void>((resolve, reject) => {
        created.once('error', reject);
        created.listen(port, host, () => {
          created.off('error', reject);
          resolve();
        });
      });
      server = created;
      const bound = (created.address() as AddressInfo).port;
      const url = `${tls === undefined ? 'http' : 'https'}://${formatHost(host, names)}:${bound}`;
      address = { host, port: bound, origin: url, names };
      caFile = tls?.caFile;
      return { url, port: bound };
    },
    async close() {
      const closed = server;
      if (closed === undefined) return;
      server = undefined;
      address = NOWHERE;
      closing.abort(new Error('The emulator is closing.'));
      await new Promise<void>((resolve) => {
        closed.close(() => resolve());
        closed.closeAllConnections();
      });
    },
    get url() {
      return address.origin;
    },
    environment,
    controlToken: controlAccess.token,

    reset() {
      clock.reset();
      directory.replace(initialDocument);
      world = begin();
      routes = routesOf(world);
      turnKnobs(knobOptions);
    },
    nowMs: () => clock.nowMs(),
    advancedMs: () => clock.advancedMs(),
    advance: (seconds) => clock.advance(seconds * 1000),

    directory,
    get knobs() {
      return world.knobs.current;
    },
    turnKnobs,

    addFault: (fault) => world.faults.add(fault),
    faults: () => world.faults.list(),
    clearFaults: () => world.faults.clear(),

    pendingDeviceAuthorizations: () => world.deviceAuthorizations.pending(),
    approve: (userCode, userName) => world.deviceAuthorizations.approve(userCode, userName),
    deny: (userCode) => world.deviceAuthorizations.deny(userCode),
    pendingAuthorizations: () => world.authorizationCodes.pending(),
    approveAuthorization: (requestId, userName) => world.authorizationCodes.approve(requestId, userName),
    denyAuthorization: (requestId, error) => world.authorizationCodes.deny(requestId, error),

    revokeSessions: (userName) => world.sessions.revoke(userName),
    expireAccessTokens: (userName) => world.sessions.expireAccessTokens(userName),
    killRefreshTokens: (userName) => world.sessions.killRefreshTokens(userName),
    expireRegistrations: () => world.registrations.expireAll(),

    calls: () => world.log.counts(),
    countCalls: (operation, detail) => world.log.count(operation, detail),
    requests: () => world.log.requests(),
    resetCalls: () => world.log.reset(),
  };

  const control = createControlRoutes(emulator, () => describeEmulatorApi([...world.operations, ...world.pages]));
  const controlRoutes = [
    ...guardControl(control.guarded, () => address, controlAccess),
    ...guardOpenControl(control.open, () => address),
  ];
  const unknownControlRoutes = guardControl([UNKNOWN_CONTROL_ROUTE], () => address, controlAccess);
  let world = begin();
  let routes = routesOf(world);
  turnKnobs(knobOptions);
  return emulator;
}

const NOWHERE: Readonly<ListenAddress> = { host: '', port: 0, origin: '', names: [] };

/** The host of the emulator's own URL; nobody can connect to an address that stands for all. */
function formatHost(host: string, [name]: readonly string[]): string {
  const loopback = host === '::' ? '::1' : '127.0.0.1';
  const reachable = isWildcardHost(host) ? (name ?? loopback) : host;
  return reachable.includes(':') ? `[${reachable}]` : reachable;
}
