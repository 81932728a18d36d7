// Bundles the page of the published package into one script: a browser asks for it once, and not for fifty modules.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';

const PRELOADS = /^ *<link rel="modulepreload" .*\n/gm;
/** What a browser asks for, beside page.html. */
const FILES = ['icon.svg', 'page.css', 'page.js'];

/** Replaces the sources of the page in `folder`/src by a page of four files, with the same page.html except for its list of modules. */
export async function bundlePage(root, folder) {
  const sources = join(root, 'src', 'web');
  const script = await bundle(join(sources, 'page.js'));
  const page = readFileSync(join(sources, 'page.html'), 'utf8').replace(PRELOADS, '');
  const named = [...page.matchAll(/ (?:href|src)="\/([^"]+)"/g)].map(([, name]) => name);
  const others = named.filter((name) => !FILES.includes(name));
  if (others.length > 0) throw new Error(`page.html names ${others.join(', ')}`);
  rmSync(join(folder, 'src'), { recursive: true });
  cpSync(sources, join(folder, 'src', 'web'), {
    recursive: true,
    filter: (path) => path === sources || FILES.includes(relative(sources, path)),
  });
  writeFileSync(join(folder, 'src', 'web', 'page.html'), page);
  writeFileSync(join(folder, 'src', 'web', 'page.js'), script);
}

async function bundle(input) {
  const build = await rolldown({
    input,
    platform: 'browser',
    tsconfig: false,
    onLog(level, { message }) {
      throw new Error(`${level}: ${message}`);
    },
  });
  try {
    const { output } = await build.generate({ format: 'esm', minify: true });
    const [script, ...others] = output;
    const isWhole = others.length === 0 && script.imports.length === 0 && script.dynamicImports.length === 0;
    if (!isWhole) throw new Error('the page is more than one script');
    // The SBOM and the licences of the package do not look here.
    const foreign = script.moduleIds.find((id) => id.includes('node_modules'));
    if (foreign !== undefined) throw new Error(`the page loads ${foreign}`);
    return script.code;
  } finally {
    await build.close();
  }
}
