// Starts emulators for tests and sends them real HTTP requests on loopback.
import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { onTestFinished } from 'vitest';
import { type Emulator, type EmulatorOptions, createEmulator } from '../../src/emulator/emulator.ts';
import { type FakeClock, createFakeClock } from '../helpers/fake-clock.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; an empty object if it is not JSON. */
  readonly json: Record<string, unknown>;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One request, with exactly these headers (fetch would not let a test choose Host or Origin). */
export function call(url: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false, timeout: 30_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = text.startsWith('{');
        let json: Record<string, unknown> = {};
        try {
          if (isJson) json = JSON.parse(text) as Record<string, unknown>;
        } catch {
          // A truncated answer is left for the test to inspect.
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url} in 30 s`)));
    request.on('error', reject);
    request.end(body);
  });
}

export interface Started {
  readonly emulator: Emulator;
  readonly clock: FakeClock;
  readonly url: string;
  post(path: string, body: unknown): Promise<Answer>;
  /** A portal call with a bearer token. */
  portal(path: string, accessToken: string, method?: string): Promise<Answer>;
  /** Submits a form of a page. */
  submit(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  page(path: string): Promise<Answer>;
}

/** A running emulator with a fake clock; closed when the test ends. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Started> {
  const clock = createFakeClock();
  const emulator = createEmulator({ clock, ...options });
  const { url } = await emulator.listen();
  onTestFinished(() => emulator.close());
  return {
    emulator,
    clock,
    url,
    post: (path, body) =>
      call(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    portal: (path, accessToken, method = 'GET') =>
      call(url + path, { method, headers: { 'x-amz-sso_bearer_token': accessToken } }),
    submit: (path, form, headers = {}) =>
      call(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(form).toString(),
      }),
    page: (path) => call(url + path),
  };
}

export const START_URL = 'https://d-1234567890.awsapps.com/start';
export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

export async function registerClient(started: Started, extra: Record<string, unknown> = {}): Promise<Client> {
  const answer = await started.post('/client/register', {
    clientName: 'rolecall-test',
    clientType: 'public',
    scopes: ['sso:account:access'],
    ...extra,
  });
  return { clientId: String(answer.json['clientId']), clientSecret: String(answer.json['clientSecret']) };
}

export interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
}

export async function startDevice(started: Started, client: Client): Promise<DeviceCode> {
  const answer = await started.post('/device_authorization', { ...client, startUrl: START_URL });
  return answer.json as unknown as DeviceCode;
}

export function pollToken(started: Started, client: Client, deviceCode: string): Promise<Answer> {
  return started.post('/token', { ...client, grantType: DEVICE_CODE_GRANT, deviceCode });
}

export function refreshToken(started: Started, client: Client, token: string): Promise<Answer> {
  return started.post('/token', { ...client, grantType: 'refresh_token', refreshToken: token });
}

export interface SignedIn {
  readonly client: Client;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** The whole device flow, approved by `userName`. */
export async function signIn(
  started: Started,
  userName = 'taylor',
  registration: Record<string, unknown> = {},
): Promise<SignedIn> {
  const client = await registerClient(started, registration);
  const { deviceCode, userCode } = await startDevice(started, client);
  started.emulator.approve(userCode, userName);
  const { json } = await pollToken(started, client, deviceCode);
  return {
    client,
    accessToken: String(json['accessToken']),
    refreshToken: String(json['refreshToken']),
  };
}

export const CALLBACK = 'http://127.0.0.1:41234/oauth/callback';
export const CODE_VERIFIER = 'a-verifier.of~43_characters-at.the~least_0123';
export const CODE_CHALLENGE = createHash('sha256').update(CODE_VERIFIER).digest('base64url');

/** What a client registers to sign in by authorization code. */
export const CODE_CLIENT = {
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: ['http://127.0.0.1/oauth/callback'],
  issuerUrl: START_URL,
};

/** What the client's browser opens; undefined leaves a parameter out. */
export function authorizePath({ clientId }: Client, changes: Record<string, string | undefined> = {}): string {
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    state: 'a state',
    code_challenge_method: 'S256',
    code_challenge: CODE_CHALLENGE,
    scopes: 'sso:account:access',
    ...changes,
  };
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `/authorize?${new URLSearchParams(given).toString()}`;
}

/** The code of the redirect to a client; empty if there is none. */
export function codeOf(location: unknown): string {
  return new URL(String(location)).searchParams.get('code') ?? '';
}

export function redeemCode(started: Started, client: Client, code: string, changes: Record<string, unknown> = {}) {
  const body = { ...client, grantType: 'authorization_code', code, redirectUri: CALLBACK };
  return started.post('/token', { ...body, codeVerifier: CODE_VERIFIER, ...changes });
}

/** An OIDC error as it must be on the wire. */
export function oidcErrorShape(answer: Answer) {
  return { status: answer.status, type: answer.headers['x-amzn-errortype'], body: answer.json };
}

export function oidcError(status: number, exception: string, error: string, description: string) {
  return {
    status,
    type: `${exception}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`,
    body: { error, error_description: description },
  };
}

export function portalErrorShape(answer: Answer) {
  return { status: answer.status, type: answer.headers['x-amzn-errortype'], body: answer.json };
}

export function portalError(status: number, exception: string, message: string) {
  return {
    status,
    type: exception,
    body: { message, __type: `com.amazonaws.switchboard.portal#${exception}` },
  };
}
