// Checks that what the README and the reference pages in docs/ name exists: commands, flags, settings, variables, error codes, files.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { ERROR_TABLE } from '../../src/core/errors.ts';
import { parseSettings } from '../../src/daemon/settings/settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = textOf('README.md');

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

const namedIn = (text: string) =>
  [...text.matchAll(/rolecall ((?:[a-z][a-z-]*)(?: (?:list|sync|start|stop|restart|run)\b)?)/g)]
    .map(([, words = '']) => words)
    .filter((words) => findCommand([words.split(' ')[0] ?? '']) !== undefined || text.includes(`\`rolecall ${words}`));

describe('the README', () => {
  test('names only commands that exist', () => {
    const named = namedIn(readme);
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((words) => findCommand(words.split(' ')) === undefined)).toEqual([]);
  });

  test('names only npm scripts and files that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm (?:run )?(test|demo|bench)\b/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThanOrEqual(3);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThanOrEqual(3);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('shows the two commands that need nothing but Node', () => {
    for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) expect(readme).toContain(`\n${command} `);
  });

  test('is at most three screens long, the rest is in docs/', () => {
    expect(readme.split('\n').length).toBeLessThan(170);
  });
});

describe('docs/README.md', () => {
  test('lists every page once', () => {
    const listed = [...textOf('docs/README.md').matchAll(/^- \[[^\]]+\]\(([a-z-]+\.md)\)/gm)].map(([, name]) => name);
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
    expect(new Set(listed)).toEqual(new Set(pages));
    expect(listed).toHaveLength(pages.length);
  });
});

describe('docs/commands.md', () => {
  const page = textOf('docs/commands.md');

  test('names only commands that exist, and every one of them in its table', () => {
    const named = namedIn(page);
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((words) => findCommand(words.split(' ')) === undefined)).toEqual([]);
    const rows = [...page.matchAll(/^\| \[`rolecall ([a-z-]+)/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set(program.commands.map((command) => command.name())));
  });

  test('lists only flags that the command has', () => {
    const parts = page.split(/^### rolecall /m).slice(1);
    const pairs = parts.flatMap((text) => {
      const [words = ''] = text.split('\n');
      return [...text.matchAll(/^\| `(?:-[a-z], )?(--[a-z0-9-]+)/gm)].map(([, flag = '']) => ({ words, flag }));
    });
    expect(pairs.length).toBeGreaterThan(40);
    expect(pairs.filter(({ words, flag }) => findCommand(words.split(' '))?.flags.includes(flag) !== true)).toEqual([]);
  });
});

describe('docs/exit-codes.md', () => {
  const page = textOf('docs/exit-codes.md');

  test('has the whole table of errors', () => {
    const rows = [...page.matchAll(/^\| (\d) \| ([A-Za-z]+Error) \| (.*) \|$/gm)].map(([, exit, name, codes = '']) => ({
      name,
      exitCode: Number(exit),
      codes: [...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
    }));
    expect(rows).toEqual(
      Object.entries(ERROR_TABLE).map(([name, row]) => ({
        name,
        exitCode: row.exitCode,
        codes: Object.keys(row.codes),
      })),
    );
  });
});

describe('docs/settings.md', () => {
  const page = textOf('docs/settings.md');

  test('shows settings that are accepted', async () => {
    const [, toml] = /```toml\n([\s\S]*?)```/.exec(page) ?? [];
    const settings = await parseSettings({ path: 'config.toml', text: toml, environment: {} });
    expect(settings).toMatchObject({ webPort: 0, network: { proxy: 'http://proxy.corp:3128' } });
  });

  test('names only variables that the source reads', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
      .join('\n');
    const named = new Set([...page.matchAll(/\b(ROLECALL_[A-Z_]+|AWS_CA_BUNDLE)\b/g)].map(([, name = '']) => name));
    expect(named.size).toBeGreaterThanOrEqual(6);
    expect([...named].filter((name) => !sources.includes(name))).toEqual([]);
  });
});
