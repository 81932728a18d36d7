// Generates the OpenAPI document of each surface from the route definitions.
import { routes, type Route, type SurfaceName } from '../../local-api/routes.ts';
import { createSchemaComponents, type Schema, type SchemaComponents } from './openapi-components.ts';
import { describeErrors, describeSharedErrors } from './openapi-errors.ts';

/** An OpenAPI 3.1 document with the routes of `surface`. */
export function describeOpenApi(surface: SurfaceName, version: string): Record<string, unknown> {
  const components = createSchemaComponents();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operationId, route] of Object.entries(routes) as [string, Route][]) {
    if (!route.surfaces.includes(surface)) continue;
    const path = route.path.replaceAll(/:([a-z]+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: describeOperation(operationId, route, surface, components),
    };
  }
  addUnlisted(surface, paths);
  const responses = describeSharedErrors(surface, components.refer);
  const { description, servers, securitySchemes } = SURFACES[surface];
  return {
    openapi: '3.1.0',
    info: {
      title: `rolecall, ${surface} surface`,
      version,
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers,
    security: Object.keys(securitySchemes).map((scheme) => ({ [scheme]: [] })),
    tags: TAGS.filter((tag) => Object.keys(paths).some((path) => tagOf(path) === tag.name)).map(
      ({ name, description: text }) => ({ name, description: text }),
    ),
    paths,
    components: {
      schemas: components.list(),
      responses,
      ...(surface === 'socket' ? { parameters: SOCKET_PARAMETERS } : {}),
      ...(Object.keys(securitySchemes).length === 0 ? {} : { securitySchemes }),
    },
  };
}

/** The page, and the socket of a grant: no routes of the table, because one has no schema and the other another address. */
function addUnlisted(surface: SurfaceName, paths: Record<string, Record<string, unknown>>): void {
  if (surface === 'web') {
    paths['/'] = {
      get: {
        operationId: 'page',
        summary: 'The page, which holds no data',
        tags: ['Page'],
        security: [],
        responses: {
          200: { description: 'The page', content: { 'text/html': { schema: { type: 'string' } } } },
          403: { description: 'Refused: another Host, or a request from another page' },
        },
      },
    };
  }
  const overPort = paths['/container/{grant}']?.['get'] as Record<string, unknown> | undefined;
  if (overPort === undefined) return;
  const { parameters: _inPath, ...overSocket } = overPort;
  paths['/role'] = {
    servers: [
      {
        url: 'http://{host}',
        variables: HOST_VARIABLE,
        description: "over the grant's own unix socket, its `socketPath`",
      },
    ],
    get: { ...overSocket, operationId: 'grantSocketCredentials' },
  };
}

/** The only name that a Host header may have. */
const HOST_VARIABLE = { host: { enum: ['localhost'], default: 'localhost' } } as const;

const SURFACES = {
  socket: {
    description:
      'The local API of the rolecall daemon on its unix socket, which only its owner can open. Send `Host: localhost`.',
    servers: [
      {
        url: 'http://{host}',
        variables: HOST_VARIABLE,
        description: 'over the unix socket `$XDG_RUNTIME_DIR/rolecall/daemon.sock`; docs/api.md lists its other places',
        'x-unix-socket': '$XDG_RUNTIME_DIR/rolecall/daemon.sock',
      },
    ],
    securitySchemes: {},
  },
  web: {
    description:
      'The local API of the rolecall daemon on its web port, for the page and for programs that cannot open a unix socket. ' +
      'It hands out no credentials.',
    servers: [
      {
        url: 'http://{host}:{port}',
        description: 'the loopback address; `web.json` in the state folder has port and token',
        variables: {
          ...HOST_VARIABLE,
          port: { default: '0', description: 'new at each start, or `web_port` of the settings' },
        },
      },
    ],
    securitySchemes: {
      webToken: { type: 'http', scheme: 'bearer', description: 'new at each start; `rolecall web --token` prints it' },
    },
  },
  container: {
    description:
      "The rolecall daemon as a container credentials endpoint, for AWS's SDKs: each grant has a URL and a token.",
    servers: [
      {
        url: 'http://127.0.0.1:{port}',
        description: 'the container port; `url` of a grant has it',
        variables: { port: { default: '0', description: 'chosen for the first grant, then kept' } },
      },
    ],
    securitySchemes: {
      grantToken: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description: "the grant's `token` as it is, as AWS_CONTAINER_AUTHORIZATION_TOKEN",
      },
    },
  },
} as const;

