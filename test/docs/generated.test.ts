// The generated sections of docs/ and CONTRIBUTING.md, and generated files, show what the code says; `npm run docs` updates them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadProgram } from '../../src/cli/parser.ts';
import type { HelpSection } from '../../src/cli/definition.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { formatCommandSchemas } from '../helpers/command-schemas.ts';
import { routes, type Route } from '../../src/local-api/routes.ts';
import {
  apiSections,
  commandSections,
  emulatorSections,
  errorSections,
  fillSections,
  hostSections,
  houseSections,
  settingsSections,
  type Sections,
} from './reference.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const quiet = { write: () => true };
const program = await loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });

const PAGES: readonly (readonly [path: string, sections: Sections])[] = [
  ['docs/api.md', apiSections()],
  ['docs/commands.md', commandSections(program)],
  ['docs/emulator.md', emulatorSections()],
  ['docs/exit-codes.md', errorSections()],
  ['docs/security.md', hostSections()],
  ['docs/settings.md', settingsSections()],
  ['CONTRIBUTING.md', houseSections()],
];

test.each(PAGES)('%s is up to date; `npm run docs` updates it', async (path, sections) => {
  const page = readFileSync(pathOf(path), 'utf8');
  await expect(fillSections(page, sections)).toMatchFileSnapshot(pathOf(path));
});

test('src/local-api/route-addresses.ts is up to date; `npm run docs` updates it', async () => {
  const path = pathOf('src/local-api/route-addresses.ts');
  const [opening = ''] = readFileSync(path, 'utf8').split('\n');
  const rows = Object.entries(routes).map(
    ([name, row]) => `  ${name}: { method: '${row.method}', path: '${row.path}' },`,
  );
  const text = [opening, '', 'export const ROUTE_ADDRESSES = {', ...rows, '} as const;', ''].join('\n');
  expect(rows.length).toBeGreaterThan(30);
  await expect(text).toMatchFileSnapshot(path);
});

test('src/local-api/route-traits.ts is up to date; `npm run docs` updates it', async () => {
  const path = pathOf('src/local-api/route-traits.ts');
  const head = readFileSync(path, 'utf8').split('\n').slice(0, 4);
  const rows = Object.entries<Route>(routes).map(([name, route]) => {
    const { method, path: address, summary, errors, params, query, body, answer, ...traits } = route;
    expect([method, address, summary, errors].length).toBe(4);
    const inputs = Object.entries({ params, query, body }).flatMap(([part, schema]) => (schema ? [part] : []));
    const fields = Object.entries({ ...traits, hasAnswer: answer !== undefined, inputs }).map(
      ([key, value]) => `${key}: ${formatLiteral(value)}`,
    );
    const line = `  ${name}: { ${fields.join(', ')} },`;
    return line.length <= 120 ? line : `  ${name}: {\n${fields.map((field) => `    ${field},\n`).join('')}  },`;
  });
  const text = [
    ...head,
    'export const ROUTE_TRAITS = {',
    ...rows,
    '} as const satisfies Record<RouteName, RouteTraits>;',
    '',
  ];
  await expect(text.join('\n')).toMatchFileSnapshot(path);
});

function formatLiteral(value: unknown): string {
  if (typeof value !== 'object') return JSON.stringify(value).replaceAll('"', "'");
  if (Array.isArray(value)) return `[${value.map(formatLiteral).join(', ')}]`;
  return `{ ${Object.entries(value ?? {})
    .map(([key, inner]) => `${key}: ${formatLiteral(inner)}`)
    .join(', ')} }`;
}

test('schemas/commands.json is up to date; `npm run docs` updates it', async () => {
  await expect(formatCommandSchemas()).toMatchFileSnapshot(pathOf('schemas/commands.json'));
});

test('src/cli/overview.ts is up to date; `npm run docs` updates it', async () => {
  const path = pathOf('src/cli/overview.ts');
  const [opening = ''] = readFileSync(path, 'utf8').split('\n');
  const rows: Record<HelpSection, string[]> = { daily: [], setup: [], integrations: [], troubleshooting: [] };
  const quote = (text: string) => (text.includes("'") ? `"${text}"` : `'${text}'`);
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { section, description } = (await load()).definition;
    if (section === undefined) throw new Error(`src/cli/commands/${name}/definition.ts has no section`);
    rows[section].push(`    ${/^\w+$/.test(name) ? name : quote(name)}: ${quote(description)},`);
  }
  const sections = Object.entries(rows).map(([section, lines]) => `  ${section}: {\n${lines.join('\n')}\n  },`);
  const text = [opening, '', 'export const OVERVIEW = {', ...sections, '} as const;', ''].join('\n');
  await expect(text).toMatchFileSnapshot(path);
});

test('no generated section is empty or has a gap', () => {
  const texts = PAGES.flatMap(([, sections]) => Object.values(sections));
  expect(texts.length).toBeGreaterThan(8);
  expect(texts.filter((text) => text === '' || /undefined|\[object|\| \.? ?\|/.test(text))).toEqual([]);
});

test('a page with other sections than the code gives is refused', () => {
  expect(() => fillSections('<!-- generated: a -->\n<!-- end of generated -->', { b: '' })).toThrow(
    'sections a, not b',
  );
});
