// The answers of the routes: they match the schemas, are complete, and contain no token.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createConnectionRules } from '../../src/daemon/http/connection-rules.ts';
import { describeOpenApi } from '../../src/daemon/http/openapi.ts';
import { createEtags } from '../../src/daemon/http/etags.ts';
import { createSurface, type Handlers } from '../../src/daemon/http/surface.ts';
import { routes, type Route, type RouteName, type SurfaceName } from '../../src/local-api/routes.ts';
import { loadVersion } from '../../src/local-api/version.ts';
import { createFileStore } from '../../src/secret-store/file.ts';
import { registrationSecretName, sessionSecretName } from '../../src/sso/issuer.ts';
import { askServer } from '../helpers/ask-server.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { CONFIG, createRig, createSignedInRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { exchange, formatRequest, type RawAnswer } from './raw-http.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

async function openSignedInRig(options?: RigOptions): Promise<Rig> {
  rig = await createSignedInRig(options);
  return rig;
}

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
const PROTECTED = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' } as const;
const CREDENTIALS_QUERY = { session: SESSION, account: ROLE.accountId, role: ROLE.permissionSet } as const;

interface Surface {
  readonly name: 'socket' | 'web';
  ask(method: string, target: string, body?: unknown): Promise<RawAnswer>;
}

function surfacesOf(its: Rig): readonly Surface[] {
  const { port, token } = JSON.parse(readFileSync(its.paths.webAddressFile, 'utf8')) as { port: number; token: string };
  const build = (name: Surface['name']): Surface => ({
    name,
    ask(method, target, body) {
      const text = body === undefined ? '' : JSON.stringify(body);
      return exchange(
        name === 'socket' ? { path: its.paths.socketPath } : { host: '127.0.0.1', port },
        formatRequest({
          method,
          target,
          body: text,
          headers: [
            ['Host', name === 'socket' ? 'localhost' : `localhost:${port}`],
            ...(name === 'socket' ? [] : ([['Authorization', `Bearer ${token}`]] as const)),
            ...(body === undefined ? [] : ([['Content-Type', 'application/json']] as const)),
            ['Content-Length', String(text.length)],
          ],
        }),
      );
    },
  });
  return [build('socket'), build('web')];
}

const TEAM_FILE = fileURLToPath(new URL('../fixtures/team.toml', import.meta.url));

/** A successful request for each route after a sign-in; the order matters. */
const WALK: readonly (readonly [route: RouteName, target: string, body?: unknown])[] = [
  ['status', '/v1/status'],
  ['retrySecretStore', '/v1/secret-store/retry'],
  ['openapi', '/v1/openapi.json'],
  ['accounts', '/v1/accounts'],
  ['accounts', `/v1/accounts?session=${SESSION}&refresh=true`],
  ['roles', '/v1/roles'],
  ['roles', `/v1/roles?session=${SESSION}`],
  ['credentials', `/v1/credentials?${new URLSearchParams(CREDENTIALS_QUERY).toString()}`],
  ['signIn', `/v1/sessions/${SESSION}/sign-in`],
  ['startSignIn', `/v1/sessions/${SESSION}/sign-in`, {}],
  ['startSignIn', `/v1/sessions/${SESSION}/sign-in`, { force: true }],
  ['signIn', `/v1/sessions/${SESSION}/sign-in`],
  ['cancelSignIn', `/v1/sessions/${SESSION}/sign-in`],
  ['signIn', `/v1/sessions/${SESSION}/sign-in`],
  ['setCurrent', '/v1/current', { ...ROLE, profile: 'taylor.Admin-AF-Permission-Set' }],
  ['current', '/v1/current'],
  ['currentCredentials', '/v1/credentials/current'],
  ['profiles', '/v1/profiles'],
  ['syncProfiles', '/v1/profiles/sync'],
  ['profile', '/v1/profile?name=taylor.Admin-AF-Permission-Set'],
  ['writeProfile', '/v1/profile', { name: 'taylor.Admin-AF-Permission-Set' }],
  ['profile', '/v1/profile?name=current'],
  ['console', '/v1/console', ROLE],
  ['reach', '/v1/reach'],
  ['adoptProfiles', '/v1/profiles/adopt', { dryRun: true }],
  ['startUrl', '/v1/start-url?text=https%3A%2F%2Fssoins-1.portal.eu-west-1.app.aws'],
  ['foundSessions', '/v1/found-sessions'],
  ['setup', '/v1/setup', { session: { name: 'x', startUrl: 'd-1234567890', region: 'us-east-1' }, dryRun: true }],
  ['team', '/v1/team', { source: TEAM_FILE, dryRun: true }],
  ['webCode', '/v1/web-code'],
  ['askApproval', '/v1/approvals', ROLE],
  ['askApproval', '/v1/approvals', PROTECTED],
  ['approvals', '/v1/approvals'],
  ['approval', '/v1/approvals/{id}'],
  ['status', '/v1/status'],
  ['refuseApproval', '/v1/approvals/{id}/refuse'],
  ['approveOnTerminal', '/v1/approvals/{id}/terminal', { terminal: '/dev/pts/0', processId: 1 }],
  ['passkeys', '/v1/passkeys'],
  ['passkeyPage', '/v1/passkey-page'],
  ['addPasskey', '/v1/passkeys', { label: 'blue key' }],
  ['createGrant', '/v1/grants', ROLE],
  ['createGrant', '/v1/grants', { current: true, processId: process.pid }],
  ['grants', '/v1/grants'],
  ['grant', '/v1/grants/{id}'],
  ['revokeGrant', '/v1/grants/{id}'],
  ['lock', '/v1/lock'],
  ['unlock', '/v1/unlock'],
  ['setCurrent', '/v1/current', null],
  ['current', '/v1/current'],
  ['status', '/v1/status'],
  ['checkUser', `/v1/sessions/${SESSION}/user`, {}],
  ['takeRenewal', `/v1/sessions/${SESSION}/renewal`],
  ['signOut', `/v1/sessions/${SESSION}/sign-out`],
];

