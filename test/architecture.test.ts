// The rules of the source: which room may import which (helpers/house.ts), what each may load, and how every file is built.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FOLDERS, ROOMS } from './helpers/house.ts';
import {
  findBackwardImports,
  findCycles,
  findDanglingImports,
  findDefaultExports,
  findForbiddenImports,
  findMocksOfOurs,
  findModuleState,
  findNameFaults,
  findOpeningFault,
  findStaticFiles,
  findStaticPackages,
  findUnusedPermissions,
  folderOf,
  packageOf,
  parseSource,
  roomOf,
} from './helpers/source-rules.ts';
import type { SourceFile } from './helpers/source-rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Packages that take long to load, beside what a program takes to start, or bring machine code: `what` names them in a failure. */
const HEAVY: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'the AWS SDK', pattern: /^@(aws-sdk|smithy)\// },
  { what: 'a reader of TOML', pattern: /^smol-toml$/ },
  { what: 'a native module', pattern: /^(@napi-rs\/.*|fs-native-extensions)$/ },
];

/** What each program must not load before it is needed, with the reason. */
const LIGHT_ENTRIES: readonly { readonly entry: string; readonly without: readonly string[]; readonly why: string }[] =
  [
    {
      entry: 'src/cli/run-cli.ts',
      without: ['the AWS SDK', 'a reader of TOML', 'a native module'],
      why: 'import cost is what makes a Node CLI slow: bare node 62 ms, the AWS SDK 117 more',
    },
    {
      entry: 'src/tray/main.ts',
      without: ['the AWS SDK', 'a reader of TOML', 'a native module'],
      why: 'a thin client like the CLI',
    },
    {
      entry: 'src/daemon/main.ts',
      without: ['the AWS SDK'],
      why: 'the first answer may come from a cache; the SDK is loaded by the first call to AWS',
    },
    {
      entry: 'src/daemon/daemon.ts',
      without: ['the AWS SDK', 'a reader of TOML'],
      why: 'without settings nothing reads TOML',
    },
  ];

/** Of the daemon, what its first answer does without; each file of ours costs a millisecond or half of one, and brings others. */
const LATE_FILES = [
  'src/aws-config/adoption/adoption-plan.ts',
  'src/aws-config/adoption/credential-source.ts',
  'src/aws-config/adoption/session-book.ts',
  'src/aws-config/chains/chain-profiles.ts',
  'src/aws-config/profiles/plan-changes.ts',
  'src/aws-config/profiles/planned-profiles.ts',
  'src/aws-config/profiles/planned-roles.ts',
  'src/aws-config/profiles/profile-plan.ts',
  'src/aws-config/profiles/profile-text.ts',
  'src/daemon/profiles/adoption.ts',
  'src/daemon/notifications/attendance.ts',
  'src/daemon/notifications/dialog-programs.ts',
  'src/daemon/notifications/freedesktop.ts',
  'src/daemon/notifications/osascript.ts',
  'src/daemon/notifications/windows-toast.ts',
  'src/daemon/http/openapi.ts',
  'src/local-api/routes.ts',
  'src/daemon/http/caller-program.ts',
  'src/daemon/profiles/plan-request.ts',
  'src/daemon/profiles/profile-sync.ts',
  'src/daemon/credentials/console-routes.ts',
  'src/daemon/credentials/grants-routes.ts',
  'src/daemon/roles/accounts-routes.ts',
  'src/daemon/roles/current-routes.ts',
  'src/daemon/sign-in/sign-out.ts',
  'src/daemon/profiles/profile-routes.ts',
  'src/daemon/status/reach-routes.ts',
  'src/daemon/settings/setup-routes.ts',
  'src/daemon/settings/team-routes.ts',
  'src/daemon/settings/settings-file.ts',
  'src/platform/programs/start-browser.ts',
  'src/secret-store/file.ts',
  'src/secret-store/keychain.ts',
  'src/secret-store/memory.ts',
] as const;

