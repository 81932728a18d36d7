// Tests each rule with code that it must report and similar code that it must not.
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
  packageOf,
  parseSource,
  roomOf,
} from './source-rules.ts';
import type { RoomRule } from './source-rules.ts';

const HALL: RoomRule = {
  room: 'hall',
  rooms: ['core', 'sso/ports'],
  packages: ['@scope/name'],
  builtins: ['util'],
  why: 'planted',
};

describe('parseSource', () => {
  it('sees every way to import, and what is erased', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from './b.ts';",
      "import './c.ts';",
      "export { d } from './d.ts';",
      "export type { E } from './e.ts';",
      "export * from './f.ts';",
      "export type * from './g.ts';",
      "const h = await import('./h.ts');",
      'const i = () => import(`./i.ts`);',
      "type J = import('./j.ts').J;",
      "const k = require('./k.ts');",
      'const require = createRequire(import.meta.url);',
      "const m = () => createRequire(import.meta.url)('./m.ts');",
    ].join('\n');
    const { imports, opaqueImportLines } = parseSource('src/hall/x.ts', text);
    const seen = imports
      .toSorted((one, other) => one.line - other.line)
      .map(({ specifier, kind, line }) => `${line} ${kind} ${specifier}`);
    expect(seen).toEqual([
      '1 static ./a.ts',
      '2 type ./b.ts',
      '3 static ./c.ts',
      '4 static ./d.ts',
      '5 type ./e.ts',
      '6 static ./f.ts',
      '7 type ./g.ts',
      '8 dynamic ./h.ts',
      '9 dynamic ./i.ts',
      '10 type ./j.ts',
      '11 static ./k.ts',
      '13 dynamic ./m.ts',
    ]);
    expect(opaqueImportLines).toEqual([]);
  });

  it('marks imports that only running them would tell', () => {
    const text =
      'await import(name);\nrequire(name);\nconst load = createRequire(import.meta.url);\nawait import(`./${name}.ts`);';
    expect(new Set(parseSource('src/hall/x.ts', text).opaqueImportLines)).toEqual(new Set([1, 2, 3, 4]));
  });

  it('takes no comment or string for an import', () => {
    const text = "// import './a.ts';\nconst text = \"import './b.ts'\";";
    expect(parseSource('src/hall/x.ts', text).imports).toEqual([]);
  });

  it('refuses what it cannot parse', () => {
    expect(() => parseSource('src/hall/x.ts', 'import {')).toThrow('src/hall/x.ts cannot be parsed');
  });
});

describe('the import table', () => {
  const check = (text: string) => findForbiddenImports(parseSource('src/hall/deep/x.ts', text), HALL);

  it('lets a room use itself and what its row lists', () => {
    const text = [
      "import '../y.ts';",
      "import './z.ts';",
      "import '../../core/a.ts';",
      "import '../../sso/ports.ts';",
      "import '@scope/name/deep';",
      "import 'node:util';",
    ].join('\n');
    expect(check(text)).toEqual([]);
  });

  it.each([
    ["import '../../sso/broker.ts';", 'src/hall/deep/x.ts:1 imports src/sso/broker.ts'],
    ["import type { A } from '../../sso/broker.ts';", 'src/hall/deep/x.ts:1 imports src/sso/broker.ts'],
    ["await import('../../daemon/main.ts');", 'src/hall/deep/x.ts:1 imports src/daemon/main.ts'],
    ["import '../../../test/helpers/x.ts';", 'src/hall/deep/x.ts:1 imports test/helpers/x.ts'],
    ["import '../../../package.json';", 'src/hall/deep/x.ts:1 imports package.json'],
    ["import '@scope/other';", 'src/hall/deep/x.ts:1 imports the package @scope/other'],
    ["import 'name';", 'src/hall/deep/x.ts:1 imports the package name'],
    ["import type { A } from 'name/deep';", 'src/hall/deep/x.ts:1 imports the package name'],
    ["import 'node:fs';", 'src/hall/deep/x.ts:1 imports node:fs'],
    ["import 'fs';", 'src/hall/deep/x.ts:1 imports the package fs'],
    ['await import(name);', 'src/hall/deep/x.ts:1 imports something that only running it would tell'],
  ])('finds %s', (text, fault) => {
    expect(check(text)).toEqual([fault]);
  });

  it('knows the room of a path and the package of a specifier', () => {
    expect(['src/core/a.ts', 'src/cli/commands/a.ts', 'src/a.ts', 'test/core/a.ts'].map(roomOf)).toEqual([
      'core',
      'cli',
      undefined,
      undefined,
    ]);
    expect(['@a/b/c', '@a/b', 'a/b', 'a'].map(packageOf)).toEqual(['@a/b', '@a/b', 'a', 'a']);
  });
});

