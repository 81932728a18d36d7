// Builds what Homebrew, the AUR and nix would install, as far as this machine can: the PKGBUILD by the real makepkg, the formula
// by ruby with a stand-in for Homebrew's own class, the nix expression evaluated by nix. Then the installed rolecall runs the demo.
// Needs ruby, makepkg, libarchive-tools, fakeroot, nix-bin and a registry: `node .ci/try-platforms.mjs`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './stage-package.mjs';

/** makepkg refuses to run as root. */
const BUILDER_ID = 65_534;
const ARCH = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** As much of Homebrew's DSL as the formula uses, for one machine; the last line it prints is every URL with its checksum. */
const HOMEBREW_STAND_IN = `
require "fileutils"
require "json"
require "pathname"
class Pathname
  def install(paths) = (mkpath; FileUtils.cp_r(paths, self))
  def install_symlink(target)
    mkpath
    target = { target => File.basename(target) } unless target.is_a?(Hash)
    target.each { |path, name| FileUtils.ln_s(path, self / name) }
  end
end
module Language
  module Node
    module Shebang
      def detected_node_shebang = "#!" + NODE[0]
      def rewrite_shebang(line, *paths) = paths.each { |path| path.write(path.read.sub(/\\A#!.*/, line)) }
    end
  end
end
NODE = []
class Formula
  FOUND = []
  class << self
    %i[desc homepage version license depends_on test].each { |name| define_method(name) { |*| } }
    %i[on_macos on_linux on_arm on_intel].each { |name| define_method(name) { |&block| block.call } }
    def url(text) = FOUND.push({ url: text })
    def sha256(text) = FOUND.last[:sha256] = text
  end
  def initialize(prefix) = @prefix = Pathname.new(prefix)
  def libexec = @prefix / "libexec"
  def bin = @prefix / "bin"
  def man1 = @prefix / "share/man/man1"
  def man8 = @prefix / "share/man/man8"
  def generate_completions_from_executable(program, *args) =
    %w[bash zsh fish].each { |shell| raise shell unless system(program.to_s, *args, shell, out: File::NULL) }
end
def install_formula(path, prefix, node)
  NODE.push(node)
  load path
  Rolecall.new(prefix).install
  puts Formula::FOUND.to_json
end
`;
const archiveName = `rolecall-${version}-linux-${process.arch}.tar.gz`;

