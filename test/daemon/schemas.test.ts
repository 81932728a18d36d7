// The JSON Schemas that editors get with the package: the very literals by which the daemon checks both files.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { settingsSchema } from '../../src/daemon/settings/settings-schema.ts';
import { teamSchema } from '../../src/daemon/settings/team-schema.ts';
import { routes, type Route } from '../../src/local-api/routes.ts';

const schemasOf = ({ params, query, body }: Route) => [params, query, body].filter((schema) => schema !== undefined);

const path = (name: string) => fileURLToPath(new URL(`../../schemas/${name}.schema.json`, import.meta.url));

test.each([
  ['config', 'rolecall: config.toml', settingsSchema],
  ['team', 'rolecall: a team file, for rolecall setup --from', teamSchema],
] as const)('%s.schema.json is up to date; `npm run docs` updates it', async (name, title, schema) => {
  const document = { $schema: 'http://json-schema.org/draft-07/schema#', title, ...schema };
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(path(name));
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
