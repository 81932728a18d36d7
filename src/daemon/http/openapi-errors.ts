// The error answers of a route in its OpenAPI document: each status with the codes that can occur.
import { httpStatusOf, type ErrorCode } from '../../core/errors.ts';
import type { Route, SurfaceName } from '../../local-api/routes.ts';
import { errorSchema } from '../../local-api/schemas/values.ts';
import type { Schema, SchemaComponents } from './openapi-components.ts';

const EVERYWHERE = [
  'invalid-request',
  'request-too-large',
  'caller-not-allowed',
  'file-not-writable',
  'too-many-connections',
  'internal',
] as const satisfies readonly ErrorCode[];

const OWN: Readonly<Record<SurfaceName, readonly ErrorCode[]>> = {
  socket: ['daemon-version-mismatch'],
  web: [],
  container: ['token-required'],
};

/** The error responses by status. `needsToken`: the web guard asks for the token. */
export function describeErrors(
  route: Route,
  { surface, needsToken, refer }: { surface: SurfaceName; needsToken: boolean; refer: SchemaComponents['refer'] },
): Record<string, unknown> {
  const codes = new Set<ErrorCode>([...EVERYWHERE, ...OWN[surface], ...(route.errors ?? [])]);
  if (needsToken) codes.add('token-required');
  if (surface !== 'container' && route.method !== 'GET') codes.add('unsupported-media-type');
  const byStatus = new Map<number, Set<string>>();
  const add = (status: number, code: string) => byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  for (const code of codes) add(statusOn(surface, code), code);
  // For another method, and for a parameter that is longer than any can be.
  add(405, 'route-not-found');
  if (surface !== 'container' && route.params !== undefined) add(404, 'route-not-found');
  const error = surface === 'container' ? containerErrorSchema : errorSchema;
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => [
      status,
      SHARED[status] === undefined
        ? describeAnswer(status, [...found].toSorted(), error, refer)
        : { $ref: `#/components/responses/${SHARED[status].name}` },
    ]),
  );
}

/** The answers that are the same on every route of a surface, for the components of its document. */
export function describeSharedErrors(surface: SurfaceName, refer: SchemaComponents['refer']): Record<string, unknown> {
  const error = surface === 'container' ? containerErrorSchema : errorSchema;
  return Object.fromEntries(
    Object.entries(SHARED)
      .filter(([status]) => surface !== 'container' || status !== '415')
      .map(([status, { name, code }]) => [name, describeAnswer(Number(status), [code], error, refer)]),
  );
}

const SHARED: Readonly<Record<number, { readonly name: string; readonly code: ErrorCode }>> = {
  405: { name: 'MethodNotAllowed', code: 'route-not-found' },
  413: { name: 'RequestTooLarge', code: 'request-too-large' },
  415: { name: 'UnsupportedMediaType', code: 'unsupported-media-type' },
  500: { name: 'InternalError', code: 'internal' },
};

/** SDKs ask again after 5xx. */
function statusOn(surface: SurfaceName, code: ErrorCode): number {
  return surface === 'container' && code === 'audit-unavailable' ? 403 : httpStatusOf(code);
}

function describeAnswer(
  status: number,
  codes: readonly string[],
  error: Schema,
  refer: SchemaComponents['refer'],
): Record<string, unknown> {
  const headers = HEADERS[status];
  return {
    description: DESCRIPTIONS[status] ?? 'Failed',
    ...(headers === undefined ? {} : { headers }),
    content: {
      'application/json': { schema: { allOf: [refer(error), { properties: { code: { enum: codes } } }] } },
      'text/plain': { schema: refer(plainErrorSchema) },
    },
  };
}

const plainErrorSchema = {
  title: 'PlainError',
  type: 'string',
  pattern: '\\[[a-z0-9-]+\\]\\nRun: ',
  description: 'the message with its code, then `Run: ` and the hint; for `Accept: text/plain`',
  examples: ['You are not signed in to work. [sign-in-required]\nRun: rolecall login work\n'],
} as const;

const containerErrorSchema = {
  ...errorSchema,
  title: 'ContainerError',
  required: [...errorSchema.required, 'Code', 'Message'],
  properties: {
    ...errorSchema.properties,
    Code: { type: 'string', description: 'as `code`, for SDKs' },
    Message: { type: 'string', description: 'message and hint, for SDKs' },
  },
} as const;

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request, the settings or the shared config file is not valid',
  401: 'A sign-in, the token or an unlock is missing',
  403: 'Refused',
  404: 'Not found',
  405: 'Another method than this path has',
  409: 'The shared config file is not as expected',
  413: 'The request body is larger than 64 KiB',
  415: 'The request body is not JSON',
  500: 'A fault of rolecall; its log has the cause',
  502: 'AWS, or something in between, gave an answer that cannot be used',
  503: 'Unavailable now',
};

const HEADERS: Readonly<Record<number, Schema>> = {
  405: {
    allow: { description: 'the methods of this path', schema: { type: 'string' }, required: true, example: 'GET' },
  },
  503: {
    'retry-after': {
      description: 'seconds after which another attempt makes sense',
      required: true,
      schema: { type: 'integer', minimum: 0 },
    },
  },
};
