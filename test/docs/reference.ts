// Builds the generated sections of docs/ and CONTRIBUTING.md from the definitions in the code.
import type { Command } from 'commander';
import { PARTITIONS } from '../../src/core/aws/partitions.ts';
import { ERROR_TABLE, EXIT_INTERRUPTED, httpStatusOf, type ErrorCode } from '../../src/core/errors.ts';
import { settingsSchema } from '../../src/daemon/settings/settings-schema.ts';
import { CONTROL_PREFIX } from '../../src/emulator/control/control.ts';
import { CONTROL_ROWS } from '../../src/emulator/control/control-table.ts';
import { routes, type Route } from '../../src/local-api/routes.ts';
import { teamSchema } from '../../src/daemon/settings/team-schema.ts';
import { FOLDERS, ROOMS } from '../helpers/house.ts';
import { ERROR_MEANINGS } from './error-meanings.ts';

/** Text of each section by its name. */
export type Sections = Readonly<Record<string, string>>;

const MARKED = /(<!-- generated: ([a-z-]+) -->\n)[\s\S]*?(<!-- end of generated -->)/g;

/** The page with new text in its generated sections. @throws Error: the page and `sections` do not have the same names */
export function fillSections(page: string, sections: Sections): string {
  const found = [...page.matchAll(MARKED)].map(([, , name = '']) => name).toSorted();
  const wanted = Object.keys(sections).toSorted();
  if (found.join() !== wanted.join()) throw new Error(`the page has sections ${found.join()}, not ${wanted.join()}`);
  return page.replaceAll(
    MARKED,
    (_all, start: string, name: string, end: string) => `${start}\n${sections[name]}\n\n${end}`,
  );
}

function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;
const codes = (texts: readonly string[]) => texts.map(code).join(', ');
/** What the man pages and these pages have in common. */
const { VARIABLES, commandsOf, helpAfterOptions, sentence } = (await import(
  new URL('../../.ci/man-pages.mjs', import.meta.url).href
)) as {
  readonly VARIABLES: readonly (readonly [string, string])[];
  readonly commandsOf: (program: Command) => { readonly command: Command; readonly words: string }[];
  readonly helpAfterOptions: (command: Command) => string;
  readonly sentence: (words: string) => string;
};

/** The section of docs/security.md. */
export function hostSections(): Sections {
  const shown = (pattern: string) => code(pattern.replace('{region}', 'REGION'));
  const list = (patterns: readonly string[]) => patterns.map(shown).join(', ') || '–';
  return {
    hosts: formatTable(
      ['partition', 'regions', 'endpoints end with', 'access portals', 'other sign-in pages', 'console, federation'],
      PARTITIONS.toReversed().map(
        ({ name, regionPrefix, dnsSuffix, dualStackDnsSuffix, portals, approval, console }) => [
          code(name),
          regionPrefix === '' ? 'all others' : code(`${regionPrefix}*`),
          codes([dnsSuffix, dualStackDnsSuffix]),
          list(portals),
          list(approval),
          console === undefined ? '–' : codes([`console.${console.domain}`, `signin.${console.domain}`]),
        ],
      ),
    ),
  };
}

/** The section of docs/emulator.md. */
export function emulatorSections(): Sections {
  const rows = CONTROL_ROWS.map(({ method, path, summary }) => [`${method} ${code(CONTROL_PREFIX + path)}`, summary]);
  return { 'control-routes': formatTable(['route', 'does'], rows) };
}

/** The sections of docs/exit-codes.md. */
export function errorSections(): Sections {
  const rows = Object.entries(ERROR_TABLE);
  return {
    classes: formatTable(
      ['exit', 'class', 'codes'],
      rows.map(([name, row]) => [String(row.exitCode), name, codes(Object.keys(row.codes))]),
    ),
    interrupted: `Ctrl-C ends a command with exit code ${EXIT_INTERRUPTED}.`,
    codes: formatTable(
      ['code', 'exit', 'HTTP', 'means', 'try'],
      rows.flatMap(([, { exitCode, codes: hints }]) =>
        Object.entries(hints).map(([name, hint]) => [
          code(name),
          String(exitCode),
          String(httpStatusOf(name as ErrorCode)),
          ERROR_MEANINGS[name as ErrorCode],
          code(hint),
        ]),
      ),
    ),
  };
}

function describeCommand({ command, words }: { command: Command; words: string }): string {
  const help = command.createHelp();
  const usage = help.commandUsage(command).replace(' [options]', '');
  const args = command.registeredArguments.filter(({ description }) => description !== '');
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  const rows = [
    ...args.map((argument) => [code(argument.name()), argument.description]),
    ...options.map((option) => [
      code(option.flags),
      option.description + (option.argChoices === undefined ? '' : `; one of ${codes(option.argChoices)}`),
    ]),
  ];
  return [
    `### rolecall ${words}`,
    `${code(usage)}: ${command.description()}.`,
    ...(rows.length === 0 ? [] : [formatTable(['argument or option', 'meaning'], rows)]),
    ...afterHelp(command),
  ].join('\n\n');
}

function afterHelp(command: Command): string[] {
  const after = helpAfterOptions(command);
  return after === '' ? [] : [`\`\`\`text\n${after}\n\`\`\``];
}

