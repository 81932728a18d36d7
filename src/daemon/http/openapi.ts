// Generates the OpenAPI document of each surface from the route definitions.
import { routes, type Route, type SurfaceName } from '../../local-api/routes.ts';
import { errorSchema } from '../../local-api/schemas/values.ts';
import { createSchemaComponents, type Schema, type SchemaComponents } from './openapi-components.ts';

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
    components: { schemas: components.list(), securitySchemes },
  };
}

const SURFACES = {
  socket: {
    description:
      'The local API of the rolecall daemon on its unix socket, which only its owner can open. Send `Host: localhost`.',
    servers: [
      {
        url: 'http://localhost',
        description: 'over the unix socket `$XDG_RUNTIME_DIR/rolecall/daemon.sock`; docs/api.md lists its other places',
        'x-unix-socket': '$XDG_RUNTIME_DIR/rolecall/daemon.sock',
      },
    ],
    securitySchemes: {},
  },
  web: {
    description:
      'The local API of the rolecall daemon on its web port, for the page and for programs that can not open a unix socket. ' +
      'It hands out no credentials.',
    servers: [
      {
        url: 'http://localhost:{port}',
        description: 'the loopback address; `web.json` in the state folder has port and token',
        variables: { port: { default: '0', description: 'new at each start, or `web_port` of the settings' } },
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
  const parameters = [
    ...describeParameters(route.params, 'path', refer),
    ...describeParameters(route.query, 'query', refer),
  ];
  const success =
    route.answer === undefined
      ? { description: 'Done' }
      : {
          description: route.summary,
          content: {
            [route.isStream === true ? 'text/event-stream' : 'application/json']: { schema: refer(route.answer) },
          },
        };
  return {
    operationId,
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...(surface === 'socket' && route.socketOnly !== undefined ? { 'x-socket-only': route.socketOnly } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.bodyIsOptional !== true,
            content: { 'application/json': { schema: refer(route.body) } },
          },
        }),
    responses: {
      [route.successStatus]: success,
      default: {
        description: 'What went wrong and the command to type',
        content: { 'application/json': { schema: refer(errorSchema) } },
      },
    },
  };
}

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
