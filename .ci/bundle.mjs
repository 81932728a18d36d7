// Bundles the programs of the published package with rolldown: each into a few files, with what it needs of node_modules.
// Packages with machine code stay packages.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { toAscii } from './ascii-code.mjs';
import { shrinkMap } from './source-maps.mjs';

/** Has a binary for each platform, which a bundle cannot hold. */
export const NATIVE_PACKAGES = ['@napi-rs/keyring', 'fs-native-extensions'];

/**
 * One bundle each, so that no program loads what only another one needs. All files of a bundle are in the folder `dist/NAME`:
 * at the same depth as in `src`, so that relative URLs stay right. `layers` are files beside an entry: the first one has
 * what all of its `roots` import, the next one what its roots import besides. A root that is an entry stays in its own file.
 */
const PROGRAMS = [
  {
    name: 'daemon',
    // The demo's AWS client shares the SDK with the daemon.
    entries: ['daemon/main', 'cli/commands/demo/caller-identity'],
    layers: [
      // What a process loads that finds another daemon.
      { name: 'start', roots: ['daemon/main'] },
      // What every daemon loads until its first answer.
      {
        name: 'service',
        roots: [
          'daemon/domain',
          'daemon/daemon',
          'daemon/notifications/desktop',
          'platform/programs/browser-place',
          'daemon/notifications/choose-backend',
          'platform/bus/bus-address',
          // What it still needs when an upgrade has replaced its files: their names have a hash of their content.
          'platform/service/start-daemon',
          'daemon/restart-losses',
        ],
      },
      // What it loads besides if there is a config.toml.
      {
        name: 'settings',
        roots: [
          'daemon/settings/settings-file',
          'daemon/settings/chain-settings',
          'daemon/settings/template-problems',
          'daemon/settings/shadowed-rules',
        ],
      },
      // What it loads at the first call to AWS.
      { name: 'aws', roots: ['identity-center/aws-clients'] },
      // What it loads a second after its start, or when the first request asks for a part of it.
      {
        name: 'later',
        roots: [
          'daemon/credentials/console-routes',
          'daemon/credentials/grants-routes',
          'daemon/http/caller-program',
          'daemon/passkeys/ceremonies',
          'daemon/profiles/adoption',
          'daemon/profiles/adoption-routes',
          'daemon/profiles/found-sessions',
          'daemon/profiles/profile-routes',
          'daemon/profiles/profile-sync',
          'daemon/roles/accounts-routes',
          'daemon/roles/current-routes',
          'daemon/settings/setup-routes',
          'daemon/settings/team-routes',
          'daemon/sign-in/sign-out',
          'daemon/status/reach-routes',
        ],
      },
    ],
  },
  {
    name: 'cli',
    entries: ['cli/main'],
    layers: [
      // What a prompt and `rolecall --help` load.
      { name: 'start', roots: ['cli/main'] },
      // What the commands load that people and prompts run many times a day.
      {
        name: 'often',
        roots: [
          'cli/run-cli',
          'cli/commands/status/definition',
          'cli/commands/status/run',
          'cli/commands/ls/definition',
          'cli/commands/ls/run',
          'local-api/client',
          'platform/service/installed-service',
        ],
      },
      // Loaded while the daemon answers.
      { name: 'status', roots: ['cli/commands/status/format-status'] },
    ],
  },
  { name: 'tray', entries: ['tray/main'], layers: [{ name: 'start', roots: ['tray/main'] }] },
  { name: 'emulator', entries: ['emulator/main'], layers: [] },
  { name: 'exports', entries: ['exports/client', 'exports/emulator'], layers: [], format: 'esm' },
];

/**
 * CommonJS starts faster: an ES module that imports a built-in one loads all that is behind its exports, which for node:http is
 * a client for web sockets (33 ms as of Node 22). What other programs import stays an ES module.
 */
const USUAL_FORMAT = 'cjs';

/** What a package starts that it has beside its code. */
const PROGRAMS_BESIDE = { open: 'xdg-open' };

