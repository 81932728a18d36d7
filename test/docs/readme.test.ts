// What the README names exists: commands, flags, settings, variables, error codes, files.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { ERROR_TABLE } from '../../src/core/errors.ts';
import { parseSettings } from '../../src/daemon/settings/settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);

const quiet = { write: () => true };
const program = await loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });

function findCommand(words: readonly string[]): { readonly flags: readonly string[] } | undefined {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (child === undefined) return undefined;
    command = child;
  }
  return { flags: command.options.flatMap(({ long }) => (long === undefined ? [] : [long])) };
}

describe('the README', () => {
  test('names only commands that exist, and every one of them in its table', () => {
    const named = [...readme.matchAll(/rolecall ((?:[a-z][a-z-]*)(?: (?:list|sync|start|stop|restart|run)\b)?)/g)]
      .map(([, words = '']) => words)
      .filter(
        (words) => findCommand([words.split(' ')[0] ?? '']) !== undefined || readme.includes(`\`rolecall ${words}`),
      );
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((words) => findCommand(words.split(' ')) === undefined)).toEqual([]);
    const rows = [...readme.matchAll(/^\| `rolecall ([a-z-]+)/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set(program.commands.map((command) => command.name())));
  });

  test('gives the flags in the table to commands that have them', () => {
    const rows = [...readme.matchAll(/^\| `rolecall ([a-z -]+)` \| (.*) \|$/gm)];
    const pairs = rows.flatMap(([, words = '', text = '']) =>
      [...text.matchAll(/`(--[a-z-]+)`/g)].map(([, flag = '']) => ({ words, flag })),
    );
    expect(pairs.length).toBeGreaterThanOrEqual(3);
    expect(pairs.filter(({ words, flag }) => findCommand(words.split(' '))?.flags.includes(flag) !== true)).toEqual([]);
  });

  test('has the whole table of errors', () => {
    const rows = [...readme.matchAll(/^\| (\d) \| ([A-Za-z]+Error) \| (.*) \|$/gm)].map(
      ([, exit, name, codes = '']) => ({
        name,
        exitCode: Number(exit),
        codes: [...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
      }),
    );
    expect(rows).toEqual(
      Object.entries(ERROR_TABLE).map(([name, row]) => ({
        name,
        exitCode: row.exitCode,
        codes: Object.keys(row.codes),
      })),
    );
  });

  test('shows settings that are accepted and that all have an effect', async () => {
    const [toml] = blocks('toml');
    const settings = await parseSettings({ path: 'config.toml', text: toml, environment: {} });
    expect(settings).toMatchObject({ webPort: 0, network: { proxy: 'http://proxy.corp:3128' }, problems: [] });
  });

  test('names npm scripts and files that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm (?:run )?(test|demo|bench)\b/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThanOrEqual(3);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThanOrEqual(3);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('names variables that the source reads', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
      .join('\n');
    const named = new Set([...readme.matchAll(/\b(ROLECALL_[A-Z_]+|AWS_CA_BUNDLE)\b/g)].map(([, name = '']) => name));
    expect(named.size).toBeGreaterThanOrEqual(6);
    expect([...named].filter((name) => !sources.includes(name))).toEqual([]);
  });
});