/** What reads whole files without a limit, with the reason; anything that a user may have replaced goes through bounded reads. */
const UNBOUNDED_READERS: readonly { readonly path: string; readonly reads: string }[] = [
  { path: 'src/cli/commands/demo/story.ts', reads: 'a home that the demo has just made' },
  { path: 'src/cli/commands/exec/run-in-place.ts', reads: '/proc' },
  { path: 'src/daemon/http/page-files.ts', reads: 'this installation' },
  { path: 'src/daemon/process/credential-process-copy.ts', reads: 'this installation' },
  { path: 'src/daemon/process/passphrase.ts', reads: 'a pipe of the client that started the daemon' },
  { path: 'src/daemon/process/source-lines.ts', reads: 'this installation' },
  { path: 'src/local-api/version.ts', reads: 'this installation' },
  {
    path: 'src/platform/files/folders-above.ts',
    reads: '/proc and /etc, whose users and groups nobody else may write',
  },
  { path: 'src/platform/process/descriptor-limit.ts', reads: '/proc' },
  { path: 'src/platform/process/harden-process.ts', reads: '/proc' },
  { path: 'src/platform/process/process-identity.ts', reads: '/proc' },
  { path: 'src/platform/process/process-tree.ts', reads: '/proc' },
  { path: 'src/service/templates.ts', reads: 'this installation' },
];

/** JSON of the command line that no function of core/format-json prints: an HTTP answer, another program's format, markup. */
const OTHER_JSON = [
  'src/cli/commands/demo/caller-identity.ts',
  'src/cli/commands/demo/story.ts',
  'src/cli/commands/status/bar-line.ts',
] as const;

const PARSED = ['.ts', '.js', '.mjs'];
const COMMENTED = [...PARSED, '.sh', '.css', '.html'];

