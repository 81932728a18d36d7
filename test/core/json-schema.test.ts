// The checks against JSON Schemas find what Ajv finds: the same first fault of every value, in every schema that we have.
import { Ajv, type ErrorObject } from 'ajv';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSchemaFault } from '../../src/core/json-schema.ts';
import { settingsSchema } from '../../src/daemon/settings/settings-schema.ts';
import { teamSchema } from '../../src/daemon/settings/team-schema.ts';
import { routes, type Route } from '../../src/local-api/routes.ts';

const SCHEMAS: readonly (readonly [name: string, schema: object])[] = [
  ['config.toml', settingsSchema],
  ['team file', teamSchema],
  ...Object.entries<Route>(routes).flatMap(([name, { params, query, body }]) =>
    Object.entries({ params, query, body }).flatMap(([part, schema]) =>
      schema === undefined ? [] : [[`${name}, ${part}`, schema] as const],
    ),
  ),
];

interface Node {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

const junk = fc.oneof(
  fc.constantFrom(null, true, false, '', 'x', '111111111111', '💥💥', 0, -1, 1.5, 1e9, Number.NaN, Infinity),
  fc.constantFrom([], {}, ['x'], { constructor: 1 }, { toString: {} }, new Date(0)),
);

/** Values that often fit a schema, and often almost do. */
function valuesOf(node: Node): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(node) }, { weight: 1, arbitrary: junk });
}

function fitting(node: Node): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map(valuesOf));
  if (node.properties !== undefined || node.type === 'object') {
    const inside = Object.fromEntries(
      Object.entries(node.properties ?? {}).map(([key, inner]) => [key, valuesOf(inner)]),
    );
    const known = fc.oneof(fc.record(inside, { requiredKeys: [] }), fc.record(inside));
    const inner = typeof node.additionalProperties === 'object' ? valuesOf(node.additionalProperties) : junk;
    const more = fc.dictionary(fc.constantFrom('a', 'a/b~c', 'constructor', 'ü'), inner, { maxKeys: 2 });
    return fc
      .tuple(known, fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more }))
      .map(([one, other]) => ({ ...one, ...other }));
  }
  if (node.items !== undefined) {
    return fc.array(valuesOf(node.items), { maxLength: Math.min(node.maxItems ?? 3, 20) + 1 });
  }
  if (node.pattern !== undefined) return fc.oneof(fc.stringMatching(new RegExp(node.pattern, 'u')), fc.string());
  if (node.type === 'integer' || node.type === 'number') return fc.integer({ min: -1, max: (node.maximum ?? 9) + 1 });
  if (node.type === 'boolean') return fc.boolean();
  const text = fc.string({ unit: 'grapheme', maxLength: 8 });
  const { maxLength } = node;
  return maxLength === undefined
    ? text
    : fc.oneof(text, fc.constantFrom('💥'.repeat(maxLength), 'x'.repeat(maxLength + 1)));
}

const unescape = (segment: string) => segment.replaceAll('~1', '/').replaceAll('~0', '~');

function asFault(error: ErrorObject): ReturnType<typeof findSchemaFault> {
  const { keyword, instancePath, message = '', params } = error;
  const key = (params['missingProperty'] ?? params['additionalProperty']) as string | undefined;
  const allowed = params['allowedValues'] as readonly unknown[] | undefined;
  const path = instancePath.split('/').slice(1).map(unescape);
  return { keyword, path, message, ...(key && { key }), ...(allowed && { allowed }) } as ReturnType<typeof asFault>;
}

/** Ajv's first fault of a value. */
function createOracle(schema: object): (value: unknown) => ReturnType<typeof findSchemaFault> {
  const ajv = new Ajv({
    allowUnionTypes: true,
    meta: false,
    validateSchema: false,
    ownProperties: true,
    strict: false,
  });
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? undefined : asFault((validate.errors ?? [])[0] as ErrorObject));
}

test.each(SCHEMAS)('%s', (_name, schema) => {
  const oracle = createOracle(schema);
  let faults = 0;
  fc.assert(
    fc.property(valuesOf(schema), (value) => {
      const fault = findSchemaFault(schema, value);
      expect(fault).toEqual(oracle(value));
      if (fault !== undefined) faults += 1;
    }),
    { numRuns: 100, seed: 18 },
  );
  expect(faults).toBeGreaterThan(0);
});

test.each([
  [{ maxProperties: 1 }, { a: 1, b: 2 }],
  [{ required: ['constructor'] }, {}],
  [
    { required: ['a'], maxProperties: 1 },
    { b: 1, c: 2 },
  ],
  [
    { additionalProperties: false, properties: { a: { type: 'null' } } },
    { a: 1, b: 2 },
  ],
  [
    { additionalProperties: { type: 'string' }, properties: { a: {} } },
    { a: 1, 'b/~': 2 },
  ],
  [{ minItems: 2, items: { const: 1 } }, [2]],
  [{ maxItems: 1, items: { const: 1 } }, [2, 2]],
  [{ items: { const: 1 } }, [1, 2]],
  [{ maxLength: 1 }, '💥💥'],
  [{ minLength: 2, pattern: '^a' }, '💥'],
  [{ maxLength: 1, pattern: '^.$' }, '\u{1F4A5}'],
  [{ pattern: '^a' }, 'b'],
  [{ type: ['null', 'integer'] }, 1.5],
  [{ type: 'object' }, []],
  [{ minimum: 2, maximum: 1 }, 1.5],
  [{ exclusiveMinimum: 0 }, 0],
  [{ anyOf: [{ type: 'string' }, { minimum: 3 }], enum: [1] }, 1],
  [{ anyOf: [{ type: 'string' }, { minimum: 3 }] }, 1],
  [{ anyOf: [{ type: 'string' }, { minimum: 3 }] }, 4],
  [{ const: null, enum: [null] }, false],
])('%j and %j', (schema, value) => {
  expect(findSchemaFault(schema, value)).toEqual(createOracle(schema)(value));
});

describe('the schemas', () => {
  /** What only describes a value. */
  const DESCRIPTIONS = ['default', 'description', 'examples', 'title'];
  const CHECKED =
    'additionalProperties anyOf const enum exclusiveMinimum items maxItems maxLength maxProperties maximum ' +
    'minItems minLength minimum pattern properties required type';

  function keywordsOf(node: unknown): string[] {
    if (typeof node !== 'object' || node === null) return [];
    const { properties = {}, additionalProperties, items, anyOf = [] }: Node = node;
    const inner = [...Object.values(properties), additionalProperties, items, ...anyOf];
    return [...Object.keys(node), ...inner.flatMap(keywordsOf)];
  }

  test('use the keywords that are checked, each of them, and no other', () => {
    const used = new Set(SCHEMAS.flatMap(([, schema]) => keywordsOf(schema)));
    expect(
      [...used]
        .filter((keyword) => !DESCRIPTIONS.includes(keyword))
        .toSorted()
        .join(' '),
    ).toBe(CHECKED);
  });
});
