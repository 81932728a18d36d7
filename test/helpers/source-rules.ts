// Rules about source text that no linter has: imports, module state, first lines and names, on a real AST.
import { posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import type { Argument, CallExpression, Class, Expression, Program, VariableDeclaration } from 'oxc-parser';

/** `type` is erased by the compiler, `static` is loaded with the file, `dynamic` when its line is reached. */
export type ImportKind = 'type' | 'static' | 'dynamic';

export interface SourceImport {
  readonly specifier: string;
  readonly kind: ImportKind;
  readonly line: number;
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly imports: readonly SourceImport[];
  /** Lines of imports whose target cannot be read off the text, so that no rule can hold for them. */
  readonly opaqueImportLines: readonly number[];
}

/** What one room of the house may use; `*` is everything of that kind. */
export interface RoomRule {
  readonly room: string;
  /** Rooms by folder (`core`) or by one file (`sso/ports`). */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  /** Node's own modules without `node:`. */
  readonly builtins: readonly string[];
  readonly why: string;
}

/** In which order the folders of one room may import each other. */
export interface FolderRule {
  readonly room: string;
  /** Bottom up. A folder that is not listed is above all of them: it needs a line when another folder imports it. */
  readonly folders: readonly string[];
  /** Files beside the folders: `above` imports from all folders and is imported by none, `anywhere` may also be imported by folders. */
  readonly top: 'above' | 'anywhere';
  readonly why: string;
}

/** A parsed file of ours. @throws Error: the text is no TypeScript or JavaScript. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text);
  const error = parsed.errors[0];
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  const imports: SourceImport[] = [];
  const opaqueImportLines: number[] = [];
  const note = (target: string | undefined, kind: ImportKind, offset: number) => {
    if (target === undefined) opaqueImportLines.push(lineOf(offset));
    else imports.push({ specifier: target, kind, line: lineOf(offset) });
  };
  const readableRequires = new Set<unknown>();
  let functionDepth = 0;
  const enterFunction = () => {
    functionDepth += 1;
  };
  const leaveFunction = () => {
    functionDepth -= 1;
  };
  new Visitor({
    ImportDeclaration: (node) => note(node.source.value, node.importKind === 'type' ? 'type' : 'static', node.start),
    ExportAllDeclaration: (node) => note(node.source.value, node.exportKind === 'type' ? 'type' : 'static', node.start),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) note(node.source.value, node.exportKind === 'type' ? 'type' : 'static', node.start);
    },
    ImportExpression: (node) => note(literalText(node.source), 'dynamic', node.start),
    TSImportType: (node) => note(node.source.value, 'type', node.start),
    VariableDeclarator: ({ id, init }) => {
      if (init !== null && id.type === 'Identifier' && id.name === 'require') readableRequires.add(init);
    },
    CallExpression: (node) => {
      const isOwnRequire = node.callee.type === 'CallExpression' && isCallOf(node.callee, 'createRequire');
      if (isOwnRequire) readableRequires.add(node.callee);
      if (isOwnRequire || isCallOf(node, 'require')) {
        note(literalText(node.arguments[0]), functionDepth > 0 ? 'dynamic' : 'static', node.start);
      }
      // Kept under any other name, it loads modules that no rule sees.
      if (isCallOf(node, 'createRequire') && !readableRequires.has(node)) note(undefined, 'static', node.start);
    },
    FunctionDeclaration: enterFunction,
    'FunctionDeclaration:exit': leaveFunction,
    FunctionExpression: enterFunction,
    'FunctionExpression:exit': leaveFunction,
    ArrowFunctionExpression: enterFunction,
    'ArrowFunctionExpression:exit': leaveFunction,
  }).visit(parsed.program);
  return { path, text, program: parsed.program, imports, opaqueImportLines };
}

/** The room that a path under src belongs to: its first folder, or `undefined` for a file beside the rooms. */
export function roomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split('/');
  return top === 'src' && rest.length > 0 ? room : undefined;
}

/** The folder within its room: `http` of `src/daemon/http/guard.ts`; `undefined` for a file beside the folders. */
export function folderOf(path: string): string | undefined {
  const [, , folder, ...rest] = path.split('/');
  return rest.length > 0 ? folder : undefined;
}

/** Where a relative import leads, as a path from the root. */
function resolveImport(fromPath: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(fromPath), specifier));
}

