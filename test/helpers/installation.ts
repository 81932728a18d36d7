// An installation of rolecall in a temporary folder, of any version, replaced as npm replaces one.
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const PACKED = ['bin', 'dist', 'launchd', 'systemd'] as const;
/** What scrypt costs in `dist/secret-store/file.js`, which is most of a daemon's start, and what it costs here. */
const [KEY_COST, LOW_KEY_COST] = ['const COST = { N: 2 ** 17,', 'const COST = { N: 2 ** 10,'] as const;

export interface Installation {
  /** `bin/rolecall.js` of it. */
  readonly rolecall: string;
  /** Puts another version in its place. */
  replaceBy(version: string): void;
  /** As `npm uninstall` does. */
  remove(): void;
}

/**
 * Installs what `npm run build` has made, saying that it is `version`, at `folder`. The key of the secret file costs next
 * to nothing there, for such tests start many daemons.
 */
export function createInstallation(folder: string, version: string): Installation {
  fill(folder, version);
  return {
    rolecall: join(folder, 'bin', 'rolecall.js'),
    replaceBy(next) {
      const [beside, old] = [`${folder}.new`, `${folder}.old`];
      fill(beside, next);
      renameSync(folder, old);
      renameSync(beside, folder);
      rmSync(old, { recursive: true });
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function fill(folder: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of PACKED) cpSync(join(CHECKOUT, name), join(folder, name), { recursive: true });
  const store = join(folder, 'dist', 'secret-store', 'file.js');
  const text = readFileSync(store, 'utf8');
  if (!text.includes(KEY_COST)) throw new Error(`no "${KEY_COST}" in ${store}`);
  writeFileSync(store, text.replace(KEY_COST, LOW_KEY_COST));
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
}
