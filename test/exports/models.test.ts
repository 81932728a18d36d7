// The types of `rolecall/client` are those of the OpenAPI document: `npm run docs` writes them.
import { expect, test } from 'vitest';
import { describeOpenApi } from '../../src/daemon/http/openapi.ts';
import { formatModels, type OpenApiDocument } from '../helpers/format-models.ts';

test('src/exports/models.ts has the components and operations of the socket', async () => {
  const document = describeOpenApi('socket', '') as unknown as OpenApiDocument;
  await expect(formatModels(document)).toMatchFileSnapshot('../../src/exports/models.ts');
});

const operation = { operationId: 'x', summary: 'X', responses: { 204: {} } };
const documentOf = (schema: object): OpenApiDocument => ({
  paths: { '/x': { get: operation } },
  components: { schemas: { Thing: schema } },
});

test('writes each form of a schema as TypeScript', () => {
  const properties = {
    one: { const: 1 },
    some: { enum: ['a', null], description: 'a */ b' },
    list: { type: 'array', items: { type: ['string', 'null'] } },
    map: { type: 'object', additionalProperties: { type: 'integer' } },
    any: {},
    other: { $ref: '#/components/schemas/Error' },
  };
  expect(formatModels(documentOf({ type: 'object', required: ['one'], properties })))
    .toContain(`export interface Thing {
  readonly one: 1;
  /** a *\\/ b */
  readonly some?: "a" | null;
  readonly list?: readonly (string | null)[];
  readonly map?: Readonly<Record<string, number>>;
  readonly any?: unknown;
  readonly other?: ErrorBody;
}`);
});

test('fails for a schema that it cannot write', () => {
  expect(() => formatModels(documentOf({ allOf: [] }))).toThrow('No type for {"allOf":[]}');
});