/** By the start of the path; the first match counts. */
const TAGS = [
  {
    name: 'Credentials',
    starts: /^\/(?:container|role|v1\/(?:credentials|grants|console))/,
    description: 'Keys of roles',
  },
  { name: 'Sign-in', starts: /^\/v1\/sessions/, description: 'Sign-in and sign-out of sso-sessions' },
  {
    name: 'Roles',
    starts: /^\/v1\/(?:accounts|roles|current)/,
    description: 'Accounts, their roles, and the current one',
  },
  { name: 'Profiles', starts: /^\/v1\/profiles?(?:\/|$)/, description: 'Profiles in the shared config file' },
  { name: 'Approvals', starts: /^\/v1\/(?:approvals|lock|unlock)/, description: 'Protected roles, and the lock' },
  { name: 'Passkeys', starts: /^\/v1\/passkey/, description: 'Passkeys that approve' },
  { name: 'Page', starts: /^\/v1\/web/, description: 'How the page gets access' },
  { name: 'Setup', starts: /^\/v1\/(?:start-url|found|setup|team)/, description: 'The first run, and team files' },
  { name: 'Daemon', starts: /^\/v1\//, description: 'The daemon, its status and its events' },
] as const;

function tagOf(path: string): string | undefined {
  return TAGS.find(({ starts }) => starts.test(path))?.name;
}

function describeOperation(
  operationId: string,
  route: Route,
  surface: SurfaceName,
  { refer }: SchemaComponents,
): Record<string, unknown> {
  const isOpen = surface === 'web' && OPEN_ROUTES.has(operationId);
  const parameters = [
    ...describeParameters(route.params, 'path', refer),
    ...describeParameters(route.query, 'query', refer),
    ...describeHeaders(route, surface),
  ];
  return {
    operationId,
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...(isOpen ? { security: [] } : {}),
    ...(surface === 'socket' && route.socketOnly !== undefined ? { 'x-socket-only': route.socketOnly } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyIsOptional !== true,
            content: { 'application/json': { schema: refer(bodyOn(surface, route)) } },
          },
        }),
    responses: {
      ...describeSuccess(route, refer),
      ...describeErrors(route, { surface, needsToken: surface === 'web' && !isOpen, refer }),
    },
  };
}

/** Those that the web guard admits without the token. */
const OPEN_ROUTES: ReadonlySet<string> = new Set(['webToken']);

/** The body without the fields that only the socket takes. */
function bodyOn(surface: SurfaceName, { body, socketOnly = [] }: Route): Schema | undefined {
  if (surface === 'socket' || socketOnly.length === 0 || body === undefined) return body;
  const properties = Object.entries(body['properties'] as object).filter(([name]) => !socketOnly.includes(name));
  return { ...body, properties: Object.fromEntries(properties) };
}

function describeSuccess(route: Route, refer: SchemaComponents['refer']): Record<string, unknown> {
  const headers = {
    ...(route.honorsWait === true ? { 'preference-applied': PREFERENCE_APPLIED } : {}),
    ...(route.isConditional === true ? { etag: ETAG } : {}),
  };
  const statuses = [route.successStatus, ...Object.values(route.statusOfState ?? {})];
  const answer = {
    description: route.isStream === true ? STREAM : (SUCCESS[route.successStatus] ?? 'Done'),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(route.answer === undefined
      ? {}
      : {
          content: {
            [route.isStream === true ? 'text/event-stream' : 'application/json']: { schema: refer(route.answer) },
          },
        }),
  };
  return {
    ...Object.fromEntries(
      statuses.map((status) => [
        status,
        { ...answer, ...(statuses.length > 1 ? { description: SUCCESS[status] } : {}) },
      ]),
    ),
    ...(route.isConditional === true
      ? { 304: { description: 'Nothing has changed since the answer with this ETag', headers: { etag: ETAG } } }
      : {}),
  };
}

