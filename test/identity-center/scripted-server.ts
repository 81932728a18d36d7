// An HTTP server that answers as a test says, and builders for the arguments of every call.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ClientRegistration, Role, SsoSession } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import {
  createIdentityCenter,
  type ClosableIdentityCenter,
  type IdentityCenterDeps,
} from '../../src/identity-center/identity-center.ts';
import { IdentityCenterFault } from '../../src/sso/ports.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  readonly connectionCount: () => number;
  /** The answer to every request from now on; an object becomes JSON. */
  answer(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  answerWith(write: (response: ServerResponse) => void): void;
  close(): Promise<void>;
}

export async function startScriptedServer(tls?: { key: string; cert: string }): Promise<ScriptedServer> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let write: (response: ServerResponse) => void = (response) => response.writeHead(500).end();
  const server = (tls === undefined ? createServer() : createTlsServer(tls)).on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      });
      write(response);
    });
  });
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    port,
    requests,
    connectionCount: () => connections,
    answer(status, body, headers = {}) {
      write = (response) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      };
    },
    answerWith(writer) {
      write = writer;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export const SESSION: SsoSession = {
  sessionName: 'my-sso-session',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: ['sso:account:access'],
};

/** Secrets whose text must be in no message, wherever it comes from. */
export const CANARIES = {
  accessToken: 'canary-access-token',
  refreshToken: 'canary-refresh-token',
  deviceCode: 'canary-device-code',
  code: 'canary-authorization-code',
  codeVerifier: 'canary-code-verifier',
  clientSecret: 'canary-client-secret',
} as const;

export const REGISTRATION: ClientRegistration = {
  clientId: 'client-1',
  clientSecret: new Secret(CANARIES.clientSecret),
  expiresAtMs: 1_900_000_000_000,
};

export const ROLE: Role = {
  sessionName: SESSION.sessionName,
  accountId: '111111111111',
  permissionSet: 'Admin-AF-Permission-Set',
};

/** An adapter whose two endpoints are `url` and that goes there directly. */
export function createAt(url: string, deps: Partial<IdentityCenterDeps> = {}): ClosableIdentityCenter {
  return createIdentityCenter({ endpointsOf: () => ({ ssoOidc: url, sso: url }), proxyForUrl: () => '', ...deps });
}

/** One call of each operation, by the name that AWS has for it (and the grant, for CreateToken). */
export const CALLS = {
  RegisterClient: (identityCenter: ClosableIdentityCenter) => identityCenter.registerClient(SESSION),
  'RegisterClient authorization_code': (identityCenter: ClosableIdentityCenter) =>
    identityCenter.registerClient(SESSION, 'pkce'),
  StartDeviceAuthorization: (identityCenter: ClosableIdentityCenter) =>
    identityCenter.startDeviceAuthorization(SESSION, REGISTRATION),
  'CreateToken device_code': (identityCenter: ClosableIdentityCenter) =>
    identityCenter.createTokenByDeviceCode(SESSION, REGISTRATION, new Secret(CANARIES.deviceCode)),
  'CreateToken authorization_code': (identityCenter: ClosableIdentityCenter) =>
    identityCenter.createTokenByAuthorizationCode(SESSION, REGISTRATION, {
      code: new Secret(CANARIES.code),
      codeVerifier: new Secret(CANARIES.codeVerifier),
      redirectUri: 'http://127.0.0.1:4711/oauth/callback',
    }),
  'CreateToken refresh_token': (identityCenter: ClosableIdentityCenter) =>
    identityCenter.createTokenByRefreshToken(SESSION, REGISTRATION, new Secret(CANARIES.refreshToken)),
  ListAccounts: (identityCenter: ClosableIdentityCenter) =>
    identityCenter.listAccounts(SESSION, new Secret(CANARIES.accessToken)),
  ListAccountRoles: (identityCenter: ClosableIdentityCenter) =>
    identityCenter.listAccountRoles(SESSION, new Secret(CANARIES.accessToken), ROLE.accountId),
  GetRoleCredentials: (identityCenter: ClosableIdentityCenter) =>
    identityCenter.getRoleCredentials(SESSION, new Secret(CANARIES.accessToken), ROLE),
  Logout: (identityCenter: ClosableIdentityCenter) => identityCenter.logout(SESSION, new Secret(CANARIES.accessToken)),
} as const satisfies Record<string, (identityCenter: ClosableIdentityCenter) => Promise<unknown>>;

export type CallName = keyof typeof CALLS;

/** The fault that a call ends in; anything else fails the test. */
export async function faultOf(call: Promise<unknown>): Promise<IdentityCenterFault> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (thrown: unknown) => thrown,
  );
  if (outcome instanceof IdentityCenterFault) return outcome;
  throw new Error('expected an IdentityCenterFault', { cause: outcome });
}
