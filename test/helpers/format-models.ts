// Writes TypeScript types for the components and operations of an OpenAPI document: `src/exports/models.ts`.

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Content>>;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Components whose names would hide a global of TypeScript in the file that imports them. */
const RENAMED: Readonly<Record<string, string>> = { Error: 'ErrorBody', Event: 'EventMessage' };

const METHODS: ReadonlySet<string> = new Set(['get', 'post', 'put', 'delete']);

/** The text of the module. @throws Error: a schema has a form that nothing here understands */
export function formatModels(document: OpenApiDocument): string {
  const models = Object.entries(document.components.schemas).map(([name, schema]) => formatModel(name, schema));
  const operations = Object.values(document.paths)
    .flatMap((path) => Object.entries(path))
    .filter(([method]) => METHODS.has(method))
    .map(([, operation]) => formatOperation(operation));
  return `// The documents of the local API as types, for other programs. Generated from its OpenAPI document: \`npm run docs\`.

${models.join('\n\n')}

/** Every operation of the socket that answers once: what it takes, and what it answers. */
export interface Operations {
${operations.join('\n')}
}
`;
}

function formatModel(name: string, schema: Schema): string {
  const text = formatType(schema, '');
  const declared = RENAMED[name] ?? name;
  const isInterface = schema.type === 'object' && text.startsWith('{');
  const declaration = isInterface ? `interface ${declared} ${text}` : `type ${declared} = ${text};`;
  return `${comment(schema.description, '')}export ${declaration}`;
}

function formatType(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => formatType(each, indent)).join(' | ');
  if (Array.isArray(schema.type)) {
    return (schema.type as readonly string[]).map((type) => formatType({ ...schema, type }, indent)).join(' | ');
  }
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array': {
      const item = formatType(schema.items ?? {}, indent);
      return item.includes(' | ') ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    case 'object':
      return formatObject(schema, indent);
    case undefined:
      if (Object.keys(schema).every((key) => key === 'description' || key === 'examples')) return 'unknown';
  }
  throw new Error(`No type for ${JSON.stringify(schema)}`);
}

function formatObject({ properties, required = [], additionalProperties }: Schema, indent: string): string {
  if (properties === undefined) {
    const value = typeof additionalProperties === 'object' ? formatType(additionalProperties, indent) : 'unknown';
    return `Readonly<Record<string, ${value}>>`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const mark = required.includes(name) ? '' : '?';
    return `${comment(property.description, inner)}${inner}readonly ${name}${mark}: ${formatType(property, inner)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function formatOperation({ operationId, summary, parameters = [], requestBody, responses }: Operation): string {
  const [, success] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
  const answer = Object.entries(success?.content ?? {})[0];
  // A stream, which `events()` reads.
  if (answer?.[0] === 'text/event-stream') return '';
  const inQuery = parameters.filter((one) => one.in === 'query');
  const input: Schema = {
    type: 'object',
    properties: {
      ...Object.fromEntries(parameters.filter((one) => one.in === 'path').map(({ name, schema }) => [name, schema])),
      ...(inQuery.length === 0 ? {} : { query: describeQuery(inQuery) }),
      ...(requestBody === undefined ? {} : { body: Object.values(requestBody.content ?? {})[0]?.schema ?? {} }),
    },
    required: [
      ...parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      ...(inQuery.some((one) => one.required === true) ? ['query'] : []),
      ...(requestBody?.required === true ? ['body'] : []),
    ],
  };
  const takesNothing = Object.keys(input.properties ?? {}).length === 0;
  return `${comment(summary, '  ')}  readonly ${operationId}: {
    readonly input: ${takesNothing ? 'Readonly<Record<string, never>>' : formatObject(input, '    ')};
    readonly answer: ${answer === undefined ? 'undefined' : formatType(answer[1].schema, '    ')};
  };`;
}

function describeQuery(parameters: NonNullable<Operation['parameters']>): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(
      parameters.map(({ name, description, schema }) => [
        name,
        description === undefined ? schema : { ...schema, description },
      ]),
    ),
    required: parameters.filter(({ required }) => required === true).map(({ name }) => name),
  };
}

function nameOf(reference: string): string {
  const name = reference.split('/').at(-1) ?? '';
  return RENAMED[name] ?? name;
}

function comment(description: string | undefined, indent: string): string {
  return description === undefined ? '' : `${indent}/** ${description.replaceAll('*/', '*\\/')} */\n`;
}
