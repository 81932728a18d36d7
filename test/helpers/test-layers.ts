// Sorts test files into layers by what they and their helpers import.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestLayers {
  /** Neither processes nor sockets: no-processes.ts holds that while they run. */
  readonly unit: readonly string[];
  /** Start processes, daemons or emulators; the files of a worker run one after another in one process. */
  readonly shared: readonly string[];
  /** Each in a process of its own. */
  readonly isolated: readonly string[];
  /** Nothing else of the suite runs beside these. */
  readonly alone: readonly string[];
}

/** What has to be done within the time that other programs give us, and what takes the whole machine with fifty programs at once or more. */
const ALONE = ['restart-under-load', 'fifty-clients', 'many-callers', 'cold-start-storm'].map(
  (name) => `test/system/${name}.test.ts`,
);

/** Of those that run beside others: what takes a minute or more, most of it waiting. Without times, vitest begins with the larger files. */
export const LONGEST: readonly string[] = [
  'crash',
  'exec-clients',
  'hints-contents',
  'hints-files',
  'demo',
  'upgrade',
].map((name) => `test/system/${name}.test.ts`);

/** Modules of the repository that start processes, listen or connect. */
export const STARTERS = [
  'src/cli/commands/exec/run-in-place.ts',
  'src/cli/open-browser.ts',
  'src/cli/terminal/pager.ts',
  'src/emulator/emulator.ts',
  'src/exports/emulator.ts',
  'src/exports/start-by-command.ts',
  'src/platform/service/start-daemon.ts',
  'test/helpers/rig.ts',
] as const;

/** Packages and modules of Node that do. */
const STARTS_SOMETHING = /^(node:(child_process|dgram|http|http2|https|net|tls)|playwright-core)$/;

/** What these are about is loaded, or read from the environment, once in a process. */
const NEEDS_OWN_PROCESS = [
  'test/identity-center/ambient.test.ts',
  'test/identity-center/lazy.test.ts',
  'test/secret-store/keychain-absent.test.ts',
  'test/system/keychain-lock.test.ts',
  'test/system/keychain.test.ts',
];

/** Files that start something without importing it: the SDK runs a credential_process by itself, the picker runs fzf. */
const STARTS_UNSEEN = ['test/aws-config/js-sdk.test.ts', 'test/cli/picker/stale-answer.test.ts'];

/** Files that print something for people, when the variable says where to. */
export const ON_DEMAND: Readonly<Record<string, string>> = { 'test/system/hint-table.test.ts': 'ROLECALL_HINT_TABLE' };

/** What a file imports at run time; types are erased before. */
const IMPORT = /^(?:import|export)\s+(?!type\s)(?:[^;]*?\sfrom\s+)?'([^']+)'/gm;

/** Sorts every test file below `root`; paths are relative to it. */
export function findTestLayers(root: string): TestLayers {
  const known = new Map<string, boolean>();
  const starters = new Set(STARTERS.map((name) => join(root, name)));
  const startsSomething = (path: string): boolean => {
    const answer = known.get(path);
    if (answer !== undefined) return answer;
    // Two files that import each other ask for themselves: an answer that is not there yet adds nothing.
    known.set(path, false);
    const specifiers = [...readFileSync(path, 'utf8').matchAll(IMPORT)].map(([, specifier = '']) => specifier);
    const found = specifiers.some((specifier) => {
      const target = specifier.startsWith('.') ? join(path, '..', specifier) : specifier;
      if (STARTS_SOMETHING.test(target) || starters.has(target)) return true;
      // What the product imports is passed in by its tests, and is not started by them.
      return target.startsWith(join(root, 'test')) && existsSync(target) && startsSomething(target);
    });
    known.set(path, found);
    return found;
  };
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .filter((path) => ON_DEMAND[path] === undefined || process.env[ON_DEMAND[path]] !== undefined)
    .toSorted();
  const isUnit = (path: string) =>
    !path.startsWith('test/system/') &&
    !NEEDS_OWN_PROCESS.includes(path) &&
    !STARTS_UNSEEN.includes(path) &&
    !startsSomething(join(root, path));
  const others = files.filter((path) => !ALONE.includes(path) && !isUnit(path));
  return {
    unit: files.filter(isUnit),
    shared: others.filter((path) => !NEEDS_OWN_PROCESS.includes(path)),
    isolated: others.filter((path) => NEEDS_OWN_PROCESS.includes(path)),
    alone: ALONE,
  };
}
