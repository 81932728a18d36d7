// What the published package has of others: their licences in one file, and an SBOM, both from the bundle and package-lock.json.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of a package with code in the bundle, or beside it. */
const PACKAGE = /^(?<path>(?:.*\/)?node_modules\/(?<name>(?:@[^/]+\/)?[^/]+))(?:\/|$)/;
const LICENSE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;
/** Its helpers are in the bundle, and it is not a dependency of rolecall. */
const BUNDLER = 'node_modules/rolldown';

/**
 * The packages of `modules`, paths from the root, as their paths in package-lock.json, sorted.
 * @throws Error: one is not in the lock file, is for development only, or is installed in another version
 */
export function findPackages(root, modules) {
  const { packages } = readJson(join(root, 'package-lock.json'));
  const paths = [...modules].flatMap((module) => {
    if (module.startsWith('\0')) return [BUNDLER];
    const path = PACKAGE.exec(module)?.groups.path;
    if (path === undefined && !module.startsWith('src/')) throw new Error(`${module} is of no package`);
    return path ?? [];
  });
  return [...new Set(paths)]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const locked = packages[path];
      if (locked === undefined) throw new Error(`package-lock.json does not have ${path}`);
      if (locked.dev && path !== BUNDLER) throw new Error(`${path} is a dependency of development`);
      const { version } = readJson(join(root, path, 'package.json'));
      if (version !== locked.version) throw new Error(`${path} is ${version} and not ${locked.version}: npm ci`);
      return path;
    });
}

/**
 * Each licence's text, below the packages that have it. A package without a file for it has that of another one from the same
 * repository under the same licence.
 * @throws Error: there is none either
 */
export function formatLicenses(root, paths) {
  const known = paths.map((path) => {
    const { name, version, license, repository } = readJson(join(root, path, 'package.json'));
    const files = readdirSync(join(root, path)).filter((file) => LICENSE.test(file));
    const text = files.map((file) => readFileSync(join(root, path, file), 'utf8').trim()).join('\n\n');
    return { title: `${name} ${version} (${license})`, license, repository: addressOf(repository), text };
  });
  const byText = new Map();
  for (const { title, license, repository, text } of known) {
    const isOfRepository = (other) => other.repository === repository && other.license === license && other.text !== '';
    const own = text || (repository && known.find(isOfRepository)?.text);
    if (!own || typeof license !== 'string') throw new Error(`${title} has no file with its licence`);
    byText.set(own, [...(byText.get(own) ?? []), title]);
  }
  const sections = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`);
  return ['rolecall contains parts of these packages, under their licences.\n', ...sections].join(
    `\n${'-'.repeat(80)}\n\n`,
  );
}

function addressOf(repository) {
  const address = typeof repository === 'object' ? repository.url : repository;
  return address?.replace(/^git\+/, '').replace(/\.git$/, '');
}

/** A CycloneDX document of the packages; `paths` are all in package-lock.json. */
export function describeContents(root, paths) {
  const { packages } = readJson(join(root, 'package-lock.json'));
  const { name, version, license } = readJson(join(root, 'package.json'));
  const refOf = (path) => `${PACKAGE.exec(path).groups.name}@${packages[path].version}`;
  const componentOf = (path) => {
    const [, group, base] = /^(?:(@[^/]+)\/)?(.+)$/.exec(PACKAGE.exec(path).groups.name);
    const { version: locked, integrity, license: itsLicense } = packages[path];
    const purl = `pkg:npm/${group === undefined ? '' : `${encodeURIComponent(group)}/`}${base}@${locked}`;
    return {
      'bom-ref': refOf(path),
      type: 'library',
      ...(group === undefined ? {} : { group }),
      name: base,
      version: locked,
      scope: packages[path].optional ? 'optional' : 'required',
      purl,
      hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex') }],
      licenses: [/[ (]/.test(itsLicense) ? { expression: itsLicense } : { license: { id: itsLicense } }],
    };
  };
  const own = { 'bom-ref': `${name}@${version}`, type: 'application', name, version };
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { ...own, purl: `pkg:npm/${name}@${version}`, licenses: [{ license: { id: license } }] } },
    components: paths.map(componentOf),
    dependencies: [{ ref: own['bom-ref'], dependsOn: paths.map(refOf) }],
  };
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