/** 405 where the path has another method. */
function statusElsewhere({ path }: Route, surface: Surface['name']): number {
  const offered = Object.values<Route>(routes).filter(({ surfaces }) => surfaces.includes(surface));
  return offered.some((route) => route.path === path) ? 405 : 404;
}

/** A strict version of a schema: undescribed properties are not allowed. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => [key, closed(value)]);
  const copy = Object.fromEntries(entries);
  return 'properties' in copy && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}

function statusHere({ statusOfState, successStatus }: Route, body: string): number {
  if (statusOfState === undefined) return successStatus;
  return statusOfState[(JSON.parse(body) as { state: string }).state] ?? successStatus;
}

describe('every route', () => {
  test('answers exactly as described, and never with a token or client secret', async () => {
    const passphrase = 'correct horse battery staple';
    const its = await openSignedInRig({
      environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: passphrase },
      settings: '[[protect]]\naccount_id = "222222222222"\n',
    });
    const secrets = await readSecrets(its, passphrase);
    // At least an access token, a refresh token and a client secret.
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    const ajv = new Ajv({ allowUnionTypes: true, formats: { 'date-time': true } });
    const seen = new Set<string>();
    let id = 'none yet';
    for (const [name, target, body] of WALK) {
      const route: Route = routes[name];
      for (const surface of surfacesOf(its)) {
        const answer = await surface.ask(route.method, target.replace('{id}', id), body);
        const isOn = route.surfaces.includes(surface.name);
        expect.soft({ name, on: surface.name, status: answer.status }).toEqual({
          name,
          on: surface.name,
          status: isOn ? statusHere(route, answer.body) : statusElsewhere(route, surface.name),
        });
        expect({ name, secrets: secrets.filter((secret) => answer.text.includes(secret)) }).toEqual({
          name,
          secrets: [],
        });
        if (!isOn) continue;
        seen.add(name);
        if (route.answer === undefined) {
          expect(answer.body).toBe('');
          continue;
        }
        const document: unknown = JSON.parse(answer.body);
        if (name === 'createGrant' || name === 'askApproval') ({ id } = document as { id: string });
        const validate = ajv.compile(closed(route.answer) as object);
        expect({ name, isValid: validate(document), errors: validate.errors }).toEqual({
          name,
          isValid: true,
          errors: null,
        });
        if (surface.name === 'web') expect(/"(SecretAccessKey|SessionToken)": ?"|"ASIA/.test(answer.body)).toBe(false);
      }
    }
    // The rest is a stream, needs a passkey, takes a one-time code, has its own server, or stops the daemon.
    expect(Object.keys(routes).filter((name) => !seen.has(name))).toEqual([
      'events',
      'approvalChallenge',
      'approvalAssertion',
      'removePasskey',
      'passkeyOptions',
      'registerPasskey',
      'webToken',
      'containerCredentials',
      'stop',
    ]);
    expect(its.logLines.join('\n')).not.toMatch(/ASIA/);
    for (const secret of secrets) expect(its.logLines.join('\n')).not.toContain(secret);
  });

  /** Every long string in the daemon's secret store. */
  async function readSecrets(its: Rig, passphrase: string): Promise<string[]> {
    const session = {
      sessionName: SESSION,
      startUrl: 'https://d-1234567890.awsapps.com/start',
      region: 'us-east-1',
      registrationScopes: ['sso:account:access'],
    };
    const { url } = its.emulator;
    const endpoints = { ssoOidc: url, sso: url, sts: url };
    const store = createFileStore({
      path: join(its.paths.stateDirectory, 'secrets.json'),
      passphrase: new Secret(passphrase),
    });
    const found: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value === 'string' && value.length >= 16 && !value.includes('://')) found.push(value);
      if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) collect(inner);
    };
    for (const name of [sessionSecretName(session, endpoints), registrationSecretName(session, endpoints)]) {
      const secret = await store.load(name);
      collect(JSON.parse(secret?.reveal() ?? 'null'));
    }
    return found;
  }
});

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, object>>;
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly $ref?: string }[];
  readonly security?: readonly object[];
}

interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, Partial<Record<(typeof METHODS)[number], Operation>>>>;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;
/** Operations that are no rows of the table of routes. */
const UNLISTED: Partial<Record<SurfaceName, readonly string[]>> = {
  web: ['page'],
  container: ['grantSocketCredentials'],
};

describe('the OpenAPI document', () => {
  const documentOf = (surface: SurfaceName) => describeOpenApi(surface, '1.2.3') as unknown as OpenApiDocument;
  const operationsOf = ({ paths }: OpenApiDocument) =>
    Object.values(paths).flatMap((operations) => METHODS.flatMap((method) => operations[method] ?? []));
  const linesOf = ({ paths }: OpenApiDocument) =>
    Object.entries(paths).flatMap(([path, operations]) =>
      METHODS.filter((method) => operations[method] !== undefined).map(
        (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    );

  test.each(['socket', 'web'] as const)('of %s has exactly the routes that are registered there', async (surface) => {
    const registered: string[] = [];
    const { server } = createSurface({
      surface,
      guard: () => undefined,
      handlers: {} as Handlers,
      loadRoutes: async () => routes,
      etags: createEtags('test'),
      connectionRules: createConnectionRules({ userId: 0, descriptorLimit: 1024 })[surface],
      clock: createFakeClock(),
      log: () => undefined,
    });
    const described = linesOf(documentOf(surface)).filter((line) => line !== 'GET /');
    // Every method of a known path is handled: undescribed ones answer 405.
    const paths = new Set(described.map((line) => line.split(' ')[1] ?? ''));
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
        const answer = await askServer(server, { method, url: path.replace(/:[a-z]+/, 'x') });
        if (answer.status !== 405) registered.push(`${method} ${path}`);
      }
    }
    expect(registered.toSorted()).toEqual(described.toSorted());
  });

  test('of the container surface has its one route, over the port and over the socket of a grant', () => {
    // test/daemon/container-guards.test.ts shows that every other method and path is refused.
    expect(linesOf(documentOf('container'))).toEqual(['GET /container/:grant', 'GET /role']);
  });

  test.each(['socket', 'web', 'container'] as const)(
    'of %s names each operation once, with its answer and the error',
    (surface) => {
      const { openapi, info } = documentOf(surface);
      expect({ openapi, info }).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
      const operations = operationsOf(documentOf(surface));
      const there = Object.entries(routes).filter(([, route]) => (route as Route).surfaces.includes(surface));
      expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
        [...there.map(([name]) => name), ...(UNLISTED[surface] ?? [])].toSorted(),
      );
      for (const { operationId, responses } of operations) {
        if (operationId === 'page') continue;
        const statuses = Object.keys(responses);
        expect({ operationId, statuses }).toMatchObject({
          statuses: expect.arrayContaining(['400', '403', '405', '413', '500', '503']),
        });
        expect({ operationId, answers: statuses.some((status) => status < '300') }).toEqual({
          operationId,
          answers: true,
        });
      }
    },
  );

  test('wants the token on the web but for the page and the exchange of its code, the token of a grant on the container surface, and nothing on the socket', () => {
    const open = (surface: SurfaceName) =>
      operationsOf(documentOf(surface))
        .filter(({ security }) => security?.length === 0)
        .map(({ operationId }) => operationId);
    const found = (['socket', 'web', 'container'] as const).map((surface) => [
      documentOf(surface).security,
      open(surface).toSorted(),
    ]);
    expect(found).toEqual([
      [[], []],
      [[{ webToken: [] }], ['page', 'webToken']],
      [[{ grantToken: [] }], []],
    ]);
  });

  test('has the parameters of query and path, and no route for credentials on the web', () => {
    const { paths } = documentOf('socket');
    expect(paths['/v1/credentials']?.get?.parameters?.map(({ name, $ref }) => name ?? $ref)).toEqual([
      'session',
      'account',
      'role',
      'Prefer',
      '#/components/parameters/ClientVersion',
      '#/components/parameters/ClientProcess',
      '#/components/parameters/ClientTerminal',
    ]);
    expect(paths['/v1/sessions/{session}/sign-in']?.post?.parameters?.[0]).toMatchObject({
      name: 'session',
      in: 'path',
      required: true,
    });
    expect(Object.keys(documentOf('web').paths).filter((path) => path.includes('credentials'))).toEqual([]);
  });

  test('is served by each surface unchanged', async () => {
    rig = await createRig();
    const served = await Promise.all(
      surfacesOf(rig).map(async ({ name, ask }) => [
        name,
        JSON.parse((await ask('GET', '/v1/openapi.json')).body) as unknown,
      ]),
    );
    const expected = (['socket', 'web'] as const).map((name) => [name, describeOpenApi(name, loadVersion())]);
    expect(served).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  test('is not sent again to a client that has it', async () => {
    rig = await createRig();
    const { socketPath } = rig.paths;
    const ask = (headers: readonly (readonly [string, string])[]) =>
      exchange(
        { path: socketPath },
        formatRequest({ method: 'GET', target: '/v1/openapi.json', headers: [['Host', 'localhost'], ...headers] }),
      );
    const { headers } = await ask([]);
    const again = await ask([['If-None-Match', String(headers['etag'])]]);
    expect({ status: again.status, body: again.body }).toEqual({ status: 304, body: '' });
  });
});

describe('an internal error', () => {
  test('is answered without details, which are in the log', async () => {
    const lines: string[] = [];
    const { server } = createSurface({
      surface: 'socket',
      guard: () => undefined,
      handlers: {
        status: () => Promise.reject(new Error('secret detail')),
        // oxlint-disable-next-line prefer-promise-reject-errors -- what a library may do
        current: () => Promise.reject('no error at all'),
      } as unknown as Handlers,
      loadRoutes: async () => routes,
      etags: createEtags('test'),
      connectionRules: createConnectionRules({ userId: 0, descriptorLimit: 1024 }).socket,
      clock: createFakeClock(),
      log: (level, message) => void lines.push(`${level} ${message}`),
    });
    for (const url of ['/v1/status', '/v1/current']) {
      const answer = await askServer(server, { url });
      expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
        status: 500,
        body: {
          code: 'internal',
          message: 'Something went wrong inside rolecall.',
          hint: 'rolecall daemon restart',
        },
      });
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    }
    expect(lines[0]).toMatch(/^error GET \/v1\/status: Error: secret detail\n\s+at /);
    expect(lines[1]).toBe('error GET /v1/current: no error at all');
  });
});

