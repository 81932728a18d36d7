// Parts of the schemas of documents.

type Properties = Readonly<Record<string, unknown>>;

export const integer = { type: 'integer' } as const;
export const yesOrNo = { type: 'boolean' } as const;
export const isTrue = { const: true } as const;
export const isFalse = { const: false } as const;
export const textOrNull = { type: ['string', 'null'] } as const;
export const integerOrNull = { type: ['integer', 'null'] } as const;
export const file = { type: 'string', description: 'an absolute path' } as const;
export const listOf = (items: unknown) => ({ type: 'array', items }) as const;

/**
 * An object with fields that every version prints, and `others` that can be absent, or are new. Later versions may print
 * more fields.
 */
export function documentOf(always: Properties, others: Properties = {}) {
  return { type: 'object', required: Object.keys(always), properties: { ...always, ...others } } as const;
}

/** A field that is still there for older programs; `name` is the field to read. */
export function deprecated(schema: Properties, name: string) {
  return { ...schema, deprecated: true, description: `the same as \`${name}\`` } as const;
}

/** The document of `schema` with more fields, which are always there. */
export function extend(
  always: Properties,
  schema: { readonly required: readonly string[]; readonly properties: Properties },
) {
  return {
    type: 'object',
    required: [...Object.keys(always), ...schema.required],
    properties: { ...always, ...schema.properties },
  } as const;
}
