// Everything that an emulator forgets at a reset: registrations, sessions, credentials, faults, knobs, and the record of requests.
import type { Clock } from '../core/clock.ts';
import { createAuthorizeRoutes } from './aws/authorize.ts';
import { createFederationRoutes } from './aws/federation.ts';
import { createOidcRoutes } from './aws/oidc.ts';
import { createPortalRoutes } from './aws/portal.ts';
import { createStsRoutes } from './aws/sts.ts';
import { createFaultInjector } from './control/fault-injector.ts';
import type { Directory } from './directory/directory.ts';
import type { Route } from './http/http.ts';
import { createNonces } from './http/nonces.ts';
import type { RandomBytes } from './http/random.ts';
import { createRequestLog } from './http/request-log.ts';
import { createThrottle } from './http/throttle.ts';
import { createConsoleRoutes } from './pages/console-page.ts';
import { createDevicePageRoutes } from './pages/device-page.ts';
import { createStyleRoutes } from './pages/page-style.ts';
import { createShortcutRoutes } from './pages/shortcut.ts';
import { createStartPageRoutes } from './pages/start-page.ts';
import { createAuthorizationCodes } from './sessions/authorization-codes.ts';
import { createConsoleSessions } from './sessions/console-sessions.ts';
import { createDeviceAuthorizations } from './sessions/device-authorizations.ts';
import { createKnobStore } from './sessions/knobs.ts';
import { createRegistrations } from './sessions/registrations.ts';
import { createRoleCredentialsIssuer } from './sessions/role-credentials.ts';
import { createSessions } from './sessions/sessions.ts';

export interface WorldDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly directory: Directory;
  /** The emulator's address; empty while it does not listen. */
  readonly origin: () => string;
  /** The variables that point AWS clients here. */
  readonly environment: () => Readonly<Record<string, string>>;
}

export type World = ReturnType<typeof createWorld>;

/** New state, with the AWS operations and the pages that work on it. `pages` have no guard yet. */
export function createWorld({ clock, random, directory, origin, environment }: WorldDeps) {
  const knobs = createKnobStore();
  const shared = { clock, random, knobs, directory };
  const registrations = createRegistrations(shared);
  const deviceAuthorizations = createDeviceAuthorizations(shared);
  const authorizationCodes = createAuthorizationCodes(shared);
  const sessions = createSessions(shared);
  const roleCredentials = createRoleCredentialsIssuer(shared);
  const consoleSessions = createConsoleSessions(shared);
  const nonces = createNonces(shared);
  const signIn = { directory, knobs, registrations, authorizationCodes };
  const operations: readonly Route[] = [
    ...createOidcRoutes({ ...signIn, deviceAuthorizations, sessions, origin }),
    ...createPortalRoutes({ directory, knobs, sessions, roleCredentials, throttle: createThrottle(clock) }),
    ...createStsRoutes({ directory, roleCredentials, random }),
  ];
  const pages: readonly Route[] = [
    ...createAuthorizeRoutes({ ...signIn, nonces }),
    ...createDevicePageRoutes({ directory, deviceAuthorizations, nonces }),
    ...createStartPageRoutes({ directory, roleCredentials, nonces, environment }),
    ...createShortcutRoutes({ directory, knobs, roleCredentials, consoleSessions, nonces }),
    ...createFederationRoutes({ roleCredentials, consoleSessions }),
    ...createConsoleRoutes({ directory, consoleSessions }),
    ...createStyleRoutes(),
  ];
  return {
    knobs,
    registrations,
    deviceAuthorizations,
    authorizationCodes,
    sessions,
    faults: createFaultInjector(clock),
    log: createRequestLog(),
    operations,
    pages,
  };
}
