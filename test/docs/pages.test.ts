// Checks that what the README and docs/ show exists: commands with their flags, files, sections, pictures, routes, settings.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Command } from 'commander';
import { loadProgram } from '../../src/cli/parser.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { parseSettings } from '../../src/daemon/settings/settings.ts';
import { routes } from '../../src/local-api/routes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const blocksOf = (text: string, languages: string) =>
  [...text.matchAll(new RegExp(`\`\`\`(?:${languages})(?: run| watch)?\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  );

const quiet = { write: () => true };
const program = await loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });

/** Words after `rolecall` that are not a command, and flags that the command does not have. */
function unknownIn(line: string): string[] {
  const [words = ''] = line.split(/ -- | #|[|>;&]| \(/);
  let command: Command = program;
  const unknown: string[] = [];
  for (const word of words.trim().split(/\s+/)) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (child !== undefined) command = child;
    else if (command.commands.length > 0 && !word.startsWith('-') && word !== '') unknown.push(word);
    else if (/^--[a-z]/.test(word) && !command.options.some(({ long }) => long === word.split('=')[0])) {
      if (!['--help', '--version', '--debug'].includes(word)) unknown.push(`${command.name()} ${word}`);
    }
  }
  return unknown;
}

/** Every command line of a page, in blocks and in sentences. */
const commandsOf = (text: string) => [
  ...blocksOf(text, 'sh|console|json').flatMap((block) =>
    [...block.matchAll(/(?:^|[\s"'(])rolecall (.*)$/gm)].map(([, line = '']) => line.replaceAll(/["')].*$/g, '')),
  ),
  ...[...text.matchAll(/`rolecall ([^`\n]+)`/g)].map(([, line = '']) => line),
];

/** The anchors of the headings of a page, as GitHub makes them. */
const anchorsOf = (page: string) =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );

describe.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...PAGES.map((name) => `docs/${name}`)])('%s', (path) => {
  const text = textOf(path);

  test('shows only commands and flags that exist', () => {
    expect(commandsOf(text).flatMap(unknownIn)).toEqual([]);
  });

  test('links only to files that exist', () => {
    const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
    const links = [...prose.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([]);
  });

  test('links only to sections that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    const missing = links.filter(([, target = '', anchor = '']) => {
      const page = target === '' ? text : textOf(join(dirname(path), target));
      return !anchorsOf(page).includes(anchor);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  test('has settings that the daemon accepts', async () => {
    for (const toml of blocksOf(text, 'toml')) {
      await expect(parseSettings({ path: 'config.toml', text: toml, environment: {} })).resolves.toBeDefined();
    }
  });
});

test('the page on switching shows every way, every format, and pictures of all three places', () => {
  const text = textOf('docs/switching.md');
  const commands = commandsOf(text);
  expect(commands.length).toBeGreaterThan(20);
  const names = new Set(commands.map((line) => line.split(' ')[0]));
  for (const name of ['use', 'whoami', 'shell-init', 'completion', 'exec', 'web', 'tray', 'status', 'console']) {
    expect(names).toContain(name);
  }
  for (const [command, option] of [
    ['tray', '--format'],
    ['status', '--format'],
  ] as const) {
    const found = program.commands
      .find((candidate) => candidate.name() === command)
      ?.options.find(({ long }) => long === option);
    const choices = found?.argChoices ?? [];
    expect(choices.length).toBeGreaterThan(2);
    expect(choices.filter((choice) => !text.toLowerCase().includes(choice))).toEqual([]);
  }
  const shown = [...text.matchAll(/`(GET|PUT) (\/v1\/[a-z]+)`/g)].map(([, method, path]) => `${method} ${path}`);
  expect(shown).toHaveLength(3);
  const known = Object.values(routes).map(({ method, path }) => `${method} ${path}`);
  expect(shown.filter((route) => !known.includes(route))).toEqual([]);
});

test('headings have the anchors that GitHub gives them', () => {
  expect(anchorsOf('## `rolecall exec`\n\n### Terminal, signals, exit status\n')).toEqual([
    'rolecall-exec',
    'terminal-signals-exit-status',
  ]);
});

test('every picture is on a page', () => {
  const pages = ['README.md', ...PAGES.map((name) => `docs/${name}`)].map(textOf).join('\n');
  const pictures = readdirSync(join(root, 'docs', 'pictures'));
  expect(pictures.length).toBeGreaterThan(5);
  expect(pictures.filter((name) => !pages.includes(`pictures/${name}`))).toEqual([]);
});

test.each([
  ['use --curent x', ['use --curent']],
  ['usr x', ['usr', 'x']],
  ['profiles snyc', ['snyc']],
  ['exec Some.Profile -- terraform --version', []],
])('this check finds what is wrong in: rolecall %s', (line, unknown) => {
  expect(unknownIn(line)).toEqual(unknown);
});
