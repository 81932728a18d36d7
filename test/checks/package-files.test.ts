// The package files of Homebrew, the AUR and nix: filled completely. `.ci/try-platforms.mjs` builds them.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { renderPackageFiles } from '../../.ci/package-files.mjs';

const SUM = '0123456789abcdef'.repeat(4);
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
const manifest = {
  version: '1.2.3',
  license: 'MIT',
  repository: { type: 'git', url: 'git+https://github.com/example/rolecall.git' },
};
const archives = Object.fromEntries(
  PLATFORMS.map((platform) => [platform, { name: `rolecall-1.2.3-${platform}.tar.gz`, sha256: SUM }]),
);
const files = renderPackageFiles({ manifest, archives });
const textOf = (name: string) => files[name] ?? '';

test('there is one file for each package manager, without a placeholder left', () => {
  expect(Object.keys(files).toSorted()).toEqual(['PKGBUILD', 'rolecall.nix', 'rolecall.rb']);
  expect(Object.values(files).join('')).not.toMatch(/@[a-z0-9:-]+@/);
});

test.each(PLATFORMS)('the archive of %s is named with its checksum', (platform) => {
  const url = `https://github.com/example/rolecall/releases/download/v1.2.3/rolecall-1.2.3-${platform}.tar.gz`;
  expect(textOf('rolecall.rb')).toContain(`url "${url}"\n      sha256 "${SUM}"`);
  const hash = `sha256-${Buffer.from(SUM, 'hex').toString('base64')}`;
  expect(textOf('rolecall.nix')).toContain(`url = "${url}";\n      hash = "${hash}";`);
  if (platform.startsWith('linux')) expect(textOf('PKGBUILD')).toContain(`('${url}')`);
});

test('a repository that is not on GitHub is refused', () => {
  const elsewhere = { ...manifest, repository: { type: 'git', url: 'https://example.com/rolecall.git' } };
  expect(() => renderPackageFiles({ manifest: elsewhere, archives })).toThrow('names no repository on GitHub');
});

test('bash can read the PKGBUILD', () => {
  const script = `${textOf('PKGBUILD')}\nprintf '%s ' "$pkgname" "$pkgver" "\${sha256sums_x86_64[@]}"; declare -F package`;
  expect(execFileSync('bash', ['-euc', script], { encoding: 'utf8' })).toBe(`rolecall 1.2.3 ${SUM} package\n`);
});