const CLOSED_CIRCUITS = [
  { service: 'oidc', circuit: 'closed' },
  { service: 'portal', circuit: 'closed' },
];

describe('/v1/status', () => {
  test('is complete before the first sign-in', async () => {
    rig = await createRig();
    const { url } = rig.emulator;
    expect(await rig.client.call('status', {})).toEqual({
      version: loadVersion(),
      processId: process.pid,
      pid: process.pid,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      store: { driver: 'memory', durable: false },
      endpoints: {
        ssoOidc: { url, source: 'environment' },
        sso: { url, source: 'environment' },
        sts: { url, source: 'environment' },
      },
      files: {
        settings: rig.paths.settingsFile,
        config: rig.configPath,
        log: rig.paths.logFile,
        audit: rig.paths.auditFile,
        socket: rig.paths.socketPath,
      },
      sessions: [
        {
          session: SESSION,
          startUrl: 'https://d-1234567890.awsapps.com/start',
          region: 'us-east-1',
          state: 'signed-out',
          flow: { setting: 'auto', flow: 'device', reason: 'no-display' },
          catalog: null,
          listing: null,
          waiting: 0,
          upstreams: CLOSED_CIRCUITS,
          roles: [],
          tokenFileProfiles: [],
        },
      ],
      current: null,
      lock: null,
      problems: [],
    });
  });

  test('shows the times of a live session, its list, and the profiles that need its token in a file', async () => {
    const its = await openSignedInRig({ settings: `[session.${SESSION}]\nsession_hours = 8\nflow = "device"\n` });
    const time = expect.stringMatching(/Z$/);
    const { sessions } = await its.client.call('status', {});
    expect(sessions).toEqual([
      {
        session: SESSION,
        startUrl: 'https://d-1234567890.awsapps.com/start',
        region: 'us-east-1',
        state: 'live',
        flow: { setting: 'device', flow: 'device', reason: 'setting' },
        onlyInMemory: true,
        signedInAt: time,
        tokenExpiresAt: time,
        sessionExpiresAt: time,
        sessionEndIs: 'configured',
        catalog: { asOf: time, complete: true, accounts: 4, permissionSets: 5 },
        listing: null,
        waiting: 0,
        upstreams: CLOSED_CIRCUITS,
        roles: [],
        tokenFileProfiles: ['account1'],
      },
    ]);
    const [session] = sessions;
    expect(Date.parse(session?.sessionExpiresAt ?? '') - Date.parse(session?.signedInAt ?? '')).toBe(8 * 3_600_000);
  });

  test('prefers endpoints from the settings to the environment and ignores AWS_ENDPOINT_URL', async () => {
    rig = await createRig({
      settings: '[endpoints]\nsso_oidc = "https://oidc.example"\n',
      environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_ENDPOINT_URL_STS: '' },
    });
    expect((await rig.client.call('status', {})).endpoints).toEqual({
      ssoOidc: { url: 'https://oidc.example', source: 'settings' },
      sso: { url: rig.emulator.url, source: 'environment' },
    });
  });

  test('lists a problem of several sessions once', async () => {
    const second = CONFIG.replaceAll(SESSION, 'second').replace('account1', 'account2');
    rig = await createRig({
      config: CONFIG + second,
      environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: '' },
    });
    const { problems, sessions, store } = await rig.client.call('status', {});
    expect({ store, sessions: sessions.map(({ session, state }) => [session, state]) }).toEqual({
      store: { driver: 'file', durable: true },
      sessions: [
        [SESSION, 'signed-out'],
        ['second', 'signed-out'],
      ],
    });
    expect(problems.length).toBeGreaterThan(0);
    expect(new Set(problems.map(({ message }) => message)).size).toBe(problems.length);
  });

  test('names file and line of a malformed config file, and usable sessions still work', async () => {
    const its = await openSignedInRig();
    writeFileSync(its.configPath, `${readFileSync(its.configPath, 'utf8')}\n[sso-session\nbroken\n`);
    const { problems, sessions } = await its.client.call('status', {});
    expect(sessions.map(({ session, state }) => [session, state])).toEqual([[SESSION, 'live']]);
    const line = readFileSync(its.configPath, 'utf8').split('\n').indexOf('[sso-session') + 1;
    expect(problems[0]).toEqual({
      code: 'config-malformed',
      message: expect.stringContaining(`${its.configPath}, line ${line}`),
      hint: `\${EDITOR:-vi} +${line} ${its.configPath}`,
    });
    expect(await its.client.call('credentials', { query: CREDENTIALS_QUERY })).toMatchObject({ Version: 1 });
    await expect(its.client.call('syncProfiles', {})).rejects.toMatchObject({ code: 'config-malformed' });
    await expect(its.client.call('profiles', {})).rejects.toMatchObject({ code: 'config-malformed' });
  });

  test('answers even if the config file and the file of the current role are folders', async () => {
    rig = await createRig({ environment: { AWS_CONFIG_FILE: '~' } });
    mkdirSync(join(rig.paths.stateDirectory, 'current.json'));
    const { current, problems, sessions } = await rig.client.call('status', {});
    expect({ current, sessions, codes: problems.map(({ code }) => code) }).toEqual({
      current: null,
      sessions: [],
      codes: ['file-not-writable', 'file-not-writable'],
    });
    await expect(rig.client.call('current', {})).rejects.toMatchObject({ code: 'file-not-writable' });
  });
});