/** For the same reason a built-in module is not imported dynamically either. */
const WITHOUT_FACADES = {
  name: 'without facades',
  transform: {
    filter: { code: /await import\(['"]node:/ },
    handler: (code) => ({
      code: code.replaceAll(
        /(?<=await )import\((?<name>['"]node:[a-z0-9_/]+['"])\)/g,
        'Promise.resolve(process.getBuiltinModule($<name>))',
      ),
      map: null,
    }),
  },
};

/** Names of functions and classes stay, for stack traces. */
const MINIFY = {
  compress: { keepNames: { function: true, class: true } },
  mangle: { keepNames: true },
  codegen: true,
};

/**
 * Writes the programs of the sources in `root` to `folder`/dist, and returns the paths from there of all modules in them, as a set.
 * @throws Error: a file of a layer is not in its program, or a chunk would wait for the entry that waits for it
 */
export async function bundlePrograms(root, folder) {
  const modules = new Set();
  for (const program of PROGRAMS) {
    for (const id of await bundleProgram(root, folder, program)) modules.add(id);
  }
  writeFileSync(join(folder, 'dist', 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(folder, 'dist', 'exports', 'package.json'), '{ "type": "module" }\n');
  return modules;
}

/** Writes modules of the sources to `folder`, each with what it imports, for a script that loads them. */
export async function bundleModules(root, folder, modules) {
  await bundle(root, {
    input: inputOf(root, modules),
    output: { dir: folder, entryFileNames: '[name].js' },
    writes: true,
  });
}

async function bundleProgram(root, folder, { name, entries, layers, format = USUAL_FORMAT }) {
  const chunks = await bundle(root, {
    input: inputOf(root, entries),
    output: {
      dir: join(folder, 'dist'),
      format,
      entryFileNames: '[name].js',
      chunkFileNames: `${name}/[name]-[hash].js`,
      minify: MINIFY,
      // V8 keeps the text of a file with other characters in two bytes each.
      charset: 'ascii',
      sourcemap: 'hidden',
      codeSplitting: { groups: layers.map((layer, index) => groupOf(layer, layers.length - index, root, entries)) },
    },
  });
  checkEntries(chunks);
  for (const { fileName, code, map } of chunks) {
    const path = join(folder, 'dist', fileName);
    const pathOf = (source) => {
      const inRoot = relative(root, join(dirname(path), source));
      return inRoot.startsWith('src/') ? inRoot : undefined;
    };
    mkdirSync(dirname(path), { recursive: true });
    const ascii = toAscii(code);
    writeFileSync(path, ascii.code);
    // The bundler's own helpers have no source.
    if (map === null) continue;
    writeFileSync(`${path}.map`, shrinkMap(map, pathOf, ascii.columnOf));
  }
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds.map((id) => (isAbsolute(id) ? relative(root, id) : id)));
  for (const [packageName, program] of Object.entries(PROGRAMS_BESIDE)) {
    const path = join('node_modules', packageName);
    if (!modules.some((module) => module.startsWith(`${path}/`))) continue;
    copyFileSync(join(root, path, program), join(folder, 'dist', name, program));
  }
  return modules;
}

/** The chunks; files are written only with `writes`. */
async function bundle(root, { input, output, writes = false }) {
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    tsconfig: false,
    external: NATIVE_PACKAGES,
    resolve: {
      // ES modules, of which only what is used gets into the bundle. By default it takes a package's CommonJS.
      mainFields: ['module', 'main'],
      // `debug` uses it where it happens to be, as in a clone, for colours.
      alias: { 'supports-color': false },
    },
    preserveEntrySignatures: 'strict',
    plugins: [WITHOUT_FACADES],
    onLog(level, { code, message }) {
      // It is in a chunk that is loaded anyway.
      if (code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(`${level}: ${message}`);
    },
  });
  try {
    const options = { format: USUAL_FORMAT, ...output };
    const built = await (writes ? build.write(options) : build.generate(options));
    return built.output.filter(({ type }) => type === 'chunk');
  } finally {
    await build.close();
  }
}

const sourceOf = (root, module) => join(root, 'src', `${module}.ts`);
const inputOf = (root, modules) => Object.fromEntries(modules.map((module) => [module, sourceOf(root, module)]));

/** The modules of a layer, to which rolldown adds what they import. */
function groupOf({ name, roots }, priority, root, entries) {
  let wanted;
  return {
    priority,
    debugName: name,
    name(id, context) {
      wanted ??= new Set(
        roots.flatMap((module) => findRoots(sourceOf(root, module), entries.includes(module), context)),
      );
      return wanted.has(id) ? name : null;
    },
  };
}

function findRoots(id, isEntry, context) {
  const found = context.getModuleInfo(id);
  if (found === null) throw new Error(`${id} is the root of a layer, but not in the program`);
  return isEntry ? found.importedIds : [id];
}

/** An entry awaits its imports at its top level: a chunk that imports the entry itself would wait for ever. */
function checkEntries(chunks) {
  const entries = chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);
  for (const { fileName, imports, moduleIds } of chunks) {
    const faulty = imports.find((one) => entries.includes(one));
    if (faulty !== undefined) throw new Error(`${fileName} (${moduleIds.join(', ')}) imports the entry ${faulty}`);
  }
}
