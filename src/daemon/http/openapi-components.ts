// The components of an OpenAPI document: each schema with a title becomes one, and a reference wherever it is used.
import * as approvals from '../../local-api/schemas/approvals.ts';
import * as credentials from '../../local-api/schemas/credentials.ts';
import * as lock from '../../local-api/schemas/lock.ts';
import * as profiles from '../../local-api/schemas/profiles.ts';
import * as roles from '../../local-api/schemas/roles.ts';
import * as setup from '../../local-api/schemas/setup.ts';
import * as signIn from '../../local-api/schemas/sign-in.ts';
import * as status from '../../local-api/schemas/status.ts';
import * as values from '../../local-api/schemas/values.ts';

export type Schema = Readonly<Record<string, unknown>>;

export interface SchemaComponents {
  /** `schema` with a `$ref` in place of each titled part; a description that differs from the component's stays beside it. */
  refer(schema: unknown): unknown;
  /** Everything that was referred to, by name. @throws Error: two different schemas have one title */
  list(): Record<string, unknown>;
}

export function createSchemaComponents(): SchemaComponents {
  const descriptions = findDescriptions();
  const bodies = new Map<string, unknown>();
  // Most schemas are shared constants: each is rewritten once, not at every place that uses it.
  const rewritten = new Map<object, unknown>();

  function refer(schema: unknown): unknown {
    if (typeof schema !== 'object' || schema === null) return schema;
    const known = rewritten.get(schema);
    if (known !== undefined) return known;
    const result = Array.isArray(schema) ? schema.map(refer) : rewrite(schema as Schema);
    rewritten.set(schema, result);
    return result;
  }

  function rewrite(parts: Schema): unknown {
    if (typeof parts['title'] !== 'string') return mapValues(parts, refer);
    const { title, description, ...body } = parts as Schema & { title: string };
    const found = mapValues(body, refer);
    const own = descriptions.has(title) ? descriptions.get(title) : description;
    const component = own === undefined ? found : { description: own, ...found };
    const earlier = bodies.get(title);
    if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(component)) {
      throw new Error(`two different schemas have the title ${title}`);
    }
    bodies.set(title, component);
    return {
      $ref: `#/components/schemas/${title}`,
      ...(description === undefined || description === own ? {} : { description }),
    };
  }

  return {
    refer,
    list: () => Object.fromEntries([...bodies].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** Of the exported schemas: elsewhere they may be spread with a description of that place. */
function findDescriptions(): ReadonlyMap<string, unknown> {
  const exported = [approvals, credentials, lock, profiles, roles, setup, signIn, status, values].flatMap(
    (module) => Object.values(module) as unknown[],
  );
  return new Map(
    exported.flatMap((value) => {
      const { title, description } = value as { title?: string; description?: string };
      return title === undefined ? [] : [[title, description]];
    }),
  );
}

function mapValues(parts: Schema, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parts).map(([key, value]) => [key, change(value)]));
}
