// Fills the templates in integrations/packages/ with a release's version, URLs and checksums.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './stage-package.mjs';

const TEMPLATES = join(ROOT, 'integrations', 'packages');
const SUFFIX = '.template';

/**
 * File name to text. `archives` has one `{ name, sha256 }` for each platform.
 * @throws Error: a template has a placeholder that nobody knows
 */
export function renderPackageFiles({ manifest, archives }) {
  const values = {
    version: manifest.version,
    homepage: homepageOf(manifest),
    license: manifest.license,
  };
  for (const [platform, { name, sha256 }] of Object.entries(archives)) {
    values[`url:${platform}`] = `${homepageOf(manifest)}/releases/download/v${manifest.version}/${name}`;
    values[`sha256:${platform}`] = sha256;
    // As nix writes it.
    values[`sri:${platform}`] = `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`;
  }
  const names = readdirSync(TEMPLATES).filter((name) => name.endsWith(SUFFIX));
  return Object.fromEntries(
    names.map((name) => [
      name.slice(0, -SUFFIX.length),
      readFileSync(join(TEMPLATES, name), 'utf8').replaceAll(/@([a-z0-9:-]+)@/g, (_, key) => {
        if (values[key] === undefined) throw new Error(`${name} has the unknown placeholder @${key}@`);
        return values[key];
      }),
    ]),
  );
}

/** Where releases are. */
function homepageOf({ repository }) {
  const url = typeof repository === 'object' ? repository.url : repository;
  const [, path] = /github\.com[/:](.+?)(?:\.git)?$/.exec(url ?? '') ?? [];
  if (path === undefined) throw new Error('package.json names no repository on GitHub');
  return `https://github.com/${path}`;
}