// Directly in /tmp: another user has to get there.
const scratch = realpathSync(mkdtempSync('/tmp/rolecall-platforms-'));
execFileSync('chmod', ['755', scratch]);
try {
  const packed = join(scratch, 'packed');
  mkdirSync(packed);
  const options = { stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync(process.execPath, [join(ROOT, '.ci', 'pack-platforms.mjs'), packed], options);
  assert.equal(readdirSync(packed).filter((name) => name.endsWith('.tar.gz')).length, 4);
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { ...options, cwd: packed });

  tryProgram('the PKGBUILD', buildArchPackage(packed));
  tryProgram('the formula', installFormula(packed));
  evaluateNix(packed);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The command line of the installed program: this machine may have no /usr/bin/node. */
function buildArchPackage(packed) {
  const folder = join(scratch, 'aur');
  mkdirSync(folder);
  // makepkg takes an archive that is there already, and checks its sum.
  for (const name of ['PKGBUILD', archiveName]) cpSync(join(packed, name), join(folder, name));
  execFileSync('chown', ['-R', `${BUILDER_ID}:${BUILDER_ID}`, folder]);
  const asBuilder = [
    '--reuid',
    BUILDER_ID,
    '--regid',
    BUILDER_ID,
    '--clear-groups',
    'env',
    `HOME=${folder}`,
    `CARCH=${ARCH}`,
    'PKGEXT=.pkg.tar',
    // Which is not here, and would look for dependencies only.
    'PACMAN=true',
  ];
  const makepkg = (...args) =>
    execFileSync('setpriv', [...asBuilder.map(String), 'makepkg', ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  assert.match(makepkg('--printsrcinfo'), new RegExp(`^pkgbase = rolecall\n(?:.*\n)*\tpkgver = ${version}$`, 'm'));
  makepkg('--nodeps', '--nosign');
  const name = readdirSync(folder).find((one) => one.endsWith('.pkg.tar'));
  const installed = join(folder, 'installed');
  mkdirSync(installed);
  execFileSync('tar', ['-xf', join(folder, name), '-C', installed]);
  const completion = join(installed, 'usr/share/bash-completion/completions/rolecall');
  assert.match(readFileSync(completion, 'utf8'), /complete /);
  const program = join(installed, 'usr/bin/rolecall');
  assert.equal(readFileSync(program, 'utf8').split('\n')[0], '#!/usr/bin/node');
  return [process.execPath, program];
}

function installFormula(packed) {
  const prefix = join(scratch, 'homebrew');
  const stand = join(scratch, 'formula.rb');
  writeFileSync(stand, HOMEBREW_STAND_IN);
  const source = join(scratch, 'formula-source');
  mkdirSync(source);
  execFileSync('tar', ['-xzf', join(packed, archiveName), '-C', source, '--strip-components=1']);
  const args = [
    '-W',
    '-r',
    stand,
    '-e',
    `install_formula ${JSON.stringify(join(packed, 'rolecall.rb'))}, ${JSON.stringify(prefix)}, ${JSON.stringify(process.execPath)}`,
  ];
  const said = execFileSync('ruby', args, { cwd: source, encoding: 'utf8' });
  const sums = readFileSync(join(packed, 'SHA256SUMS'), 'utf8');
  const chosen = JSON.parse(said.trim().split('\n').at(-1));
  assert.deepEqual(
    chosen.map(({ sha256, url }) => `${sha256}  ${url.split('/').at(-1)}`).toSorted(),
    sums.trim().split('\n').toSorted(),
  );
  return [join(prefix, 'bin', 'rolecall')];
}

function evaluateNix(packed) {
  const systems = ['x86_64-linux', 'aarch64-linux', 'x86_64-darwin', 'aarch64-darwin'];
  const expression = `map (system: let package = import ${join(packed, 'rolecall.nix')} {
    lib = { optional = c: x: if c then [ x ] else [ ]; getLib = x: x; getExe = x: "/bin/node"; licenses.mit = "mit"; sourceTypes = { binaryNativeCode = 1; fromSource = 2; }; };
    stdenv = { mkDerivation = x: x; hostPlatform = { inherit system; isLinux = true; }; cc.cc = "cc"; };
    fetchurl = x: x; autoPatchelfHook = "a"; installShellFiles = "i"; nodejs = "n"; curl = "c";
  }; in package.src // { script = package.installPhase; inherit (package) version; }) ${JSON.stringify(systems).replaceAll(',', ' ')}`;
  const options = { encoding: 'utf8', env: { ...process.env, NIX_STATE_DIR: join(scratch, 'nix'), HOME: scratch } };
  const sources = JSON.parse(
    execFileSync('nix-instantiate', ['--eval', '--strict', '--json', '-E', expression], options),
  );
  const sums = readFileSync(join(packed, 'SHA256SUMS'), 'utf8').trim().split('\n');
  const asSums = sources.map(
    ({ url, hash }) =>
      `${Buffer.from(hash.slice('sha256-'.length), 'base64').toString('hex')}  ${url.split('/').at(-1)}`,
  );
  assert.deepEqual(asSums.toSorted(), sums.toSorted());
  assert.deepEqual([...new Set(sources.map((one) => one.version))], [version]);
  execFileSync('bash', ['-n'], { input: sources[0].script });
  console.log('the nix expression: evaluated for four systems');
}

/** Runs the main job with what is installed, in an empty home. */
function tryProgram(what, [program, ...first]) {
  const home = mkdtempSync(join(scratch, 'home-'));
  const env = { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
  const run = (...args) =>
    execFileSync(program, [...first, ...args], { env, cwd: home, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  assert.match(run('--version'), new RegExp(`^rolecall  ${version}$`, 'm'));
  assert.match(run('demo'), /Signed in/);
  console.log(`${what}: built, installed, demo run`);
}
