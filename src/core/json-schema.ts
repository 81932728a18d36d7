// Checks values against JSON Schemas, with the keywords of our requests and settings files and without a compiler.

type TypeName = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';

/** What a schema may contain; other keywords only describe. */
interface Rules {
  readonly type?: TypeName | readonly TypeName[];
  readonly maximum?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly object[];
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly items?: object;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | object;
  readonly properties?: Readonly<Record<string, object>>;
}

export interface SchemaFault {
  readonly keyword: keyof Rules;
  /** The keys and indexes that lead to the value. */
  readonly path: readonly string[];
  /** What is expected, as a clause. */
  readonly message: string;
  /** The missing key of `required`, the unknown one of `additionalProperties`. */
  readonly key?: string;
  /** The values of `enum`. */
  readonly allowed?: readonly unknown[];
}

/**
 * The first fault of `value`; undefined if it fits. Ignores keywords that it does not know, and sees own properties only.
 * Faults, their order and their messages are Ajv's. @see https://json-schema.org/draft-07/json-schema-validation
 */
export function findSchemaFault(schema: object, value: unknown, path: readonly string[] = []): SchemaFault | undefined {
  const rules: Rules = schema;
  return (
    checkType(rules, value, path) ??
    (typeof value === 'number' ? checkNumber(rules, value, path) : undefined) ??
    (typeof value === 'string' ? checkString(rules, value, path) : undefined) ??
    checkChoice(rules, value, path) ??
    (Array.isArray(value) ? checkArray(rules, value, path) : undefined) ??
    (isObject(value) ? checkObject(rules, value, path) : undefined)
  );
}

type Path = readonly string[];

function checkType({ type }: Rules, value: unknown, path: Path): SchemaFault | undefined {
  if (type === undefined) return undefined;
  const types = typeof type === 'string' ? [type] : type;
  if (types.some((name) => isOfType(name, value))) return undefined;
  return { keyword: 'type', path, message: `must be ${types.join(',')}` };
}

function isOfType(name: TypeName, value: unknown): boolean {
  switch (name) {
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return isObject(value);
    case 'boolean':
    case 'string':
      return typeof value === name;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkNumber(rules: Rules, value: number, path: Path): SchemaFault | undefined {
  const { maximum, minimum, exclusiveMinimum } = rules;
  if (maximum !== undefined && value > maximum) return { keyword: 'maximum', path, message: `must be <= ${maximum}` };
  if (minimum !== undefined && value < minimum) return { keyword: 'minimum', path, message: `must be >= ${minimum}` };
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    return { keyword: 'exclusiveMinimum', path, message: `must be > ${exclusiveMinimum}` };
  }
  return undefined;
}

function checkString({ maxLength, minLength, pattern }: Rules, value: string, path: Path): SchemaFault | undefined {
  if (maxLength !== undefined && countCharacters(value) > maxLength) {
    return { keyword: 'maxLength', path, message: `must NOT have more than ${maxLength} characters` };
  }
  if (minLength !== undefined && countCharacters(value) < minLength) {
    return { keyword: 'minLength', path, message: `must NOT have fewer than ${minLength} characters` };
  }
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    return { keyword: 'pattern', path, message: `must match pattern "${pattern}"` };
  }
  return undefined;
}

/** In code points, as JSON Schema counts. */
const countCharacters = (text: string) => text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);

function checkChoice(rules: Rules, value: unknown, path: Path): SchemaFault | undefined {
  if (Object.hasOwn(rules, 'const') && value !== rules.const) {
    return { keyword: 'const', path, message: 'must be equal to constant' };
  }
  if (rules.enum?.includes(value) === false) {
    return { keyword: 'enum', path, message: 'must be equal to one of the allowed values', allowed: rules.enum };
  }
  if (rules.anyOf === undefined) return undefined;
  let first: SchemaFault | undefined;
  for (const schema of rules.anyOf) {
    const fault = findSchemaFault(schema, value, path);
    if (fault === undefined) return undefined;
    first ??= fault;
  }
  return first;
}

function checkArray(rules: Rules, value: readonly unknown[], path: Path): SchemaFault | undefined {
  const { maxItems, minItems, items } = rules;
  if (maxItems !== undefined && value.length > maxItems) {
    return { keyword: 'maxItems', path, message: `must NOT have more than ${maxItems} items` };
  }
  if (minItems !== undefined && value.length < minItems) {
    return { keyword: 'minItems', path, message: `must NOT have fewer than ${minItems} items` };
  }
  if (items === undefined) return undefined;
  for (const [index, item] of value.entries()) {
    const fault = findSchemaFault(items, item, [...path, String(index)]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function checkObject(
  { maxProperties, required = [], additionalProperties = true, properties = {} }: Rules,
  value: Readonly<Record<string, unknown>>,
  path: Path,
): SchemaFault | undefined {
  const keys = Object.keys(value);
  if (maxProperties !== undefined && keys.length > maxProperties) {
    return { keyword: 'maxProperties', path, message: `must NOT have more than ${maxProperties} properties` };
  }
  const missing = required.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) {
    return { keyword: 'required', path, message: `must have required property '${missing}'`, key: missing };
  }
  if (additionalProperties !== true) {
    for (const key of keys) {
      if (Object.hasOwn(properties, key)) continue;
      if (additionalProperties === false) {
        return { keyword: 'additionalProperties', path, message: 'must NOT have additional properties', key };
      }
      const fault = findSchemaFault(additionalProperties, value[key], [...path, key]);
      if (fault !== undefined) return fault;
    }
  }
  for (const [key, schema] of Object.entries(properties)) {
    if (!Object.hasOwn(value, key)) continue;
    const fault = findSchemaFault(schema, value[key], [...path, key]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
