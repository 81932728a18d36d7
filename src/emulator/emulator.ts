// The in-memory IAM Identity Center: composes its parts, for in-process use in tests and over HTTP.
import { setMaxListeners } from 'node:events';
import { type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSystemClock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { ignoreConnectionErrors } from '../platform/sockets/connection-errors.ts';
import { type ListenAddress, guardControl, guardPages } from './control/caller-guard.ts';
import { createAuthorizationCodes } from './sessions/authorization-codes.ts';
import { createAuthorizeRoutes } from './aws/authorize.ts';
import { createConsoleRoutes } from './pages/console-page.ts';
import { createConsoleSessions } from './sessions/console-sessions.ts';
import { createControlAccess } from './control/control-access.ts';
import { createControlRoutes } from './control/control.ts';
import { createDefaultDirectory } from './directory/default-directory.ts';
import { createDeviceAuthorizations } from './sessions/device-authorizations.ts';
import { createDevicePageRoutes } from './pages/device-page.ts';
import { createDirectory } from './directory/directory.ts';
import type { Emulator, EmulatorOptions } from './control/emulator-interface.ts';
import { createFaultInjector } from './control/fault-injector.ts';
import { createFederationRoutes } from './aws/federation.ts';
import { type Knobs, createKnobStore, parseKnobs } from './sessions/knobs.ts';
import { createListener } from './listener.ts';
import { createNonces } from './http/nonces.ts';
import { createOidcRoutes } from './aws/oidc.ts';
import { createStyleRoutes } from './pages/page-style.ts';
import { createPortalRoutes } from './aws/portal.ts';
import { systemRandom } from './http/random.ts';
import { createRegistrations } from './sessions/registrations.ts';
import { createRequestLog } from './http/request-log.ts';
import { createRoleCredentialsIssuer } from './sessions/role-credentials.ts';
import { createSessions } from './sessions/sessions.ts';
import { endpointEnvironment } from './pages/shell-lines.ts';
import { createShortcutRoutes } from './pages/shortcut.ts';
import { createStartPageRoutes } from './pages/start-page.ts';
import { createStsRoutes } from './aws/sts.ts';
import { createThrottle } from './http/throttle.ts';

export type { Emulator, EmulatorOptions };

/** @throws UsageError invalid-request: the directory or a knob is wrong */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const {
    directory: document,
    clock = createSystemClock(),
    random = systemRandom,
    userId = process.getuid?.(),
    ...knobOptions
  } = options;
  const directory = createDirectory(document ?? createDefaultDirectory());
  const knobs = createKnobStore();
  const shared = { clock, random, knobs, directory };
  const registrations = createRegistrations(shared);
  const deviceAuthorizations = createDeviceAuthorizations(shared);
  const authorizationCodes = createAuthorizationCodes(shared);
  const sessions = createSessions(shared);
  const roleCredentials = createRoleCredentialsIssuer(shared);
  const consoleSessions = createConsoleSessions(shared);
  const faults = createFaultInjector(clock);
  const log = createRequestLog();
  const nonces = createNonces(shared);
  const controlAccess = createControlAccess({ random, ...(userId === undefined ? {} : { userId }) });
  let address: ListenAddress = NOWHERE;
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
    knobs.turn(changes);
  };
  turnKnobs(knobOptions);

  const emulator: Emulator = {
    async listen(port = 0, host = '127.0.0.1', tls) {
      if (server !== undefined) {
        throw new UsageError('invalid-request', `The emulator is already listening on ${address.origin}.`);
      }
      closing = new AbortController();
      // Every delayed answer adds a listener, and many at once are normal here.
      setMaxListeners(0, closing.signal);
      const listener = createListener({ routes, clock, random, faults, log, signal: closing.signal });
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
      const url = `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`;
      address = { host, port: bound, origin: url };
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
    environment: () => endpointEnvironment(address.origin),
    controlToken: controlAccess.token,

    directory,
    get knobs() {
      return knobs.current;
    },
    turnKnobs,

    addFault: (fault) => faults.add(fault),
    faults: () => faults.list(),
    clearFaults: () => faults.clear(),

    pendingDeviceAuthorizations: () => deviceAuthorizations.pending(),
    approve: (userCode, userName) => deviceAuthorizations.approve(userCode, userName),
    deny: (userCode) => deviceAuthorizations.deny(userCode),
    pendingAuthorizations: () => authorizationCodes.pending(),
    approveAuthorization: (requestId, userName) => authorizationCodes.approve(requestId, userName),
    denyAuthorization: (requestId, error) => authorizationCodes.deny(requestId, error),

    revokeSessions: (userName) => sessions.revoke(userName),
    expireAccessTokens: (userName) => sessions.expireAccessTokens(userName),
    killRefreshTokens: (userName) => sessions.killRefreshTokens(userName),
    expireRegistrations: () => registrations.expireAll(),

    calls: () => log.counts(),
    countCalls: (operation, detail) => log.count(operation, detail),
    requests: () => log.requests(),
    resetCalls: () => log.reset(),
  };

  const origin = () => address.origin;
  const routes = [
    ...createOidcRoutes({
      directory,
      knobs,
      registrations,
      deviceAuthorizations,
      authorizationCodes,
      sessions,
      origin,
    }),
    ...createPortalRoutes({ directory, knobs, sessions, roleCredentials, throttle: createThrottle(clock) }),
    ...createStsRoutes({ directory, roleCredentials, random }),
    ...guardPages(
      [
        ...createAuthorizeRoutes({ directory, knobs, registrations, authorizationCodes, nonces }),
        ...createDevicePageRoutes({ directory, deviceAuthorizations, nonces }),
        ...createStartPageRoutes({ directory, roleCredentials, nonces, origin }),
        ...createShortcutRoutes({ directory, knobs, roleCredentials, consoleSessions, nonces }),
        ...createFederationRoutes({ roleCredentials, consoleSessions }),
        ...createConsoleRoutes({ directory, consoleSessions }),
        ...createStyleRoutes(),
      ],
      () => address,
    ),
    ...guardControl(createControlRoutes(emulator), () => address, controlAccess),
  ];
  return emulator;
}

const NOWHERE: Readonly<ListenAddress> = { host: '', port: 0, origin: '' };