const SUCCESS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Started; it goes on after this answer',
  204: 'Done, without a body',
};

const ETAG = {
  description: 'names this state of the answer, for `If-None-Match`',
  required: true,
  schema: { type: 'string' },
} as const;

const PREFERENCE_APPLIED = {
  description: 'the `wait` of the request, if it has one',
  schema: { type: 'string', pattern: '^wait=[0-9]+$' },
} as const;

const STREAM =
  'A stream of server-sent events that does not end by itself. Each event has the lines `id:`, `event:` and one `data:` with JSON, ' +
  'then an empty line; the schema describes one event with its `data` parsed. There is no `retry:` line: reconnect after half a ' +
  'second, then less often. The first line is the comment `: listening`; the comment `: ping` comes every 15 seconds, so a ' +
  'connection that is silent for 45 seconds is dead. A client that sends the `id` of its last event as `Last-Event-ID` gets the ' +
  'events since then, of the last 256. Without it, or if the daemon has restarted or has no longer all of them, the stream begins ' +
  'with `hello`, which replaces everything that the client knows. A client that leaves more than 1 MiB unread is disconnected. ' +
  'At most 64 clients listen on each surface at once; a further one gets 503 `too-many-listeners`. Ignore events of other names, ' +
  'which a newer daemon may send.';

function describeHeaders(route: Route, surface: SurfaceName): Record<string, unknown>[] {
  const header = (name: string, description: string, schema: Schema) => ({ name, in: 'header', description, schema });
  return [
    ...(route.honorsWait === true
      ? [
          header('Prefer', 'how long the caller can wait for a person or for AWS; `Preference-Applied` repeats it', {
            type: 'string',
            pattern: 'wait=[0-9]{1,9}',
            examples: ['wait=30'],
          }),
        ]
      : []),
    ...(route.isConditional === true
      ? [header('If-None-Match', 'the ETag of an earlier answer: 304 if it is still right', { type: 'string' })]
      : []),
    ...(route.isStream === true
      ? [header('Last-Event-ID', 'the id of the last event that the client has', { type: 'string' })]
      : []),
    ...(surface === 'socket' ? SOCKET_HEADERS : []),
  ];
}

const SOCKET_HEADERS = ['ClientVersion', 'ClientProcess', 'ClientTerminal'].map((name) => ({
  $ref: `#/components/parameters/${name}`,
}));

const SOCKET_PARAMETERS = {
  ClientVersion: {
    name: 'rolecall-version',
    in: 'header',
    description:
      'only for clients that start the daemon: their rolecall version. An older daemon answers 503 `daemon-version-mismatch` and stops, ' +
      'unless that would end something; then it answers as usual, and the header `rolecall-stays` says what',
    schema: { type: 'string', examples: ['0.1.0'] },
  },
  ClientProcess: {
    name: 'x-rolecall-process',
    in: 'header',
    description: 'the process for which the client asks, where the kernel does not tell',
    schema: { type: 'string', pattern: '^[0-9]{1,10}$' },
  },
  ClientTerminal: {
    name: 'rolecall-terminal',
    in: 'header',
    description: 'present: a person has typed the command on a terminal',
    schema: { type: 'string' },
  },
} as const;

function describeParameters(
  schema: Schema | undefined,
  place: 'path' | 'query',
  refer: SchemaComponents['refer'],
): Record<string, unknown>[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Schema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: refer(rest),
  }));
}