/** `@scope/name` or `name` of a bare specifier. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const isRelative = (specifier: string) => specifier.startsWith('.');
const isBuiltin = (specifier: string) => specifier.startsWith('node:');

/** Every import of `file` that its room's row does not allow. */
export function findForbiddenImports(file: SourceFile, rule: RoomRule): string[] {
  const at = (line: number) => `${file.path}:${line}`;
  const found = file.opaqueImportLines.map((line) => `${at(line)} imports something that only running it would tell`);
  for (const { specifier, line } of file.imports) {
    if (isRelative(specifier)) {
      const target = resolveImport(file.path, specifier);
      const room = roomOf(target);
      const allowed = room === rule.room || rule.rooms.some((name) => name === room || isFile(target, name));
      if (!allowed) found.push(`${at(line)} imports ${target}`);
    } else if (isBuiltin(specifier)) {
      const name = specifier.slice('node:'.length);
      if (!rule.builtins.includes('*') && !rule.builtins.includes(name)) found.push(`${at(line)} imports ${specifier}`);
    } else if (!rule.packages.includes(packageOf(specifier))) {
      found.push(`${at(line)} imports the package ${packageOf(specifier)}`);
    }
  }
  return found;
}

/** Every import of `file` from a folder of its room that stands above its own. */
export function findBackwardImports(file: SourceFile, { room, folders, top }: FolderRule): string[] {
  const from = folderOf(file.path);
  if (from === undefined) return [];
  const rankOf = (folder: string) => (folders.includes(folder) ? folders.indexOf(folder) : folders.length);
  return file.imports.flatMap(({ specifier, line }) => {
    const target = isRelative(specifier) ? resolveImport(file.path, specifier) : '';
    if (roomOf(target) !== room) return [];
    const to = folderOf(target);
    if (to === undefined ? top === 'anywhere' : rankOf(to) < rankOf(from) || to === from) return [];
    return [`${file.path}:${line} imports ${target}`];
  });
}

/** What a room's row permits and none of its files imports. */
export function findUnusedPermissions(files: readonly SourceFile[], rule: RoomRule): string[] {
  const imports = files
    .filter((file) => roomOf(file.path) === rule.room)
    .flatMap((file) => file.imports.map(({ specifier }) => ({ file, specifier })));
  const targets = imports
    .filter(({ specifier }) => isRelative(specifier))
    .map(({ file, specifier }) => resolveImport(file.path, specifier));
  const usesRoom = (name: string) => targets.some((target) => roomOf(target) === name || isFile(target, name));
  const specifiers = imports.map(({ specifier }) => specifier);
  const isUnusedBuiltin = (name: string) =>
    name === '*' ? !specifiers.some(isBuiltin) : !specifiers.includes(`node:${name}`);
  return [
    ...rule.rooms.filter((name) => !usesRoom(name)),
    ...rule.packages.filter((name) => !specifiers.some((specifier) => packageOf(specifier) === name)),
    ...rule.builtins.filter(isUnusedBuiltin).map((name) => `node:${name}`),
  ];
}

const isFile = (target: string, name: string) => [`src/${name}.ts`, `src/${name}.js`].includes(target);