describe('the folders of a room', () => {
  const rule = { room: 'hall', folders: ['low', 'high'], top: 'above', why: 'a test' } as const;
  const check = (path: string, text: string, top: 'above' | 'anywhere' = 'above') =>
    findBackwardImports(parseSource(path, text), { ...rule, top });

  it('import downward, and other rooms', () => {
    expect(check('src/hall/high/a.ts', "import '../low/b.ts'; import './c.ts'; import '../../core/d.ts';")).toEqual([]);
    expect(check('src/hall/main.ts', "import './low/b.ts'; import './high/c.ts';")).toEqual([]);
    expect(check('src/hall/low/a.ts', "import type { A } from '../top.ts';", 'anywhere')).toEqual([]);
    expect(check('src/hall/unlisted/a.ts', "import '../high/b.ts'; import './c.ts';")).toEqual([]);
  });

  it('are above all listed ones when they are not listed themselves', () => {
    expect(check('src/hall/high/a.ts', "import '../unlisted/b.ts';")).toEqual([
      'src/hall/high/a.ts:1 imports src/hall/unlisted/b.ts',
    ]);
    expect(check('src/hall/unlisted/a.ts', "import '../another/b.ts';")).toEqual([
      'src/hall/unlisted/a.ts:1 imports src/hall/another/b.ts',
    ]);
  });

  it.each([
    ["import '../high/b.ts';", 'src/hall/low/a.ts:1 imports src/hall/high/b.ts'],
    ["import type { B } from '../high/b.ts';", 'src/hall/low/a.ts:1 imports src/hall/high/b.ts'],
    ["await import('../top.ts');", 'src/hall/low/a.ts:1 imports src/hall/top.ts'],
  ])('finds %s', (text, fault) => {
    expect(check('src/hall/low/a.ts', text)).toEqual([fault]);
  });
});

describe('the permissions of a room', () => {
  const rule = { room: 'hall', rooms: ['core', 'sso/ports'], packages: ['a', '@b/c'], builtins: ['fs'], why: 'a test' };
  const used = "import '../core/x.ts'; import '../sso/ports.ts'; import 'a/deep'; import '@b/c'; import 'node:fs';";

  it('are all used, by the room itself', () => {
    expect(findUnusedPermissions([parseSource('src/hall/a.ts', used)], rule)).toEqual([]);
    const all = ['core', 'sso/ports', 'a', '@b/c', 'node:fs'];
    expect(findUnusedPermissions([parseSource('src/hall/a.ts', ''), parseSource('src/b/a.ts', used)], rule)).toEqual(
      all,
    );
  });
});

