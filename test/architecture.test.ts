// The walls of the house: which room may enter which, what each may bring along, and how every file is built.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
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
import type { FolderRule, RoomRule, SourceFile } from './helpers/source-rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** In order of dependency, which is the order to read the house in. */
const ROOMS: readonly RoomRule[] = [
  {
    room: 'core',
    rooms: [],
    packages: [],
    builtins: ['util'],
    why: 'the vocabulary everybody speaks: if it knew a room or did I/O, everybody would',
  },
  {
    room: 'sso',
    rooms: ['core'],
    packages: [],
    builtins: ['crypto'],
    why: 'the domain sees AWS, keychain and disk only through its two ports, so that a fake clock can drive all of it',
  },
  {
    room: 'platform',
    rooms: ['core'],
    packages: ['@homebridge/dbus-native', 'fs-native-extensions', 'open', 'smol-toml'],
    builtins: ['*'],
    why: "the operating system's side: files, sockets and processes, without a word of what rolecall does with them",
  },
  {
    room: 'identity-center',
    rooms: ['core', 'platform', 'sso/ports'],
    packages: [
      '@aws-sdk/client-sso',
      '@aws-sdk/client-sso-oidc',
      '@aws-sdk/client-sts',
      '@smithy/node-http-handler',
      'https-proxy-agent',
      'proxy-from-env',
    ],
    builtins: ['*'],
    why: 'the only place that speaks to AWS; it never imports the emulator, or both could share one mistake',
  },
  {
    room: 'secret-store',
    rooms: ['core', 'platform', 'sso/ports'],
    packages: ['@napi-rs/keyring'],
    builtins: ['*'],
    why: 'the only place that touches the OS keychain',
  },
  {
    room: 'aws-config',
    rooms: ['core', 'platform'],
    packages: [],
    builtins: ['*'],
    why: "the only place that writes the user's shared config file",
  },
  {
    room: 'local-api',
    rooms: ['core', 'platform'],
    packages: ['json-schema-to-ts'],
    builtins: ['*'],
    why: 'the contract: clients load it at every start, so it brings nothing along but types',
  },
  {
    room: 'service',
    rooms: ['core', 'platform', 'local-api'],
    packages: [],
    builtins: ['*'],
    why: 'fills two templates and calls systemctl or launchctl',
  },
  {
    room: 'daemon',
    rooms: ['core', 'platform', 'sso', 'identity-center', 'secret-store', 'aws-config', 'local-api'],
    packages: ['ajv', 'fastify', 'smol-toml', 'yaml'],
    builtins: ['*'],
    why: 'the composition root may enter every room of the service, and no client of it',
  },
  {
    room: 'cli',
    rooms: [
      'core',
      'platform',
      'local-api',
      'service',
      'aws-config/document/document',
      'aws-config/document/default-credentials',
      'aws-config/document/credentials-names',
    ],
    packages: ['commander', 'open', '@aws-sdk/client-sts'],
    builtins: ['*'],
    why: "a thin client: what it needs from the daemon it asks over the socket; STS is the demo's witness, a process of its own; exec copies and use checks the AWS files of its caller's environment, which the daemon does not see, by the three pure files that know their form",
  },
  {
    room: 'tray',
    rooms: ['core', 'platform', 'local-api'],
    packages: ['open'],
    builtins: ['*'],
    why: 'a thin client like the CLI, and independent of it',
  },
  {
    room: 'web',
    rooms: [
      'local-api/schemas',
      'core/search/role-index',
      'core/search/role-marks',
      'core/search/role-match',
      'core/search/search-words',
    ],
    packages: [],
    builtins: [],
    why: 'plain files for a browser; of core it has the search, which is plain JavaScript too; the types of what the daemon sends are for the checker alone',
  },
  {
    room: 'emulator',
    rooms: ['core', 'platform'],
    packages: [],
    builtins: ['*'],
    why: "AWS's side of the wire: knowing our side would let both share one mistake",
  },
];