/** Relative imports that lead to no file: an edge that the graph rules would silently lose. */
export function findDanglingImports(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => isRelative(specifier) && !known.has(resolveImport(file.path, specifier)))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}, which is no file of ours`),
  );
}

/** Import cycles, types included, each as the chain of paths that closes it. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, chain: readonly string[]) => {
    const seenAt = chain.indexOf(path);
    if (seenAt !== -1) {
      cycles.push([...chain.slice(seenAt), path].join(' -> '));
      return;
    }
    const file = byPath.get(path);
    if (file === undefined || finished.has(path)) return;
    for (const { specifier } of file.imports) {
      if (isRelative(specifier)) walk(resolveImport(path, specifier), [...chain, path]);
    }
    finished.add(path);
  };
  for (const file of files) walk(file.path, []);
  return cycles;
}

/** Our files that loading `entry` loads at once, each with the chain of files that leads to it and ends with it. */
export function findStaticFiles(files: readonly SourceFile[], entry: string): Map<string, readonly string[]> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const chains = new Map<string, readonly string[]>();
  const walk = (path: string, chain: readonly string[]) => {
    const file = byPath.get(path);
    if (file === undefined || chains.has(path)) return;
    const here = [...chain, path];
    chains.set(path, here);
    for (const { specifier, kind } of file.imports) {
      if (kind === 'static' && isRelative(specifier)) walk(resolveImport(path, specifier), here);
    }
  };
  walk(entry, []);
  return chains;
}

/** The packages that loading `entry` loads at once, each with the chain of files that leads to it. */
export function findStaticPackages(files: readonly SourceFile[], entry: string): Map<string, string> {
  const chains = findStaticFiles(files, entry);
  const packages = new Map<string, string>();
  for (const { path, imports } of files) {
    const chain = chains.get(path);
    if (chain === undefined) continue;
    for (const { specifier, kind } of imports) {
      if (kind !== 'static' || isRelative(specifier) || isBuiltin(specifier)) continue;
      const name = packageOf(specifier);
      if (!packages.has(name)) packages.set(name, chain.join(' -> '));
    }
  }
  return packages;
}

/** Classes whose instances hold no state that a second caller could see. */
const STATELESS_CLASSES = ['RegExp', 'TextEncoder', 'TextDecoder', 'URL', 'Error', 'Intl'];

interface Promises {
  /** The literal itself is not written to. */
  readonly literals: boolean;
  /** Nor is a Map or Set in it: `as const` and `Object.freeze` do not promise that, only a type does. */
  readonly collections: boolean;
}

/** What a type written beside a value promises of the whole value, not only of a part. */
function promisesOf(type: string): Promises {
  const literals = type === 'const' || /^(readonly |Readonly)/.test(type);
  return { literals, collections: literals && /\bReadonly(Map|Set)\b/.test(type) };
}

/**
 * What keeps state for as long as the process runs: `let` and `var`, collections and instances, arrays and objects that
 * are neither `as const` nor typed `readonly …`/`Readonly…` nor frozen, whatever `create…` built, assignments, and
 * static class fields without `readonly`.
 */
export function findModuleState(file: SourceFile): string[] {
  // A main.ts is where the one of each thing is built.
  const isMain = file.path.endsWith('/main.ts');
  const found: string[] = [];
  const add = (offset: number, what: string) =>
    found.push(`${file.path}:${file.text.slice(0, offset).split('\n').length} ${what}`);

  const checkVariables = (declaration: VariableDeclaration) => {
    if (declaration.declare === true) return;
    if (declaration.kind === 'let' || declaration.kind === 'var') {
      add(declaration.start, `has a module-level ${declaration.kind}`);
      return;
    }
    for (const { id, init, start } of declaration.declarations) {
      if (init === null) continue;
      const annotation = id.typeAnnotation ? textOf(file, id.typeAnnotation) : '';
      const problem = stateIn(file, init, { ...promisesOf(annotation), isMain });
      if (problem !== undefined) add(start, `${problem} at module level`);
    }
  };
  const checkClass = (node: Class) => {
    for (const member of node.body.body) {
      if (member.type === 'PropertyDefinition' && member.static && !member.readonly) {
        add(member.start, 'has a static class field that is not readonly');
      }
    }
  };

  for (const statement of file.program.body) {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (node?.type === 'VariableDeclaration') checkVariables(node);
    if (node?.type === 'ClassDeclaration') checkClass(node);
    if (node?.type === 'ExpressionStatement' && node.expression.type === 'AssignmentExpression' && !isMain) {
      add(node.start, 'assigns at module level');
    }
  }
  return found;
}

/** The kind of state that evaluating `init` leaves in a module's constant, if any. */
function stateIn(
  file: SourceFile,
  init: Expression,
  given: Promises & { readonly isMain: boolean },
): string | undefined {
  switch (init.type) {
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
    case 'AwaitExpression':
      return stateIn(file, init.type === 'AwaitExpression' ? init.argument : init.expression, given);
    case 'TSAsExpression': {
      const { literals, collections } = promisesOf(textOf(file, init.typeAnnotation));
      return stateIn(file, init.expression, {
        ...given,
        literals: given.literals || literals,
        collections: given.collections || collections,
      });
    }
    case 'NewExpression': {
      const name = /^\w+/.exec(textOf(file, init.callee))?.[0] ?? '';
      if (STATELESS_CLASSES.includes(name)) return undefined;
      return given.collections && (name === 'Map' || name === 'Set') ? undefined : `keeps a new ${name}`;
    }
    case 'ArrayExpression':
      if (!given.literals) return 'keeps an array that is not readonly';
      return firstOf(
        init.elements.map((element) => (element === null ? undefined : stateInPart(file, element, given))),
      );
    case 'ObjectExpression':
      if (!given.literals) return 'keeps an object that is not readonly';
      return firstOf(
        init.properties.map((property) =>
          stateInPart(file, property.type === 'SpreadElement' ? property : property.value, given),
        ),
      );
    case 'CallExpression': {
      const callee = textOf(file, init.callee);
      if (callee === 'Object.freeze') {
        return firstOf(init.arguments.map((argument) => stateInPart(file, argument, { ...given, literals: true })));
      }
      return /^create[A-Z]/.test(callee) && !given.isMain ? `keeps what ${callee}() built` : undefined;
    }
    default:
      return undefined;
  }
}

function stateInPart(
  file: SourceFile,
  part: Argument,
  given: Promises & { readonly isMain: boolean },
): string | undefined {
  return stateIn(file, part.type === 'SpreadElement' ? part.argument : part, given);
}

/** Mocks of our own modules: the tests would then say nothing about them. */
export function findMocksOfOurs(file: SourceFile): string[] {
  const found: string[] = [];
  new Visitor({
    CallExpression: (node) => {
      const callee = textOf(file, node.callee);
      if (!/^(vi|vitest)\.(mock|doMock|unstable_mockModule)$/.test(callee)) return;
      const argument = node.arguments[0];
      const target = literalText(argument?.type === 'ImportExpression' ? argument.source : argument);
      // One that cannot be read off the text may be ours.
      if (target === undefined || isRelative(target) || packageOf(target) === 'rolecall' || target.startsWith('/')) {
        found.push(`${file.path} mocks ${target ?? 'something that only running it would tell'}`);
      }
    },
  }).visit(file.program);
  return found;
}

/** Default exports in any spelling: an import should find a thing under its one name. */
export function findDefaultExports(file: SourceFile): string[] {
  const found: string[] = [];
  const isDefault = (name: { type: string; name?: string; value?: unknown }) => (name.name ?? name.value) === 'default';
  new Visitor({
    ExportDefaultDeclaration: () => found.push(`${file.path} has a default export`),
    ExportNamedDeclaration: (node) => {
      if (node.specifiers.some(({ exported }) => isDefault(exported))) found.push(`${file.path} has a default export`);
    },
    TSExportAssignment: () => found.push(`${file.path} has an export assignment`),
  }).visit(file.program);
  return found;
}

const SENTENCE_END = /[.?!:]$/;

/** Says what is wrong with the comment that a file must open with: one sentence on what the file is for. */
export function findOpeningFault(path: string, text: string): string[] {
  const lines = text.split('\n');
  // A shebang and a doctype have to come first.
  if (lines[0]?.startsWith('#!') === true || /^<!doctype/i.test(lines[0] ?? '')) lines.shift();
  const opening = readOpening(lines);
  if (opening === undefined) return [`${path} does not open with a comment`];
  if (!SENTENCE_END.test(opening)) return [`${path} opens with a comment that is no sentence: it has no end`];
  if (opening.split(/\s+/).length < 4) return [`${path} opens with a comment that says next to nothing`];
  return [];
}

/** The words of the comment on the first line and of the comment lines right below it. */
function readOpening(lines: readonly string[]): string | undefined {
  const first = lines[0] ?? '';
  const block = /^(?:\/\*\*?|<!--)\s*(.*)$/.exec(first);
  if (block !== null) {
    const text = lines.join('\n').slice(first.length - (block[1] ?? '').length);
    return text
      .split(/\*\/|-->/)[0]
      ?.replaceAll(/\s*\n[ *]*/g, ' ')
      .trim();
  }
  const marker = /^(\/\/|#) /.exec(first)?.[1];
  if (marker === undefined) return undefined;
  // The sentence may run over several lines; what comments say below it is no part of it.
  const words: string[] = [];
  for (const line of lines) {
    if (!line.startsWith(`${marker} `) || SENTENCE_END.test(words.at(-1) ?? '')) break;
    words.push(line.slice(marker.length + 1).trim());
  }
  return words.join(' ');
}

/** Words that fit any file and therefore say nothing about one. */
const EMPTY_WORDS = ['util', 'common', 'manager', 'handler', 'data', 'info'];

/** What is wrong with the names along a path: not kebab-case, or a word that says nothing. */
export function findNameFaults(path: string): string[] {
  const [top, ...names] = path.split('/');
  return names.flatMap((name, index) => {
    // test/helpers is the one folder whose name is given by the design.
    if (top === 'test' && index === 0 && name === 'helpers') return [];
    const stem = name.replace(/(\.(test|d|config))?\.[a-z]+$/, '');
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) return [`${path}: ${name} is not kebab-case`];
    const empty = stem.split('-').find((word) => EMPTY_WORDS.includes(word.replace(/s$/, '')));
    return empty === undefined ? [] : [`${path}: "${empty}" says nothing about what is inside`];
  });
}

function textOf(file: SourceFile, node: { readonly start: number; readonly end: number }): string {
  return file.text.slice(node.start, node.end).replace(/^:\s*/, '');
}

function literalText(node: Argument | Expression | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  const isPlainTemplate = node?.type === 'TemplateLiteral' && node.expressions.length === 0;
  return isPlainTemplate ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
}

function isCallOf(node: CallExpression, name: string): boolean {
  return node.callee.type === 'Identifier' && node.callee.name === name;
}

function firstOf(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}
