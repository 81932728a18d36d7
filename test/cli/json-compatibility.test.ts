// What --json prints is as schemas/commands.json says, and each field of version 0.1.0 is still there, in the same situation.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, expect, test } from 'vitest';
import { nameOfDocument } from '../../src/cli/documents/command-documents.ts';
import { runJsonScenarios, type JsonScenarioRun } from '../helpers/json-scenarios.ts';
import { systemPart } from '../helpers/system.ts';

interface Recorded {
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly document?: unknown;
}

const folder = new URL('../fixtures/json-0-1-0/', import.meta.url);
const recorded = new Map(
  readdirSync(folder).flatMap((file) => {
    const states = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Record<string, Recorded>;
    return Object.entries(states).map(([state, run]) => [`${file.replace('.json', '')} ${state}`, run] as const);
  }),
);

const keyOf = ({ command, state }: { readonly command: string; readonly state: string }) =>
  `${command.replace(/^--/, '').replaceAll(' ', '-')} ${state}`;

/** The paths of fields that `now` lacks: `sessions[].state`. A list counts as one item with the fields of all. */
function findLost(before: unknown, now: unknown, path = ''): string[] {
  if (before === null || now === null) return [];
  if (Array.isArray(before)) {
    if (!Array.isArray(now)) return [path];
    return before.length === 0 || now.length === 0 ? [] : findLost(mergeItems(before), mergeItems(now), `${path}[]`);
  }
  if (typeof before !== 'object') return typeof before === typeof now ? [] : [path];
  if (typeof now !== 'object') return [path];
  return Object.entries(before).flatMap(([name, value]) =>
    Object.hasOwn(now, name)
      ? findLost(value, (now as Record<string, unknown>)[name], `${path}.${name}`)
      : [`${path}.${name}`],
  );
}

function mergeItems(items: readonly unknown[]): unknown {
  const isOfObjects = items.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));
  return isOfObjects ? Object.assign({}, ...(items as object[])) : items[0];
}

const published = JSON.parse(readFileSync(new URL('../../schemas/commands.json', import.meta.url), 'utf8')) as object;
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(published, 'commands');

/** What is wrong with it by the schema of its command. */
function findFaults(command: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(`commands#/$defs/${nameOfDocument(command)}`);
  if (validate === undefined) return [`schemas/commands.json has no ${nameOfDocument(command)}`];
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** `ls` and `log` have two documents; the second word of `argv` says which. */
function documentOf(argv: readonly string[]): string {
  const words = argv.filter((word) => word !== '--json');
  if (words[0] === 'ls') return words.includes('--roles') ? 'ls roles' : 'ls accounts';
  if (words[0] === 'log') return words.includes('--verify') ? 'log verify' : 'log line';
  if (words[0] === 'login') return 'login line';
  if (words[0] === '--version') return 'version';
  const isGroup = ['config', 'profiles', 'passkey', 'service', 'daemon'].includes(words[0] ?? '');
  return words.slice(0, isGroup ? 2 : 1).join(' ');
}

/** Each line is a document of its own. */
const documentsIn = (document: unknown): readonly unknown[] => {
  if (document === undefined) return [];
  return Array.isArray(document) ? document : [document];
};

let runs: readonly JsonScenarioRun[];
beforeAll(async () => {
  runs = await runJsonScenarios();
});

test('each document, note and error is as schemas/commands.json says', () => {
  for (const { command, state, argv, document, stderr, exitCode } of runs) {
    const name = documentOf(argv);
    const faults = documentsIn(document).flatMap((each) => findFaults(name, each));
    const lines = stderr
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { readonly exitCode?: number });
    faults.push(...lines.flatMap((line) => findFaults(line.exitCode === undefined ? 'note line' : 'error line', line)));
    expect({ command, state, faults }).toEqual({ command, state, faults: [] });
    // `doctor` and `log --verify` say by the exit code alone what they found.
    if (exitCode === 0 || command === 'doctor') continue;
    expect({ command, state, exitCode: lines.at(-1)?.exitCode }).toEqual({ command, state, exitCode });
  }
});

test('a document that is none, and a command without a schema, would be found', () => {
  expect(findFaults('config path', { path: 1 })).toEqual([
    " must have required property 'exists'",
    '/path must be string',
  ]);
  expect(findFaults('tray', {})).toEqual(['schemas/commands.json has no TrayDocument']);
});

test('each document of 0.1.0 is still one by the schema, except that of `login`, which has several lines now', () => {
  for (const [key, { argv, document }] of recorded) {
    if (argv[0] === 'login') continue;
    const faults = documentsIn(document).flatMap((each) => findFaults(documentOf(argv), each));
    expect({ key, faults }).toEqual({ key, faults: [] });
  }
});

/** Without ss, nobody can tell which process asked, so that no line of the log has it. */
const NEEDS_SS = systemPart('ss (who asks over the socket)', '/usr/bin/ss') ? [] : ['[].program.isVerified'];

test('each field of a document of 0.1.0 is still printed', () => {
  const byKey = new Map(runs.map((run) => [keyOf(run), run]));
  expect(recorded.size).toBeGreaterThan(50);
  for (const [key, { argv, exitCode, document }] of recorded) {
    const run = byKey.get(key);
    // A command that had no --json then.
    if (argv[0] === 'passkey' && argv[1] === 'remove') continue;
    const now = argv[0] === 'login' ? documentsIn(run?.document).at(-1) : run?.document;
    const lost = findLost(document, now).filter((path) => !NEEDS_SS.includes(path));
    expect({ key, exitCode: run?.exitCode, lost }).toEqual({ key, exitCode, lost: [] });
  }
});

test('a lost field, and one of another type, would be found', () => {
  expect(findLost({ a: [{ b: 1 }, { c: 'x' }] }, { a: [{ b: 1 }, { d: 1 }] })).toEqual(['.a[].c']);
  expect(findLost({ a: { b: 1 } }, { a: { b: '1' } })).toEqual(['.a.b']);
  expect(findLost({ a: [1], b: null }, { a: [2, 3], b: {}, c: 1 })).toEqual([]);
});