/** The folders of a room, bottom up: a folder imports only folders before it, and files beside the folders only where the row says so. */
const FOLDERS: readonly FolderRule[] = [
  {
    room: 'daemon',
    folders: [
      'process',
      'state-files',
      'audit',
      'http',
      'settings',
      'shared-config',
      'notifications',
      'web-access',
      'roles',
      'profiles',
      'sign-in',
      'credentials',
      'status',
    ],
    top: 'above',
    why: 'one folder a capability, so that the next one is a folder and a line',
  },
  {
    room: 'sso',
    folders: ['resilience', 'session', 'roles'],
    top: 'anywhere',
    why: 'roles need a session, and a session knows no role; ports and faults are the words of all three',
  },
  {
    room: 'platform',
    folders: ['process', 'files', 'programs', 'sockets', 'bus', 'port-keeper', 'service'],
    top: 'above',
    why: 'one folder for each part of the operating system',
  },
  {
    room: 'aws-config',
    folders: ['document', 'files', 'sessions', 'profiles', 'adoption'],
    top: 'above',
    why: 'the text of the file is known before anything is planned in it',
  },
  {
    room: 'emulator',
    folders: ['http', 'directory', 'sessions', 'pages', 'aws', 'control'],
    top: 'above',
    why: 'what AWS keeps, then its pages and its API, then what a test may do to all of it',
  },
  {
    room: 'cli',
    folders: ['terminal', 'environment', 'shell', 'profiles', 'picker', 'commands', 'command-tree'],
    top: 'anywhere',
    why: 'what commands share, then one folder a command',
  },
  {
    room: 'tray',
    folders: ['text', 'linux'],
    top: 'anywhere',
    why: 'the menu is data, and each host has a renderer that knows no other',
  },
];

/** Packages that take long to load, beside what a program takes to start, or bring machine code: `what` names them in a failure. */
const HEAVY: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'the AWS SDK', pattern: /^@(aws-sdk|smithy)\// },
  { what: 'Fastify', pattern: /^(fastify|@fastify\/.*)$/ },
  { what: 'a schema compiler', pattern: /^(ajv|@sinclair\/typebox)$/ },
  { what: 'a reader of TOML', pattern: /^smol-toml$/ },
  { what: 'a native module', pattern: /^(@napi-rs\/.*|fs-native-extensions)$/ },
];

/** What each program must not load before it is needed, with the reason. */
const LIGHT_ENTRIES: readonly { readonly entry: string; readonly without: readonly string[]; readonly why: string }[] =
  [
    {
      entry: 'src/cli/main.ts',
      without: ['the AWS SDK', 'Fastify', 'a schema compiler', 'a reader of TOML', 'a native module'],
      why: 'import cost is what makes a Node CLI slow: bare node 62 ms, the AWS SDK 117 more, Fastify 135 more',
    },
    {
      entry: 'src/tray/main.ts',
      without: ['the AWS SDK', 'Fastify', 'a schema compiler', 'a reader of TOML', 'a native module'],
      why: 'a thin client like the CLI',
    },
    {
      entry: 'src/daemon/main.ts',
      without: ['the AWS SDK'],
      why: 'the first answer may come from a cache; the SDK is loaded by the first call to AWS',
    },
    {
      entry: 'src/daemon/daemon.ts',
      without: ['the AWS SDK', 'a schema compiler', 'a reader of TOML'],
      why: 'without settings nothing reads TOML, and the first answer checks nothing',
    },
  ];

/** Of the daemon, what its first answer does without; each file of ours costs a millisecond or half of one, and brings others. */
const LATE_FILES = [
  'src/aws-config/adoption/adoption-plan.ts',
  'src/aws-config/profiles/profile-plan.ts',
  'src/daemon/profiles/adoption.ts',
  'src/daemon/notifications/attendance.ts',
  'src/daemon/notifications/freedesktop.ts',
  'src/daemon/notifications/osascript.ts',
  'src/daemon/notifications/windows-toast.ts',
  'src/daemon/http/openapi.ts',
  'src/daemon/profiles/profile-sync.ts',
  'src/daemon/credentials/console-routes.ts',
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
  { path: 'src/local-api/version.ts', reads: 'this installation' },
  {
    path: 'src/platform/files/folders-above.ts',
    reads: '/proc and /etc, whose users and groups nobody else may write',
  },
  { path: 'src/platform/process/core-dumps.ts', reads: '/proc' },
  { path: 'src/platform/process/descriptor-limit.ts', reads: '/proc' },
  { path: 'src/platform/process/process-identity.ts', reads: '/proc' },
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
    expect([...found].toSorted()).toEqual(rule.folders.toSorted());
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
    expect(srcPaths.filter((path) => looker.test(read(path)))).toEqual([]);
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

  it('has a kebab-case name that says something', () => {
    expect([...srcPaths, ...testPaths, ...binPaths].flatMap(findNameFaults)).toEqual([]);
  });
});