describe('sessions of the config file', () => {
  test('no session is an error that names the file', async () => {
    rig = await createRig({ config: '' });
    await expect(rig.client.call('startSignIn', { session: 'work', body: {} })).rejects.toMatchObject({
      code: 'session-not-found',
      message: `There is no sso-session "work" in ${rig.configPath}.`,
    });
    expect(await rig.client.call('accounts', { query: { refresh: true } })).toEqual({
      asOf: null,
      complete: false,
      accounts: [],
    });
  });

  test('an unusable session is reported with the reason', async () => {
    rig = await createRig({ config: '[sso-session work]\nsso_region = us-east-1\n' });
    await expect(rig.client.call('signIn', { session: 'work' })).rejects.toMatchObject({
      code: 'config-malformed',
      message: expect.stringMatching(/config, line 1: \[sso-session work\] has no sso_start_url/),
    });
  });

  test('a removed session is not found, and is found again when it comes back', async () => {
    const its = await openSignedInRig();
    writeFileSync(its.configPath, '');
    await expect(its.client.call('credentials', { query: CREDENTIALS_QUERY })).rejects.toMatchObject({
      code: 'session-not-found',
    });
    writeFileSync(its.configPath, CONFIG);
    expect(await its.client.call('credentials', { query: CREDENTIALS_QUERY })).toMatchObject({ Version: 1 });
  });

  test('a session with spaces in its name can be selected by a stable id', async () => {
    const name = 'My "own" $(touch x) é';
    rig = await createRig({
      config: `[sso-session '${name}']\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = us-east-1\n`,
    });
    await expect(rig.client.call('signIn', { session: name })).resolves.toBeNull();
    const id = `id-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
    await expect(rig.client.call('signIn', { session: id })).resolves.toBeNull();
    await expect(rig.client.call('signIn', { session: name.toLowerCase() })).rejects.toMatchObject({
      code: 'session-not-found',
    });
  });
});

describe('/v1/accounts', () => {
  test('is empty before the first listing, and requires a sign-in for a refresh', async () => {
    rig = await createRig();
    expect(await rig.client.call('accounts', { query: {} })).toEqual({ asOf: null, complete: false, accounts: [] });
    await expect(rig.client.call('accounts', { query: { refresh: true } })).rejects.toMatchObject({
      code: 'sign-in-required',
    });
  });

  test('is still cached after a sign-out and a restart', async () => {
    const its = await openSignedInRig();
    const before = await its.client.call('accounts', { query: {} });
    expect(before).toMatchObject({ complete: true, asOf: expect.stringMatching(/Z$/) });
    expect(before.accounts.map(({ accountName, accountId }) => [accountName, accountId])).toEqual([
      ['Log Archive', '044444444444'],
      ['professional-af', '222222222222'],
      ['Shop Staging', '333333333333'],
      ['taylor', '111111111111'],
    ]);
    await its.client.call('signOut', { session: SESSION });
    expect(await its.client.call('accounts', { query: { session: SESSION } })).toEqual(before);
    await its.restartDaemon();
    expect(await its.client.call('accounts', { query: {} })).toEqual(before);
  });

  test('refreshes live sessions; a session without a sign-in does not make the list incomplete', async () => {
    const second = CONFIG.replaceAll(SESSION, 'second').replace('account1', 'account2');
    const its = await openSignedInRig({ config: CONFIG + second });
    its.emulator.directory.addAccount({ accountId: '555555555555', accountName: 'new' });
    its.emulator.directory.assign({ accountId: '555555555555', permissionSet: 'ReadOnly', user: 'taylor' });
    const listed = await its.client.call('accounts', { query: { refresh: true } });
    expect(listed.complete).toBe(true);
    expect(listed.accounts).toContainEqual({
      session: SESSION,
      accountId: '555555555555',
      accountName: 'new',
      emailAddress: null,
      permissionSets: ['ReadOnly'],
    });
    await expect(its.client.call('accounts', { query: { session: 'third' } })).rejects.toMatchObject({
      code: 'session-not-found',
      message: `There is no sso-session "third" in ${its.configPath}. Available: ${SESSION}, second.`,
    });
  });
});

describe('the current role', () => {
  const current = { ...ROLE, profile: 'taylor.Admin-AF-Permission-Set' };

  test('survives a restart, serves credentials, and is cleared by null', async () => {
    const its = await openSignedInRig();
    expect(await its.client.call('current', {})).toBeNull();
    await expect(its.client.call('currentCredentials', {})).rejects.toMatchObject({
      code: 'no-current-role',
      exitCode: 6,
    });
    expect(await its.client.call('setCurrent', { body: current })).toEqual(current);
    expect(await its.client.call('currentCredentials', {})).toMatchObject({ AccountId: ROLE.accountId });
    await its.restartDaemon();
    expect(await its.client.call('current', {})).toEqual(current);
    expect((await its.client.call('status', {})).current).toEqual({
      ...current,
      accountName: 'taylor',
      protected: false,
    });
    expect(await its.client.call('setCurrent', { body: null })).toBeNull();
    await its.restartDaemon();
    expect(await its.client.call('current', {})).toBeNull();
    expect(statSync(join(its.paths.stateDirectory, 'current.json')).mode & 0o777).toBe(0o600);
  });

  test('must be in the list, and may be any role while there is no list', async () => {
    rig = await createRig();
    const unknown = { ...ROLE, permissionSet: 'Nobody', profile: null };
    expect(await rig.client.call('setCurrent', { body: unknown })).toEqual(unknown);
    await rig.runCli(['login']);
    for (const body of [unknown, { ...unknown, accountId: '999999999999' }]) {
      await expect(rig.client.call('setCurrent', { body })).rejects.toMatchObject({
        code: 'account-not-found',
        message: `${body.permissionSet} in account ${body.accountId} of ${SESSION} is not assigned to you.`,
      });
    }
    await expect(rig.client.call('setCurrent', { body: { ...current, session: 'other' } })).rejects.toMatchObject({
      code: 'session-not-found',
    });
    expect(await rig.client.call('current', {})).toEqual(unknown);
  });

  test('is a problem when its session or its permission set is gone', async () => {
    const its = await openSignedInRig();
    await its.client.call('setCurrent', { body: current });
    const problems = async () => (await its.client.call('status', {})).problems;
    expect(await problems()).toEqual([]);
    const { accountId, permissionSet } = ROLE;
    its.emulator.directory.unassign({ accountId, permissionSet, group: 'ProfessionalAfAdmins' });
    await its.client.call('accounts', { query: { refresh: true } });
    expect(await problems()).toEqual([
      {
        code: 'current-role-gone',
        message: `The current role, ${permissionSet} in account ${accountId}, is no longer assigned to you.`,
        hint: 'rolecall ls',
        session: SESSION,
      },
    ]);
    writeFileSync(
      its.configPath,
      readFileSync(its.configPath, 'utf8').replace(`[sso-session ${SESSION}]`, '[sso-session x]'),
    );
    expect(await problems()).toEqual([
      {
        code: 'current-role-gone',
        message: `The current role belongs to the sso-session "${SESSION}", which is no longer in the config file.`,
        hint: 'rolecall ls',
      },
    ]);
    // An unreadable file says nothing about its content.
    rmSync(its.configPath);
    mkdirSync(its.configPath);
    expect(new Set((await problems()).map(({ code }) => code))).toEqual(new Set(['file-not-writable']));
  });

  test('is the last of many concurrent changes, in memory and on disk', async () => {
    const its = await openSignedInRig();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        its.client.call('setCurrent', { body: index % 2 === 0 ? current : null }),
      ),
    );
    const inMemory = await its.client.call('current', {});
    await its.restartDaemon();
    expect(await its.client.call('current', {})).toEqual(inMemory);
  });

  test.each(['', 'no JSON', '[]', '{}', '{"schemaVersion":0,"role":{}}', '{"schemaVersion":1,"role":{"session":1}}'])(
    'is none when its file holds %j',
    async (text) => {
      rig = await createRig();
      writeFileSync(join(rig.paths.stateDirectory, 'current.json'), text);
      await rig.restartDaemon();
      expect(await rig.client.call('current', {})).toBeNull();
      expect((await rig.client.call('status', {})).problems).toMatchObject([{ code: 'state-file-damaged' }]);
    },
  );
});

describe('/v1/profiles', () => {
  test('shows what a sync would do; a sync does it, and a second one changes nothing', async () => {
    const its = await openSignedInRig({ settings: '[profiles]\nsync = "manual"\n' });
    const plan = await its.client.call('profiles', {});
    expect(plan).toMatchObject({ configFile: its.configPath, written: false, removed: [], changed: [], skipped: [] });
    expect(plan.added).toHaveLength(5);
    expect(plan.diff).toContain('+[profile taylor.Admin-AF-Permission-Set]');
    expect(readFileSync(its.configPath, 'utf8')).toBe(CONFIG);
    expect(await its.client.call('syncProfiles', {})).toEqual({ ...plan, written: true });
    expect(await its.client.call('syncProfiles', {})).toMatchObject({ written: false, added: [], diff: '' });
  });

  test('skips names of hand-written profiles and names the line', async () => {
    const config = `${CONFIG}\n[profile taylor.Admin-AF-Permission-Set]\nregion = eu-west-1\n`;
    const its = await openSignedInRig({ config });
    const { skipped } = await its.client.call('profiles', {});
    expect(skipped).toEqual([
      { profileName: 'taylor.Admin-AF-Permission-Set', reason: 'you have your own profile of that name, on line 12.' },
    ]);
  });

  test('retries when an editor saves meanwhile, and keeps the editor’s changes', async () => {
    const its = await openSignedInRig({ settings: '[profiles]\nsync = "manual"\n' });
    const syncs = Promise.allSettled(Array.from({ length: 4 }, () => its.client.call('syncProfiles', {})));
    for (let edit = 0; edit < 20; edit += 1) {
      // Atomically: a file that was truncated but not yet written would look empty.
      writeFileSync(`${its.configPath}.new`, `${CONFIG}\n# edit ${edit}\n`);
      renameSync(`${its.configPath}.new`, its.configPath);
      await its.client.call('current', {});
    }
    for (const outcome of await syncs) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'config-changed-meanwhile' });
    }
    await its.client.call('syncProfiles', {});
    const text = readFileSync(its.configPath, 'utf8');
    expect(text).toContain('# edit 19\n');
    expect(text).toContain('[profile taylor.Admin-AF-Permission-Set]');
  });

  test('reports that a read-only config file cannot be written', async () => {
    const its = await openSignedInRig({ settings: '[profiles]\nsync = "manual"\n' });
    chmodSync(its.configPath, 0o400);
    await expect(its.client.call('syncProfiles', {})).rejects.toMatchObject({
      code: 'file-not-writable',
      message: `${its.configPath} cannot be written: the file is read-only.`,
    });
    chmodSync(its.configPath, 0o600);
    expect(readFileSync(its.configPath, 'utf8')).toBe(CONFIG);
  });

  test('keeps the name of a role that comes back', async () => {
    const its = await openSignedInRig({ settings: '[profiles]\nname = "{account_name}"\n' });
    const assignment = { accountId: '333333333333', permissionSet: 'ReadOnly', user: 'taylor' };
    its.emulator.directory.unassign(assignment);
    await its.client.call('accounts', { query: { refresh: true } });
    expect(await its.client.call('syncProfiles', {})).toMatchObject({ removed: ['Shop-Staging'] });
    its.emulator.directory.assign(assignment);
    await its.client.call('accounts', { query: { refresh: true } });
    await its.restartDaemon();
    expect(await its.client.call('syncProfiles', {})).toMatchObject({ added: ['Shop-Staging'] });
    // An invalid file of names is not an error.
    for (const text of ['no JSON', '{"schemaVersion":9}']) {
      writeFileSync(join(its.paths.stateDirectory, 'profile-names.json'), text);
      expect(await its.client.call('syncProfiles', {})).toMatchObject({ written: false });
    }
  });
});

