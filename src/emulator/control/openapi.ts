// The emulator as an OpenAPI 3.1 document: the control API in full, and the AWS operations by name.
import type { Route } from '../http/http.ts';
import { OPERATIONS, OPERATION_NAMES, type Dialect, type Operation } from '../http/operations.ts';
import { CONTROL_PREFIX } from './control.ts';
import { PATH_SCHEMAS, QUERY_SCHEMAS, SCHEMAS } from './control-schemas.ts';
import { CONTROL_ROWS, CONTROL_TAGS, type ControlRow } from './control-table.ts';

/** Of the control API. Within a major version it only grows. */
const API_VERSION = '1.0.0';

type Json = Readonly<Record<string, unknown>>;

/** The document; `routes` are all routes of the emulator that have an AWS operation. */
export function describeEmulatorApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const add = (path: string, method: string, operation: Json) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation };
  };
  for (const row of CONTROL_ROWS) add(`${CONTROL_PREFIX}${row.path}`, row.method, describeRow(row));
  for (const route of routes) {
    const names = namesOf(route);
    if (names.length > 0) add(route.path, route.method, describeAwsOperation(names));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'rolecall emulator',
      version: API_VERSION,
      description:
        'IAM Identity Center in memory. The control API sets up and observes it; the AWS operations are those of AWS.\n\n' +
        'Failures of the control API are `{ code, message, hint }`. Within version 1 it only grows: ' +
        'answers may get more fields, and `code` more values.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      {
        url: '{origin}',
        description: 'Where `rolecall emulator` listens',
        variables: { origin: { default: 'http://127.0.0.1:4000', description: 'As it prints it' } },
      },
    ],
    tags: [
      ...Object.entries(CONTROL_TAGS).map(([name, description]) => ({ name, description })),
      ...Object.entries(AWS_TAGS).map(([name, description]) => ({ name, description })),
    ],
    paths,
    components: {
      schemas: SCHEMAS,
      responses: Object.fromEntries(
        Object.entries(FAILURES).map(([status, { name, description }]) => [
          name,
          { description, ...jsonContent('Error', status) },
        ]),
      ),
      securitySchemes: {
        controlToken: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The token that the emulator prints. On Linux, programs of the same user need none while it listens on loopback.',
        },
        accessToken: {
          type: 'apiKey',
          in: 'header',
          name: 'x-amz-sso_bearer_token',
          description: 'An access token from CreateToken.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'Signature Version 4; only the access key id and its session token are checked.',
        },
      },
    },
  };
}

const FAILURES: Readonly<Record<string, { readonly name: string; readonly description: string }>> = {
  400: { name: 'InvalidRequest', description: 'The request is wrong; the message names the field.' },
  403: {
    name: 'Refused',
    description: 'No token, another Host, a web page, or a change without `Content-Type: application/json`.',
  },
  404: { name: 'NotFound', description: 'There is nothing of this name.' },
  409: { name: 'Conflict', description: 'The state does not allow it.' },
  413: { name: 'TooLarge', description: 'The body is too large.' },
};

function describeRow(row: ControlRow): Json {
  const statuses = [...(row.failures ?? []), 403, ...(row.body === undefined ? [] : [413])];
  // Unknown parameters of the query are refused everywhere.
  const failures = statuses.includes(400) ? statuses : [400, ...statuses];
  return {
    operationId: row.id,
    tags: [row.tag],
    summary: row.summary,
    security: row.isOpen === true ? [] : [{}, { controlToken: [] }],
    parameters: [
      ...[...row.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
        name,
        in: 'path',
        required: true,
        schema: PATH_SCHEMAS[name],
      })),
      ...(row.query ?? []).map((name) => ({ name, in: 'query', required: false, schema: QUERY_SCHEMAS[name] })),
    ],
    ...(row.body === undefined
      ? {}
      : { requestBody: { required: row.bodyIsOptional !== true, ...jsonContent(row.body) } }),
    responses: {
      ...(row.answer === undefined
        ? { 204: { description: 'Done' } }
        : { 200: { description: row.summary, ...jsonContent(row.answer) } }),
      ...Object.fromEntries(
        failures.map((status) => [status, { $ref: `#/components/responses/${FAILURES[status]?.name}` }]),
      ),
    },
  };
}

function jsonContent(name: string, status?: string): Json {
  const code = status === undefined ? undefined : EXAMPLE_CODES[status];
  const example =
    code === undefined ? {} : { example: { code, message: 'What is wrong.', hint: 'rolecall emulator --help' } };
  return { content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` }, ...example } } };
}

const EXAMPLE_CODES: Readonly<Record<string, string>> = {
  400: 'invalid-request',
  403: 'caller-not-allowed',
  404: 'directory-entry-not-found',
  409: 'still-assigned',
  413: 'request-too-large',
};

const AWS_TAGS: Readonly<Record<Dialect, string>> = {
  'sso-oidc': 'SSO OIDC, as in the IAM Identity Center OIDC API Reference.',
  sso: 'The access portal, as in the IAM Identity Center Portal API Reference.',
  sts: 'The Security Token Service, as in the AWS STS API Reference.',
  signin: 'Sign-in to the console, as in the IAM User Guide.',
};

const AWS_SECURITY: Readonly<Record<Dialect, readonly Json[]>> = {
  'sso-oidc': [],
  sso: [{ accessToken: [] }],
  sts: [{ signature: [] }],
  signin: [],
};

const AWS_CONTENT: Readonly<Record<Dialect, string>> = {
  'sso-oidc': 'application/json',
  sso: 'application/json',
  sts: 'text/xml',
  signin: 'text/html',
};

/** STS has all of its operations at one address. */
function namesOf({ operation }: Route): readonly Operation[] {
  if (operation === undefined) return [];
  if (typeof operation === 'string') return [operation];
  return OPERATION_NAMES.filter((name) => OPERATIONS[name] === 'sts');
}

function describeAwsOperation(names: readonly Operation[]): Json {
  const [first = 'CreateToken'] = names;
  const dialect = OPERATIONS[first];
  const failure = { description: 'As AWS answers it', content: { [AWS_CONTENT[dialect]]: {} } };
  return {
    operationId: names.join('Or'),
    tags: [dialect],
    summary: names.join(', '),
    security: AWS_SECURITY[dialect],
    responses: { 200: { description: 'As AWS answers it' }, '4XX': failure, '5XX': failure },
  };
}
