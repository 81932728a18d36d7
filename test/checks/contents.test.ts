// What the published package has of others: found in the lock file, with a licence, or not published.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeContents, findPackages, formatLicenses } from '../../.ci/contents.mjs';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const INTEGRITY = `sha512-${Buffer.from('ab', 'hex').toString('base64')}`;
const LICENSED = { version: '1.0.0', license: 'MIT', integrity: INTEGRITY };
const REPOSITORY = { url: 'git+https://example.com/a.git' };

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

interface Installed {
  readonly locked?: object;
  readonly manifest?: object;
  readonly text?: string;
}

function install(packages: Readonly<Record<string, Installed>>): void {
  const lock: Record<string, object> = {};
  for (const [path, { locked = {}, manifest = {}, text }] of Object.entries(packages)) {
    const folder = join(home.path, path);
    mkdirSync(folder, { recursive: true });
    const name = path.split('node_modules/').at(-1);
    lock[path] = { ...LICENSED, ...locked };
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', license: 'MIT', ...manifest }),
    );
    if (text !== undefined) writeFileSync(join(folder, 'LICENSE.md'), text);
  }
  writeFileSync(join(home.path, 'package-lock.json'), JSON.stringify({ packages: lock }));
  writeFileSync(join(home.path, 'package.json'), '{ "name": "ours", "version": "2.0.0", "license": "MIT" }');
}

test('finds the packages of modules, those inside of others too', () => {
  install({ 'node_modules/b/node_modules/@c/d': {}, 'node_modules/rolldown': { locked: { dev: true } } });
  const modules = ['src/cli/main.ts', 'node_modules/b/node_modules/@c/d/lib/x.js', '\0rolldown/runtime.js'];
  expect(findPackages(home.path, modules)).toEqual(['node_modules/b/node_modules/@c/d', 'node_modules/rolldown']);
});

test('refuses code of development, of another version than the locked one, or from elsewhere', () => {
  install({ 'node_modules/a': { locked: { dev: true } }, 'node_modules/b': { manifest: { version: '1.0.1' } } });
  const find = (module: string) => () => findPackages(home.path, [module]);
  expect(find('node_modules/a/x.js')).toThrow('node_modules/a is a dependency of development');
  expect(find('node_modules/b/x.js')).toThrow('node_modules/b is 1.0.1 and not 1.0.0: npm ci');
  expect(find('node_modules/c/x.js')).toThrow('package-lock.json does not have node_modules/c');
  expect(find('../x.js')).toThrow('../x.js is of no package');
});

test('writes each licence once, and takes a missing one from the same repository', () => {
  install({
    'node_modules/a': { text: 'Text A', manifest: { repository: REPOSITORY } },
    'node_modules/b': { manifest: { repository: REPOSITORY.url } },
    'node_modules/c': { text: 'Text C' },
  });
  const text = formatLicenses(home.path, ['node_modules/a', 'node_modules/b', 'node_modules/c']);
  expect(text.split(/\n-+\n/).slice(1)).toEqual([
    '\na 1.0.0 (MIT)\nb 1.0.0 (MIT)\n\nText A\n',
    '\nc 1.0.0 (MIT)\n\nText C\n',
  ]);
});

test('refuses a package without a licence', () => {
  install({
    'node_modules/a': { text: 'Text A', manifest: { repository: REPOSITORY } },
    'node_modules/b': { manifest: { repository: REPOSITORY, license: 'ISC' } },
  });
  expect(() => formatLicenses(home.path, ['node_modules/a', 'node_modules/b'])).toThrow(
    'b 1.0.0 (ISC) has no file with its licence',
  );
  rmSync(join(home.path, 'node_modules/a/LICENSE.md'));
  expect(() => formatLicenses(home.path, ['node_modules/a'])).toThrow('a 1.0.0 (MIT) has no file with its licence');
});

test('describes the contents as CycloneDX', () => {
  install({
    'node_modules/@a/b': { locked: { optional: true } },
    'node_modules/c': { locked: { license: 'MIT OR ISC' } },
  });
  const ours = { 'bom-ref': 'ours@2.0.0', type: 'application', name: 'ours', version: '2.0.0' };
  expect(describeContents(home.path, ['node_modules/@a/b', 'node_modules/c'])).toEqual({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { ...ours, purl: 'pkg:npm/ours@2.0.0', licenses: [{ license: { id: 'MIT' } }] } },
    components: [
      {
        'bom-ref': '@a/b@1.0.0',
        type: 'library',
        group: '@a',
        name: 'b',
        version: '1.0.0',
        scope: 'optional',
        purl: 'pkg:npm/%40a/b@1.0.0',
        hashes: [{ alg: 'SHA-512', content: 'ab' }],
        licenses: [{ license: { id: 'MIT' } }],
      },
      {
        'bom-ref': 'c@1.0.0',
        type: 'library',
        name: 'c',
        version: '1.0.0',
        scope: 'required',
        purl: 'pkg:npm/c@1.0.0',
        hashes: [{ alg: 'SHA-512', content: 'ab' }],
        licenses: [{ expression: 'MIT OR ISC' }],
      },
    ],
    dependencies: [{ ref: 'ours@2.0.0', dependsOn: ['@a/b@1.0.0', 'c@1.0.0'] }],
  });
});
