// Checks what arrives with a request against the schemas of its route. Errors name the field, never the value.
import { findSchemaFault, type SchemaFault } from '../../core/json-schema.ts';
import { UsageError } from '../../core/errors.ts';

export type InputPart = 'path' | 'query' | 'body';

/** @throws UsageError invalid-request: `value` does not fit the schema */
export function checkInput(part: InputPart, schema: object, value: unknown): void {
  const fault = findSchemaFault(schema, value);
  if (fault !== undefined) throw new UsageError('invalid-request', describe(part, fault));
}

/**
 * A copy of a query, which consists of words, with the booleans that its schema asks for. In a body `"true"` for true is a
 * mistake.
 */
export function readQuery(
  schema: { readonly properties?: Readonly<Record<string, { readonly type?: unknown }>> },
  query: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const read = (name: string, value: unknown) => {
    const isBoolean = schema.properties?.[name]?.type === 'boolean';
    return isBoolean && (value === 'true' || value === 'false') ? value === 'true' : value;
  };
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, read(name, value)]));
}

/**
 * Refuses parameters that a route does not know, and those that are repeated. Unknown names are told only if they are words.
 * @throws UsageError invalid-request
 */
export function checkNames(known: readonly string[], query: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(query)) {
    if (!known.includes(name)) throw new UsageError('invalid-request', describeUnknown(name, known));
    if (typeof query[name] !== 'string') {
      throw new UsageError('invalid-request', `The parameter "${name}" is repeated.`);
    }
  }
}

function describeUnknown(name: string, known: readonly string[]): string {
  const what = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/.test(name) ? `no parameter "${name}"` : 'no such parameter';
  const valid = known.length === 0 ? 'It has none.' : `It has ${known.map((one) => `"${one}"`).join(', ')}.`;
  return `This route has ${what}. ${valid}`;
}

function describe(part: InputPart, { keyword, path, key, allowed }: SchemaFault): string {
  if (keyword === 'required') return `The ${part} has no "${key}".`;
  if (keyword === 'additionalProperties') return `The ${part} has an unknown field.`;
  const field = path.join('/');
  if (field === '') return `The ${part} has the wrong format.`;
  const expected = EXPECTED[field] ?? allowed?.map((value) => JSON.stringify(value)).join(' or ');
  return `"${field}" in the ${part} ${expected === undefined ? 'has the wrong format' : `must be ${expected}`}.`;
}

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
