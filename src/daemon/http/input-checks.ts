// Checks what arrives with a request against the schemas of its route. Errors name the field, never the value.
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import { UsageError } from '../../core/errors.ts';
import { toFailure } from '../../platform/files/file-error.ts';

/** Fastify's validator compiler. @see https://fastify.dev/docs/latest/Reference/Validation-and-Serialization/ */
export type InputChecks = FastifySchemaCompiler<unknown>;

/**
 * Loading Ajv takes longer than compiling a schema, so the first request with something to check loads it.
 * Each check passes unless it throws a UsageError invalid-request. It turns a query's words into the booleans that its
 * schema asks for.
 */
export function createInputChecks(defer: <T>(load: () => Promise<T>) => () => Promise<T>): InputChecks {
  const load = defer(loadCompilers);
  const createCheck = ({ schema, httpPart = 'body' }: { schema: unknown; httpPart?: string | undefined }) => {
    let validate: ValidateFunction | undefined;

    async function compileAndCheck(data: unknown): Promise<true> {
      const { coercing, strict } = await load().catch((error: unknown) => {
        throw toFailure(error);
      });
      validate ??= (httpPart === 'querystring' ? coercing : strict).compile(schema as object);
      return check(validate, httpPart, data);
    }

    return (data: unknown) => (validate === undefined ? compileAndCheck(data) : check(validate, httpPart, data));
  };
  // Fastify's type asks for promises that carry a linter's brand.
  return createCheck as InputChecks;
}

/** Refuses parameters that a route does not know, and those that are repeated. Unknown names are told only if they are words. */
export function createQueryCheck(
  known: readonly string[],
): (query: Readonly<Record<string, unknown>>) => UsageError | undefined {
  return (query) => {
    for (const name of Object.keys(query)) {
      if (!known.includes(name)) return new UsageError('invalid-request', describeUnknown(name, known));
      if (typeof query[name] !== 'string') {
        return new UsageError('invalid-request', `The parameter "${name}" is repeated.`);
      }
    }
    return undefined;
  };
}

function describeUnknown(name: string, known: readonly string[]): string {
  const what = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/.test(name) ? `no parameter "${name}"` : 'no such parameter';
  const valid = known.length === 0 ? 'It has none.' : `It has ${known.map((one) => `"${one}"`).join(', ')}.`;
  return `This route has ${what}. ${valid}`;
}

function check(validate: ValidateFunction, httpPart: string, data: unknown): true {
  if (validate(data)) return true;
  throw new UsageError('invalid-request', describe(httpPart, validate.errors?.[0]));
}

async function loadCompilers(): Promise<{ readonly strict: Ajv; readonly coercing: Ajv }> {
  const { Ajv } = await import('ajv');
  // Does not check our own schemas, which would take longest of all; test/daemon/schemas.test.ts does.
  const options = { allowUnionTypes: true, meta: false, validateSchema: false } as const;
  // Only a query consists of words. In a body `""` for null or `"true"` for true is a mistake.
  return { strict: new Ajv(options), coercing: new Ajv({ ...options, coerceTypes: true }) };
}

const PART_NAMES: Readonly<Record<string, string>> = { params: 'path', querystring: 'query' };

function describe(httpPart: string, error: ErrorObject | undefined): string {
  const where = PART_NAMES[httpPart] ?? httpPart;
  if (error?.keyword === 'required') return `The ${where} has no "${String(error.params['missingProperty'])}".`;
  if (error?.keyword === 'additionalProperties') return `The ${where} has an unknown field.`;
  const field = error?.instancePath.slice(1) ?? '';
  if (field === '') return `The ${where} has the wrong format.`;
  const allowed: unknown = error?.keyword === 'enum' ? error.params['allowedValues'] : undefined;
  const expected = EXPECTED[field] ?? (Array.isArray(allowed) ? allowed.map(quote).join(' or ') : undefined);
  return `"${field}" in the ${where} ${expected === undefined ? 'has the wrong format' : `must be ${expected}`}.`;
}

const quote = (value: unknown) => JSON.stringify(value);

const EXPECTED: Readonly<Record<string, string>> = {
  account: 'a 12-digit account id',
  accountId: 'a 12-digit account id',
  role: 'the name of a permission set, or chain:NAME',
  permissionSet: 'the name of a permission set, or chain:NAME',
  session: 'the name of an sso-session',
  refresh: 'true or false',
  force: 'true or false',
  federated: 'true or false',
  service: 'a service as in the address of its console: ec2, s3',
  region: 'the name of a region',
};
