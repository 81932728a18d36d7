// Adds the TypeScript declarations of what other programs import to a compiled package: of the exports, and what they refer to.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Of a module that a declaration imports. */
const SPECIFIER = /(?<=\bfrom |\bimport\(|\bimport )(?<quote>['"])(?<path>[^'"]+)\k<quote>/g;

/**
 * Writes the declarations beside the compiled modules of `exports` in `manifest`.
 * @throws Error: a declaration refers to a package, which our users would need then
 */
export function addDeclarations(root, folder, manifest) {
  const scratch = mkdtempSync(join(tmpdir(), 'rolecall-declarations-'));
  try {
    const tsc = join(root, 'node_modules', '.bin', 'tsc');
    const args = ['-p', join(root, 'src', 'exports'), '--outDir', join(scratch, 'dist')];
    if (spawnSync(tsc, args, { cwd: root, stdio: 'inherit' }).status !== 0) throw new Error('no declarations');
    const wanted = Object.values(manifest.exports).flatMap(({ types }) => (types === undefined ? [] : [types]));
    const written = new Set();
    for (const path of wanted) copyWithImports(join(path), { scratch, folder, written });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function copyWithImports(path, { scratch, folder, written }) {
  if (written.has(path)) return;
  written.add(path);
  const imports = [];
  // The compiler leaves the extension of our sources.
  const text = readFileSync(join(scratch, path), 'utf8').replaceAll(SPECIFIER, (whole, ...more) => {
    const { path: specifier } = more.at(-1);
    if (specifier.startsWith('node:')) return whole;
    if (!specifier.startsWith('.')) throw new Error(`${path} refers to ${specifier}`);
    imports.push(join(dirname(path), specifier.replace(/\.[jt]s$/, '.d.ts')));
    return whole.replace(/\.ts(?=['"])/, '.js');
  });
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  for (const one of imports) copyWithImports(one, { scratch, folder, written });
}
