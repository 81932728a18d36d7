// What came with a request against the schemas of its route: refused by naming the field, never the value.
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import { UsageError } from '../../core/errors.ts';
import type { Route } from '../../local-api/routes.ts';

export interface RequestInput {
  readonly params: unknown;
  readonly query: unknown;
  /** Undefined when the request has none. */
  readonly body: unknown;
}

export interface InputChecks {
  /** @throws UsageError invalid-request; a query's words become the booleans that the schema asks for */
  check(route: Route, input: RequestInput): Promise<void>;
}

/** In the order in which they are looked at. */
const PARTS = ['params', 'query', 'body'] as const;
type Part = (typeof PARTS)[number];

/** Checks that cost nothing before the first request with something to check: the compiler takes longer to load than to run. */
export function createInputChecks(defer: <T>(load: () => Promise<T>) => () => Promise<T>): InputChecks {
  const compiled = new Map<object, ValidateFunction>();
  const load = defer(loadCompilers);

  async function validatorOf(part: Part, schema: object): Promise<ValidateFunction> {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const validate = (await load())[part].compile(schema);
    compiled.set(schema, validate);
    return validate;
  }

  return {
    async check(route, input) {
      for (const part of PARTS) {
        const schema = route[part];
        if (schema === undefined) continue;
        if (input[part] === undefined) {
          if (part === 'body' && route.bodyIsOptional !== true) throw bodyMissing();
          continue;
        }
        const validate = await validatorOf(part, schema);
        if (!validate(input[part])) throw new UsageError('invalid-request', describe(part, validate.errors?.[0]));
      }
    },
  };
}

function bodyMissing(): UsageError {
  return new UsageError('invalid-request', 'The body of the request is missing.');
}

async function loadCompilers(): Promise<Record<Part, Ajv>> {
  const { Ajv } = await import('ajv');
  // Our own schemas are not checked here, which would take longest of all; test/daemon/schemas.test.ts does it.
  const options = { allowUnionTypes: true, meta: false, validateSchema: false } as const;
  const strict = new Ajv(options);
  // A query has words only. In a body `""` for null or `"true"` for true is a mistake, and stays one.
  return { params: strict, body: strict, query: new Ajv({ ...options, coerceTypes: true }) };
}

/** By our own words for the fields. */
function describe(part: Part, error: ErrorObject | undefined): string {
  const where = part === 'params' ? 'path' : part;
  if (error?.keyword === 'required') return `The ${where} lacks "${String(error.params['missingProperty'])}".`;
  if (error?.keyword === 'additionalProperties') return `The ${where} has a field that this route does not know.`;
  const field = error?.instancePath.slice(1) ?? '';
  if (field === '') return `The ${where} must be of another form.`;
  return `"${field}" in the ${where} must be ${EXPECTED[field] ?? 'of another form'}.`;
}

const EXPECTED: Readonly<Record<string, string>> = {
  account: 'a 12-digit account id',
  accountId: 'a 12-digit account id',
  role: 'the name of a permission set',
  permissionSet: 'the name of a permission set',
  session: 'the name of an sso-session',
  refresh: 'true or false',
  force: 'true or false',
  federated: 'true or false',
  service: 'a service as in the address of its console: ec2, s3',
  region: 'the name of a region',
};