describe('the import graph', () => {
  const a = parseSource('src/a/a.ts', "import '../b/b.ts';\nimport 'commander';");
  const b = parseSource('src/b/b.ts', "import type { C } from './c.ts';\nimport 'node:fs';");
  const c = parseSource('src/b/c.ts', "import '@scope/name/deep';");
  const lazy = parseSource('src/b/b.ts', "await import('./c.ts');");
  const back = parseSource('src/b/c.ts', "import type { A } from '../a/a.ts';");

  it('names imports that lead nowhere', () => {
    expect(findDanglingImports([a, b, c])).toEqual([]);
    expect(findDanglingImports([a, b])).toEqual(['src/b/b.ts:1 imports ./c.ts, which is no file of ours']);
  });

  it('finds a cycle, through types too', () => {
    expect(findCycles([a, b, c])).toEqual([]);
    expect(findCycles([a, b, back])).toEqual(['src/a/a.ts -> src/b/b.ts -> src/b/c.ts -> src/a/a.ts']);
    expect(findCycles([parseSource('src/a/self.ts', "import './self.ts';")])).toEqual([
      'src/a/self.ts -> src/a/self.ts',
    ]);
  });

  it('follows what is loaded at once, not what is erased or loaded later', () => {
    const eager = parseSource('src/b/b.ts', "import './c.ts';");
    expect([...findStaticPackages([a, b, c], 'src/a/a.ts')]).toEqual([['commander', 'src/a/a.ts']]);
    expect([...findStaticPackages([a, lazy, c], 'src/a/a.ts').keys()]).toEqual(['commander']);
    expect([...findStaticPackages([a, eager, c], 'src/a/a.ts')]).toEqual([
      ['commander', 'src/a/a.ts'],
      ['@scope/name', 'src/a/a.ts -> src/b/b.ts -> src/b/c.ts'],
    ]);
    expect([...findStaticFiles([a, lazy, c], 'src/a/a.ts').keys()]).toEqual(['src/a/a.ts', 'src/b/b.ts']);
    expect(findStaticFiles([a, eager, c], 'src/a/a.ts').get('src/b/c.ts')).toEqual([
      'src/a/a.ts',
      'src/b/b.ts',
      'src/b/c.ts',
    ]);
  });
});

describe('module state', () => {
  const check = (text: string, path = 'src/hall/x.ts') => findModuleState(parseSource(path, text));

  it.each([
    'let current = 0;',
    'export let current = 0;',
    'var current = 0;',
    'const cache = new Map<string, string>();',
    'export const cache = new Set();',
    'const cache = new WeakMap();',
    'const cache: Map<string, readonly string[]> = new Map();',
    'const seen = [];',
    'const seen: string[] = [];',
    'const cache = {};',
    'const cache: Record<string, Readonly<Row>> = {};',
    'const cache = {} satisfies Table;',
    'const cache = { inner: new Map() } as const;',
    'const list = [new Map()] as const;',
    'const flight = createSingleFlight();',
    'const flight = await createStore();',
    'const stop = new AbortController();',
    'const frozen = Object.freeze({ inner: new Map() });',
    'class Registry { static current = 0; }',
    'export class Registry { static instances = new Map(); }',
    'globalThis.current = 1;',
  ])('finds %s', (text) => {
    expect(check(text)).toHaveLength(1);
  });

  it.each([
    'const LIMIT = 3;',
    "const NAMES = ['a', 'b'] as const;",
    "const TABLE = { a: { b: ['c'] } } as const satisfies Table;",
    "const NAMES: readonly string[] = ['a'];",
    'const TABLE: Readonly<Record<string, number>> = { a: 1 };',
    "const NAMES: ReadonlySet<string> = new Set(['a']);",
    'const TABLE: ReadonlyMap<string, number> = new Map([]);',
    'const TABLE: Readonly<Record<string, ReadonlySet<string>>> = { a: new Set() };',
    'const TABLE = Object.freeze({ a: 1 });',
    "const PATTERN = new RegExp('a');",
    'const PATTERN = /a/;',
    'const decoder = new TextDecoder();',
    'const sum = (numbers: number[]) => { let total = 0; const seen = new Set(); return total; };',
    'export function createCache() { const cache = new Map(); return cache; }',
    'class Row { static readonly EMPTY = 0; readonly cells = new Map(); }',
    'declare let injected: string;',
    'interface Row { cells: string[] }',
  ])('leaves %s alone', (text) => {
    expect(check(text)).toEqual([]);
  });

  it('lets a main.ts build its one of each, but keep no variable', () => {
    expect(check('const daemon = createDaemon();', 'src/hall/main.ts')).toEqual([]);
    expect(check('process.exitCode = 1;', 'src/hall/main.ts')).toEqual([]);
    expect(check('let current = 0;', 'src/hall/main.ts')).toHaveLength(1);
  });
});