/** The sections of docs/commands.md. */
export function commandSections(program: Command): Sections {
  const commands = commandsOf(program);
  const link = (words: string) => `[${code(`rolecall ${words}`)}](#rolecall-${words.replaceAll(' ', '-')})`;
  return {
    overview: formatTable(
      ['command', 'does'],
      commands.map(({ command, words }) => [link(words), sentence(command.description())]),
    ),
    commands: commands.map(describeCommand).join('\n\n'),
  };
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly description?: string;
  readonly default?: unknown;
  /** Accepted in files, but not part of the documentation. */
  readonly deprecated?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

interface SettingsTable {
  /** As the file has it: `[profiles]`; empty for the keys before the first table. */
  readonly header: string;
  readonly keys: readonly (readonly [name: string, schema: Schema])[];
}

/** The tables of a settings file, the keys without a table first. */
function tablesOf(schema: Schema): SettingsTable[] {
  const entries = Object.entries(schema.properties ?? {});
  const keysOf = (table: Schema | undefined) =>
    Object.entries(table?.properties ?? {}).filter(
      ([, key]) => key.deprecated !== true && key.properties === undefined,
    );
  const tables = entries.flatMap(([name, value]) => {
    if (value.properties !== undefined) return [{ header: `[${name}]`, keys: keysOf(value) }];
    if (value.items?.properties !== undefined) return [{ header: `[[${name}]]`, keys: keysOf(value.items) }];
    if (typeof value.additionalProperties !== 'object') return [];
    const named = value.additionalProperties;
    const inner = Object.entries(named.properties ?? {}).flatMap(([key, table]) =>
      table.properties === undefined ? [] : [{ header: `[${name}.NAME.${key}]`, keys: keysOf(table) }],
    );
    return [{ header: `[${name}.NAME]`, keys: keysOf(named) }, ...inner];
  });
  const isTable = (name: string) => tables.some(({ header }) => /\w+/.exec(header)?.[0] === name);
  return [{ header: '', keys: entries.filter(([name]) => !isTable(name)) }, ...tables];
}

function formatType(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(`"${value}"`)).join(', ');
  if (schema.type === 'array') return 'list of texts';
  const range = formatRange(schema);
  const names: Readonly<Record<string, string>> = { string: 'text', boolean: '`true`, `false`', object: 'table' };
  const name = names[schema.type ?? ''] ?? 'number';
  return range === '' ? name : `${name} ${range}`;
}

function formatRange({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const lowest = exclusiveMinimum === undefined ? minimum : `above ${exclusiveMinimum}`;
  if (lowest === undefined) return maximum === undefined ? '' : `up to ${maximum}`;
  const from = exclusiveMinimum === undefined ? `from ${lowest}` : `${lowest},`;
  return maximum === undefined ? from : `${from} up to ${maximum}`;
}

/** As TOML; a dash when there is none. */
const formatDefault = (schema: Schema) => (schema.default === undefined ? '–' : code(JSON.stringify(schema.default)));

/** The sections of docs/settings.md. */
export function settingsSections(): Sections {
  const keys = tablesOf(settingsSchema as unknown as Schema).map(({ header, keys: rows }) => {
    const table = formatTable(
      ['key', 'value', 'default', 'meaning'],
      rows.map(([name, schema]) => [
        code(name),
        formatType(schema),
        formatDefault(schema),
        sentence(schema.description ?? ''),
      ]),
    );
    return header === '' ? table : `### ${code(header)}\n\n${table}`;
  });
  const team = tablesOf(teamSchema as unknown as Schema).map(({ header, keys: rows }) => {
    const names = codes(rows.map(([name]) => name));
    return header === '' ? `- ${names}` : `- ${code(header)}: ${names}`;
  });
  return {
    keys: keys.join('\n\n'),
    'team-keys': team.join('\n'),
    variables: formatTable(
      ['variable', 'meaning'],
      VARIABLES.map(([name, meaning]) => [codes(name.split(', ')), meaning]),
    ),
  };
}

/** The section of docs/api.md. */
export function apiSections(): Sections {
  const names = (schema: Schema | undefined) => Object.keys(schema?.properties ?? {});
  const rows = Object.values<Route>(routes).map((route) => {
    const query = names(route.query);
    return [
      code(`${route.method} ${route.path}${query.length === 0 ? '' : `?${query.map((name) => `${name}=`).join('&')}`}`),
      route.surfaces.join(', '),
      sentence(route.summary),
      [...new Set([...Object.values(route.statusOfState ?? {}), route.successStatus])].join(', '),
    ];
  });
  return { routes: formatTable(['request', 'surfaces', 'does', 'status'], rows) };
}

/** The sections of CONTRIBUTING.md. */
export function houseSections(): Sections {
  return {
    rooms: formatTable(
      ['room', 'contains', 'may import', 'because'],
      ROOMS.map(({ room, purpose, rooms, why }) => [
        code(`src/${room}/`),
        purpose,
        rooms.length === 0 ? '–' : rooms.map((name) => (name.includes('/') ? code(name) : name)).join(', '),
        why,
      ]),
    ),
    folders: formatTable(
      ['room', 'folders, bottom up'],
      FOLDERS.map(({ room, folders }) => [code(`src/${room}/`), codes(folders)]),
    ),
  };
}
