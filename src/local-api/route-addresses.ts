// Method and path of every route, without their schemas: clients need nothing else, and load this file at each start.

export interface RouteAddress {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:name` stands for a parameter. */
  readonly path: string;
}

export const ROUTE_ADDRESSES = {
  status: { method: 'GET', path: '/v1/status' },
  openapi: { method: 'GET', path: '/v1/openapi.json' },
  accounts: { method: 'GET', path: '/v1/accounts' },
  roles: { method: 'GET', path: '/v1/roles' },
  credentials: { method: 'GET', path: '/v1/credentials' },
  currentCredentials: { method: 'GET', path: '/v1/credentials/current' },
  startSignIn: { method: 'POST', path: '/v1/sessions/:session/sign-in' },
  signIn: { method: 'GET', path: '/v1/sessions/:session/sign-in' },
  cancelSignIn: { method: 'DELETE', path: '/v1/sessions/:session/sign-in' },
  retrySecretStore: { method: 'POST', path: '/v1/secret-store/retry' },
  signOut: { method: 'POST', path: '/v1/sessions/:session/sign-out' },
  checkUser: { method: 'POST', path: '/v1/sessions/:session/user' },
  current: { method: 'GET', path: '/v1/current' },
  setCurrent: { method: 'PUT', path: '/v1/current' },
  events: { method: 'GET', path: '/v1/events' },
  profiles: { method: 'GET', path: '/v1/profiles' },
  syncProfiles: { method: 'POST', path: '/v1/profiles/sync' },
  profile: { method: 'GET', path: '/v1/profile' },
  writeProfile: { method: 'POST', path: '/v1/profile' },
  console: { method: 'POST', path: '/v1/console' },
  webCode: { method: 'POST', path: '/v1/web-code' },
  webToken: { method: 'POST', path: '/v1/web-token' },
  createGrant: { method: 'POST', path: '/v1/grants' },
  grants: { method: 'GET', path: '/v1/grants' },
  grant: { method: 'GET', path: '/v1/grants/:id' },
  revokeGrant: { method: 'DELETE', path: '/v1/grants/:id' },
  containerCredentials: { method: 'GET', path: '/container/:grant' },
  adoptProfiles: { method: 'POST', path: '/v1/profiles/adopt' },
  startUrl: { method: 'GET', path: '/v1/start-url' },
  setup: { method: 'POST', path: '/v1/setup' },
  team: { method: 'POST', path: '/v1/team' },
  reach: { method: 'GET', path: '/v1/reach' },
  stop: { method: 'POST', path: '/v1/daemon/stop' },
} as const satisfies Record<string, RouteAddress>;