describe('a sign-in', () => {
  test('lists accounts and syncs profiles, and its state shows the progress', async () => {
    const its = await openSignedInRig();
    const state = await its.client.call('signIn', { session: SESSION });
    expect(state).toMatchObject({
      state: 'approved',
      flow: 'device',
      flowReason: 'no-display',
      setup: {
        state: 'done',
        accountsListed: 4,
        accountsTotal: 4,
        permissionSets: 5,
        complete: true,
        removed: [],
        profiles: { configFile: its.configPath, total: 5, removed: [], changed: [] },
      },
    });
    expect(state?.openUri).toBe(state?.verificationUri);
    expect(its.logLines).toContain(`info ${SESSION}: 4 accounts listed, 5 profiles`);
  });

  test('of a live session refreshes the list without a code', async () => {
    const its = await openSignedInRig();
    its.emulator.resetCalls();
    expect(await its.client.call('startSignIn', { session: SESSION, body: {} })).toMatchObject({ state: 'live' });
    await waitFor('the list to be done', async () => {
      return (await its.client.call('signIn', { session: SESSION }))?.setup?.state === 'done';
    });
    expect(its.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
    expect(its.emulator.countCalls('ListAccountRoles')).toBe(4);
  });

  test('may be requested without a body', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const [socket] = surfacesOf(rig);
    const answer = await socket?.ask('POST', `/v1/sessions/${SESSION}/sign-in`);
    expect({ status: answer?.status, body: JSON.parse(answer?.body ?? '') as unknown }).toMatchObject({
      status: 202,
      body: { state: 'pending', userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) },
    });
    // A pending sign-in ends with the daemon.
    expect((await rig.client.call('status', {})).sessions[0]?.state).toBe('pending');
  });

  test('gives a code to a client that does not say where its browser is, and none to the page', async () => {
    rig = await createRig({ emulator: { autoApprove: false }, browserPlace: 'here' });
    const [socket, web] = surfacesOf(rig);
    const start = async (asker: typeof socket) => {
      const answer = await asker?.ask('POST', `/v1/sessions/${SESSION}/sign-in`);
      await rig?.client.call('cancelSignIn', { session: SESSION });
      return JSON.parse(answer?.body ?? '') as unknown;
    };
    expect(await start(socket)).toMatchObject({
      flow: 'device',
      flowReason: 'not-opened',
      userCode: expect.any(String),
    });
    const ofPage = await start(web);
    expect(ofPage).toMatchObject({ flow: 'pkce', flowReason: 'here' });
    expect(ofPage).not.toHaveProperty('userCode');
  });

  test('reports that its profiles could not be written, and credentials still work', async () => {
    const config = `${CONFIG}\n# >>> rolecall >>>\n`;
    rig = await createRig({ config });
    await rig.client.call('startSignIn', { session: SESSION, body: {} });
    const its = rig;
    const state = await waitFor('the setup to end', async () => {
      const now = await its.client.call('signIn', { session: SESSION });
      return now?.setup?.state === 'failed' && now;
    });
    expect(state.setup?.error).toMatchObject({ code: expect.stringMatching(/^config-/) });
    expect(readFileSync(its.configPath, 'utf8')).toBe(config);
    expect(await its.client.call('credentials', { query: CREDENTIALS_QUERY })).toMatchObject({ Version: 1 });
  });

  test('by another user during the first user’s listing lists again', async () => {
    const its = await openSignedInRig();
    its.emulator.addFault({ operation: 'ListAccountRoles', kind: 'delay', delayMs: 300, count: 4 });
    await its.client.call('startSignIn', { session: SESSION, body: {} });
    its.emulator.turnKnobs({ autoApprove: 'sam' });
    await its.client.call('startSignIn', { session: SESSION, body: { force: true } });
    await waitFor('the list of the second user', async () => {
      const { accounts } = await its.client.call('accounts', { query: {} });
      return accounts.length === 1 && accounts[0]?.accountId === '044444444444';
    });
  });
});