/** Paths of all files below a folder, from the root; an absent folder has none. */
function listFiles(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .toSorted();
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const parseAll = (paths: readonly string[]): SourceFile[] =>
  paths.filter((path) => PARSED.includes(extname(path))).map((path) => parseSource(path, read(path)));

const [srcPaths, testPaths, binPaths] = [listFiles('src'), listFiles('test'), listFiles('bin')];
const [src, test, bin] = [parseAll(srcPaths), parseAll(testPaths), parseAll(binPaths)];

describe('the walk', () => {
  it('saw the house, and not a part of it', () => {
    for (const path of ['src/core/errors.ts', 'src/sso/ports.ts', 'src/cli/main.ts', 'src/daemon/main.ts']) {
      expect(src.map((file) => file.path)).toContain(path);
    }
    expect(test.map((file) => file.path)).toContain('test/architecture.test.ts');
    expect(bin.map((file) => file.path)).toEqual(['bin/rolecall.js', 'bin/rolecalld.js']);
    // Every import of the house went through the rules below: so few would mean that reading them is broken.
    expect(src.flatMap((file) => file.imports).length).toBeGreaterThan(src.length);
  });

  it('knows the room of every source file', () => {
    const known = ROOMS.map(({ room }) => room);
    expect(srcPaths.filter((path) => !known.includes(roomOf(path) ?? ''))).toEqual([]);
  });
});

describe('the import table', () => {
  it.each(ROOMS)('$room: $why', (rule) => {
    const files = src.filter((file) => roomOf(file.path) === rule.room);
    expect(files.flatMap((file) => findForbiddenImports(file, rule))).toEqual([]);
  });

  it.each(FOLDERS)('folders of $room: $why', (rule) => {
    const files = src.filter((file) => roomOf(file.path) === rule.room);
    expect(files.flatMap((file) => findBackwardImports(file, rule))).toEqual([]);
    const found = new Set(files.map((file) => folderOf(file.path)).filter((folder) => folder !== undefined));
    expect(rule.folders.filter((folder) => !found.has(folder))).toEqual([]);
  });

  it.each(ROOMS)('$room is permitted nothing that it does not use', (rule) => {
    expect(findUnusedPermissions(src, rule)).toEqual([]);
  });

  it('lists each room once, and after the rooms that it may enter', () => {
    const names = ROOMS.map(({ room }) => room);
    expect(new Set(names).size).toBe(names.length);
    for (const [index, { rooms }] of ROOMS.entries()) {
      for (const room of rooms) expect(names.slice(0, index)).toContain(room.split('/')[0]);
    }
  });

  it('src loads only packages that are installed with rolecall', () => {
    const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const loaded = src.flatMap((file) =>
      file.imports
        .filter(({ specifier, kind }) => kind !== 'type' && /^[^.]/.test(specifier) && !specifier.startsWith('node:'))
        .map(({ specifier }) => packageOf(specifier)),
    );
    expect(loaded.filter((name) => !Object.hasOwn(manifest.dependencies, name))).toEqual([]);
  });

  it('the programs in bin load compiled files, and the sources load neither tests nor bin', () => {
    const foreign = bin.flatMap((file) => file.imports.map(({ specifier }) => specifier));
    expect(foreign.filter((specifier) => !specifier.startsWith('../dist/') && !specifier.startsWith('node:'))).toEqual(
      [],
    );
  });
});

describe('the import graph', () => {
  it('has no import that leads nowhere', () => {
    expect(findDanglingImports(src)).toEqual([]);
  });

  it('has no cycles: a cycle is one file that pretends to be several', () => {
    expect(findCycles(src)).toEqual([]);
  });

  it.each(LIGHT_ENTRIES)('$entry loads at once neither of $without: $why', ({ entry, without }) => {
    const packages = [...findStaticPackages(src, entry)];
    const faults = HEAVY.filter(({ what }) => without.includes(what)).flatMap(({ what, pattern }) =>
      packages.filter(([name]) => pattern.test(name)).map(([name, chain]) => `${what}: ${chain} -> ${name}`),
    );
    expect(faults).toEqual([]);
  });

  it.each(['src/daemon/main.ts', 'src/daemon/daemon.ts', 'src/daemon/notifications/desktop.ts'])(
    '%s leaves for later what the first answer does without',
    (entry) => {
      const chains = findStaticFiles(src, entry);
      expect(LATE_FILES.flatMap((path) => chains.get(path)?.join(' -> ') ?? [])).toEqual([]);
      expect(LATE_FILES.filter((path) => !srcPaths.includes(path))).toEqual([]);
    },
  );

  it('src/cli/main.ts loads only what the line for a prompt and the help need', () => {
    const files = [...findStaticFiles(src, 'src/cli/main.ts').keys()].toSorted();
    expect(files).toEqual([
      'src/cli/answer-at-once.ts',
      'src/cli/commands/status/prompt-file.ts',
      'src/cli/main.ts',
      'src/cli/overview.ts',
      'src/cli/print-overview.ts',
      'src/cli/terminal/display-width.ts',
      'src/cli/terminal/standard-output.ts',
      'src/core/text/harmless-text.ts',
      'src/local-api/paths.ts',
      'src/platform/files/bounded-read.ts',
      'src/platform/files/stat-sync.ts',
    ]);
  });

  it('knows packages that are heavy, all of which some room uses', () => {
    const used = src.flatMap((file) => file.imports.map(({ specifier }) => packageOf(specifier)));
    for (const { pattern } of HEAVY) expect(used.some((name) => pattern.test(name))).toBe(true);
    for (const { without } of LIGHT_ENTRIES) {
      for (const what of without) expect(HEAVY.map((row) => row.what)).toContain(what);
    }
  });
});

describe('every file', () => {
  const all = [...src, ...test, ...bin];

  it('keeps no state of the module: two daemons in one test must not meet', () => {
    expect(src.flatMap(findModuleState)).toEqual([]);
  });

  it('reads files that a user may have replaced by bounded reads', () => {
    const reader = /\bimport \{[^}]*\b(readFile|readFileSync|createReadStream)\b[^}]*\} from 'node:fs/;
    const found = srcPaths.filter((path) => reader.test(read(path)));
    expect(found).toEqual(UNBOUNDED_READERS.map(({ path }) => path));
  });

  it('looks at files synchronously by platform/stat-sync.ts, which says why', () => {
    const looker = /\bimport \{[^}]*\b[lf]?statSync\b[^}]*\} from 'node:fs'/;
    expect(srcPaths.filter((path) => looker.test(read(path)))).toEqual(['src/platform/files/stat-sync.ts']);
  });

  it('of the command line prints JSON with its controls escaped', () => {
    const paths = srcPaths.filter((path) => path.startsWith('src/cli/') && read(path).includes('JSON.stringify('));
    expect(paths).toEqual(OTHER_JSON);
  });

  it('is tested as it is, never as a mock of it', () => {
    expect(test.flatMap(findMocksOfOurs)).toEqual([]);
  });

  it('exports by name', () => {
    expect(all.flatMap(findDefaultExports)).toEqual([]);
  });

  it('opens with one sentence on what it is for', () => {
    const paths = [...srcPaths, ...testPaths].filter((path) => COMMENTED.includes(extname(path)));
    expect([...paths, ...binPaths].flatMap((path) => findOpeningFault(path, read(path)))).toEqual([]);
  });

  it('has no conflict markers of git', () => {
    const here = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = [...here.map(({ name }) => name), ...['.github', 'docs'].flatMap(listFiles)];
    const marked = (path: string) => /^(?:<{7}|\|{7}|>{7})(?: |$)/m.test(read(path));
    expect([...paths, ...srcPaths, ...testPaths, ...binPaths].filter(marked)).toEqual([]);
  });

  it('has a kebab-case name that says something', () => {
    expect([...srcPaths, ...testPaths, ...binPaths].flatMap(findNameFaults)).toEqual([]);
  });
});
