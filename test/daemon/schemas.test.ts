// The JSON Schemas that editors get with the package: the very literals by which the daemon checks both files.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { parseSettings } from '../../src/daemon/settings/settings.ts';
import { settingsSchema } from '../../src/daemon/settings/settings-schema.ts';
import { teamSchema } from '../../src/daemon/settings/team-schema.ts';
import { routes, type Route } from '../../src/local-api/routes.ts';

const schemasOf = ({ params, query, body }: Route) => [params, query, body].filter((schema) => schema !== undefined);

const path = (name: string) => fileURLToPath(new URL(`../../schemas/${name}.schema.json`, import.meta.url));

test.each([
  ['config', 'rolecall: config.toml', settingsSchema],
  ['team', 'rolecall: a team file, for rolecall setup --from', teamSchema],
] as const)('%s.schema.json is up to date; `npm run docs` updates it', async (name, title, schema) => {
  const document = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:rolecall:${name}:1`,
    title,
    ...schema,
  };
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(path(name));
});

interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
}

/** Every key and table of a schema, by the path that `valueAt` takes. */
function listKeys(node: Node, path: readonly string[] = []): (readonly [path: string, node: Node])[] {
  const { additionalProperties: named, items } = node;
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, inner]) => [
      [[...path, key].join('.'), inner] as const,
      ...listKeys(inner, [...path, key]),
    ]),
    ...(typeof named === 'object' ? listKeys(named, [...path, 'NAME']) : []),
    ...(items === undefined ? [] : listKeys(items, [...path, '0'])),
  ];
}

const toCamelCase = (key: string) => key.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
const LISTS: Readonly<Record<string, string>> = { role: 'roles', chain: 'chains' };

test.each([
  ['config.toml', settingsSchema, 60],
  ['a team file', teamSchema, 40],
] as const)('every key of %s has a description', (_name, schema, least) => {
  const keys = listKeys(schema as unknown as Node);
  expect(keys.length).toBeGreaterThan(least);
  expect(keys.filter(([, { description = '' }]) => description.trim() === '').map(([path]) => path)).toEqual([]);
});

test('the default of each key is the one in force', async () => {
  const settings = await parseSettings({
    path: '',
    text: '[[role]]\n[[protect]]\n[[chain]]\nrole_arn = "arn:aws:iam::111111111111:role/A"\n',
    environment: {},
  });
  const valueAt = (path: string) =>
    path
      .split('.')
      .map((name, index) => (index === 0 ? (LISTS[name] ?? name) : toCamelCase(name)))
      .reduce<unknown>(
        (holder, name) => (holder as Readonly<Record<string, unknown>> | undefined)?.[toCamelCase(name)],
        settings,
      );
  const leaves = listKeys(settingsSchema as unknown as Node).filter(([path, { properties, items }]) => {
    // What has no name in the effective settings: lists of rules, tables, and the keys of sessions.
    return properties === undefined && items?.properties === undefined && !path.startsWith('session');
  });
  const written = Object.fromEntries(leaves.map(([path, node]) => [path, node.default]));
  const inForce = Object.fromEntries(leaves.map(([path]) => [path, valueAt(path)]));
  // The required key was set above.
  expect(written).toEqual({ ...inForce, 'chain.0.role_arn': undefined });
  expect(Object.values(written).filter((value) => value !== undefined).length).toBeGreaterThan(25);
});

test('each accepts what is right and refuses what is not', () => {
  const check = (name: string) => new Ajv().compile(JSON.parse(readFileSync(path(name), 'utf8')) as object);
  const team = '[session.work]\nstart_url = "https://d-1234567890.awsapps.com/start"\nregion = "us-east-1"\n';
  expect([check('config')(parse('flow = "device"')), check('config')(parse('flwo = "device"'))]).toEqual([true, false]);
  expect([check('team')(parse(team)), check('team')(parse(`${team}browser = "sh"\n`))]).toEqual([true, false]);
});

test('each is one by the rules of JSON Schema, and so are those of every request: the daemon takes that for granted', () => {
  const ajv = new Ajv();
  const schemas = [settingsSchema, teamSchema, ...Object.values<Route>(routes).flatMap(schemasOf)];
  expect(schemas.length).toBeGreaterThan(20);
  for (const schema of schemas) {
    expect({ isValid: ajv.validateSchema(schema), schema, errors: ajv.errors }).toMatchObject({ isValid: true });
  }
});

test('both go with the package', () => {
  const manifest = readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8');
  expect((JSON.parse(manifest) as { files: string[] }).files).toContain('schemas');
});