describe('mocks', () => {
  const check = (text: string) => findMocksOfOurs(parseSource('test/hall/x.test.ts', text));

  it.each([
    "vi.mock('../../src/core/clock.ts');",
    "vi.mock(import('../../src/core/clock.ts'), () => ({}));",
    "beforeEach(() => { vi.doMock('../../src/core/clock.ts'); });",
    "vi.mock('rolecall/dist/x.js');",
    'vi.mock(path);',
  ])('finds %s', (text) => {
    expect(check(text)).toHaveLength(1);
  });

  it.each([
    "vi.mock('open');",
    'vi.fn();',
    "// vi.mock('../../src/core/clock.ts')",
    'const text = "vi.mock(\'./a.ts\')";',
  ])('leaves %s alone', (text) => {
    expect(check(text)).toEqual([]);
  });
});

describe('default exports', () => {
  const check = (text: string) => findDefaultExports(parseSource('src/hall/x.ts', text));

  it.each([
    'export default 1;',
    'export default function run() {}',
    'const run = 1; export { run as default };',
    "export { default } from './a.ts';",
  ])('finds %s', (text) => {
    expect(check(text)).toEqual(['src/hall/x.ts has a default export']);
  });

  it.each(['export const run = 1;', "import run from './a.ts';", "export { default as run } from './a.ts';"])(
    'leaves %s alone',
    (text) => {
      expect(check(text)).toEqual([]);
    },
  );
});

describe('the opening comment', () => {
  it.each([
    ['import "./a.ts";\n// Says what it is for.', 'does not open with a comment'],
    ['', 'does not open with a comment'],
    ['\n// Says what it is for.', 'does not open with a comment'],
    ['//Says what it is for.', 'does not open with a comment'],
    ['// says what it is for\nimport "./a.ts";', 'no sentence'],
    ['// Clock.\n', 'next to nothing'],
    ['#!/bin/sh\nset -eu\n# Says what it is for.', 'does not open with a comment'],
  ])('finds %j', (text, fault) => {
    expect(findOpeningFault('src/hall/x.ts', text)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    '// Says what it is for.\nimport "./a.ts";',
    '// Says what it is for,\n// in two lines.\nimport "./a.ts";',
    '// Says what it is for.',
    '// Says what it is for.\n// @ts-expect-error no types',
    '#!/usr/bin/env node\n// Says what it is for.\n',
    '#!/bin/sh\n# Says what it is for.\nset -eu\n',
    '/* Says what it is for. */\nbody {}\n',
    '/*\n * Says what it is for,\n * in two lines.\n */\nbody {}\n',
    '<!doctype html>\n<!-- Says what it is for. -->\n<html>',
  ])('leaves %j alone', (text) => {
    expect(findOpeningFault('src/hall/x.ts', text)).toEqual([]);
  });
});

describe('file names', () => {
  it.each([
    'src/core/singleFlight.ts',
    'src/core/Clock.ts',
    'src/core/single_flight.ts',
    'src/someRoom/clock.ts',
    'src/core/utils.ts',
    'src/core/string-util.ts',
    'src/common/clock.ts',
    'src/daemon/request-handler.ts',
    'src/daemon/session-manager.ts',
    'src/core/data.ts',
    'test/core/account-info.test.ts',
  ])('finds %s', (path) => {
    expect(findNameFaults(path)).toHaveLength(1);
  });

  it.each([
    'src/core/async/single-flight.ts',
    'src/core/clock.ts',
    'src/identity-center/proxy-from-env.d.ts',
    'test/core/clock.test.ts',
    'test/helpers/fake-clock.ts',
    'bin/rolecall-credential-process',
    'src/web/page.css',
  ])('leaves %s alone', (path) => {
    expect(findNameFaults(path)).toEqual([]);
  });
});
