// Packs rolecall, publishes it to a registry on this machine, and tries it as a newcomer would, on each Node that it promises:
// installed into an empty prefix with scripts off, signed in on the emulator, credentials by a profile, imported by a project,
// uninstalled; then what is left is listed and looked at. The dependencies come from the machine's own registry:
// `node .ci/try-package.mjs [20 22 24]`.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startRegistry } from './local-registry.mjs';
import { bundledPaths, ROOT } from './stage-package.mjs';

const run = promisify(execFile);
const MAJORS = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
const CONFIG = `[sso-session my-sso-session]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`;
/** Files that remain after an uninstall, as docs/uninstall.md says. */
const LEFT_IN_HOME =
  /^(\.aws\/config|\.local\/share\/rolecall\/bin\/rolecall-credential-process|\.local\/state\/rolecall\/.*)$/;
/** Node's own warnings, such as DeprecationWarning, and the AWS SDK's about old versions of Node. */
const WARNING = /Warning|deprecated/i;

/** What other programs import, in a project that has rolecall among its dependencies. */
const IMPORTS = `import { createRequire } from 'node:module';
import { createClient, RolecallError } from 'rolecall/client';
const required = createRequire(import.meta.url);
if (required('rolecall/client').createClient !== createClient) throw new Error('require() loads another module');
if (required('rolecall/schemas/openapi-socket.json').openapi !== '3.1.0') throw new Error('no description');
const client = createClient({ startDaemon: true });
const { version, sessions } = await client.status();
if (version !== required('rolecall/package.json').version) throw new Error(version);
const failure = await client.credentials({ session: 'my-sso-session', accountId: '111111111111', permissionSet: 'X' }).catch((error) => error);
if (!(failure instanceof RolecallError)) throw failure;
console.log(sessions.map(({ session, state }) => session + ' ' + state).join(), failure.code);
`;

/** Of `rolecall/emulator`: an emulator in this process, which answers. */
const IMPORTS_EMULATOR = `import { createEmulator } from 'rolecall/emulator';
const emulator = createEmulator();
const { status } = await fetch(new URL('/control/v1/health', await emulator.listen()));
await emulator.close();
console.log(status);
`;

/** Loaded into a daemon before it: the second answer fails in our own code. */
const FAULT = `import { ServerResponse } from 'node:http';
const { writeHead } = ServerResponse.prototype;
let answers = 0;
ServerResponse.prototype.writeHead = function (...args) {
  answers += 1;
  if (answers === 2) throw new Error('planted');
  return writeHead.apply(this, args);
};
`;

const npmCli = join(execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(), 'npm', 'bin', 'npm-cli.js');
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'rolecall-try-')));
try {
  const packed = await run(process.execPath, [join(ROOT, '.ci', 'pack.mjs'), scratch]);
  const archive = packed.stdout.trim().split('\n').at(-1);
  const registry = await publish(archive);
  try {
    const reports = await Promise.allSettled(MAJORS.map((major) => tryOn(major, registry)));
    for (const report of reports) {
      if (report.status === 'fulfilled') console.log(report.value);
      else console.error(report.reason);
    }
    if (reports.some(({ status }) => status === 'rejected')) process.exitCode = 1;
  } finally {
    registry.close();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Publishes the archive as the release workflow does, but without a signature: a registry that requires provenance takes it. */
async function publish(archive) {
  const { repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const upstream = (await run('npm', ['config', 'get', 'registry'])).stdout.trim();
  const address = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  const registry = await startRegistry({ name: 'rolecall', repository: address, upstream });
  writeFileSync(join(scratch, 'npmrc'), registry.settings);
  const settings = ['--userconfig', join(scratch, 'npmrc'), '--registry', registry.url];
  mkdirSync(join(scratch, 'bare'));
  writeFileSync(join(scratch, 'bare', 'package.json'), '{ "name": "rolecall", "version": "0.0.1" }');
  await assert.rejects(run('npm', ['publish', ...settings], { cwd: join(scratch, 'bare') }), /"repository\.url" is ""/);
  await run('npm', ['publish', '--access', 'public', ...settings, archive], { cwd: scratch, maxBuffer: 1e8 });
  const { version, exports } = registry.manifest();
  assert.equal(registry.refusals.length, 1);
  console.log(`Published rolecall ${version} to a local registry, with ${Object.keys(exports).join(', ')}.`);
  return registry;
}

async function tryOn(major, registry) {
  const folder = join(scratch, major);
  const prefix = join(folder, 'prefix');
  const home = join(folder, 'home');
  for (const path of [prefix, join(home, '.aws'), join(folder, 'run')]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const nodePath = await findNode(major, folder);
  const npm = (...args) => run(nodePath, [npmCli, ...args], { cwd: folder, maxBuffer: 1e8 });

  const startedAtMs = Date.now();
  const flags = ['--registry', registry.url, '--ignore-scripts', '--no-audit', '--no-fund'];
  const { stdout, stderr } = await npm('install', '--global', '--prefix', prefix, ...flags, 'rolecall');
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  assert.doesNotMatch(
    stdout + stderr,
    /EBADENGINE|deprecated|WARN/i,
    'npm has something to say about the installation',
  );
  const installed = join(prefix, 'lib', 'node_modules', 'rolecall');
  lookAt(installed, prefix);
  const packages = comparePackages(installed);

  const environment = {
    HOME: home,
    PATH: [join(prefix, 'bin'), dirname(nodePath), '/usr/bin', '/bin'].join(':'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    ROLECALL_SECRET_STORE: 'memory',
    LANG: 'C.UTF-8',
  };
  writeFileSync(join(home, '.aws', 'config'), CONFIG, { mode: 0o600 });
  const emulator = await startEmulator(prefix, environment);
  try {
    await useIt(prefix, home, { ...environment, ...emulator.variables }, nodePath);
    await readStackTrace(installed, folder, { ...environment, PATH: '/usr/bin:/bin' }, nodePath);
    await replaceIt(installed, folder, { ...environment, PATH: '/usr/bin:/bin' }, nodePath);
    await importIt(folder, { ...environment, ...emulator.variables }, nodePath, () =>
      npm('install', ...flags, 'rolecall'),
    );
  } finally {
    emulator.child.kill('SIGTERM');
  }

  await npm('uninstall', '--global', '--prefix', prefix, 'rolecall');
  // npm's own record of what is installed, and nothing of ours.
  assert.deepEqual(
    filesOf(prefix).filter((path) => path !== 'lib/node_modules/.package-lock.json'),
    [],
  );
  const left = filesOf(home).map((path) => path.replace(/[0-9a-f]{16}/, 'ID'));
  assert.deepEqual(
    left.filter((path) => !LEFT_IN_HOME.test(path)),
    [],
  );
  assert.deepEqual(readdirSync(join(folder, 'run', 'rolecall')), []);
  return [
    `Node ${major}: installed ${packages} packages in ${seconds} s, signed in, gave keys, was imported, uninstalled. Left:`,
    ...left.map((path) => `  ~/${path}`),
  ].join('\n');
}

/** The binary itself; inside a clone npx would silently stay on the Node that runs it. */
async function findNode(major, folder) {
  const command = ['-y', '--ignore-scripts=false', '-p', `node@${major}`, 'node', '-p', 'process.execPath'];
  const nodePath =
    process.versions.node.split('.')[0] === major
      ? process.execPath
      : (await run('npx', command, { cwd: folder })).stdout.trim().split('\n').at(-1);
  const { stdout } = await run(nodePath, ['--version']);
  assert.match(stdout, new RegExp(`^v${major}\\.`));
  return nodePath;
}

function lookAt(installed, prefix) {
  const own = filesOf(installed).filter((path) => !path.startsWith('node_modules/'));
  assert.ok(own.length > 100, 'so few files mean that nobody looked');
  assert.deepEqual(
    own.filter((path) => /(^|\/)(test|\.ci)\/|\.test\.|(?<!\.d)\.ts$/.test(path)),
    [],
  );
  const maps = own.filter(
    (path) => path.endsWith('.js') && /sourceMappingURL/.test(readFileSync(join(installed, path), 'utf8')),
  );
  assert.deepEqual(maps, []);
  for (const program of ['rolecall', 'rolecalld', 'rolecall-credential-process']) {
    assert.ok(existsSync(join(prefix, 'bin', program)), `${program} is missing`);
  }
  // A browser is started by it where the system has none.
  for (const name of ['cli', 'daemon', 'tray']) {
    accessSync(join(installed, 'dist', name, 'xdg-open'), constants.X_OK);
  }
  for (const page of ['man1/rolecall.1', 'man8/rolecalld.8']) {
    assert.ok(existsSync(join(prefix, 'share', 'man', page)), page);
  }
}

/** What was reviewed is what is installed: the packages with machine code and their needs, in the versions of the lock file. */
function comparePackages(installed) {
  const { packages, version } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const isForHere = ({ os, cpu, libc }) =>
    [
      [os, process.platform],
      [cpu, process.arch],
      [libc, process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'],
    ].every(([allowed, here]) => allowed?.includes(here) ?? true);
  const keyring = Object.keys(packages).filter(
    (path) => /^node_modules\/@napi-rs\/keyring(?:-|$)/.test(path) && isForHere(packages[path]),
  );
  const expected = [...bundledPaths(version), ...keyring].map((path) => `${path} ${packages[path].version}`);
  const found = filesOf(join(installed, 'node_modules'))
    .filter((path) => /(?:^|\/node_modules\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
    .map((path) => join('node_modules', path))
    .map((path) => `${dirname(path)} ${JSON.parse(readFileSync(join(installed, path), 'utf8')).version}`);
  assert.deepEqual(found.toSorted(), expected.toSorted());
  const { components } = JSON.parse(readFileSync(join(installed, 'sbom.cdx.json'), 'utf8'));
  const listed = components.map(({ purl }) => decodeURIComponent(purl));
  const purls = found.map((one) => one.replace(/^node_modules\/(\S+) (\S+)$/, 'pkg:npm/$1@$2'));
  assert.deepEqual(
    purls.filter((purl) => !listed.includes(purl)),
    [],
  );
  return found.length;
}

async function startEmulator(prefix, environment) {
  const child = spawn(join(prefix, 'bin', 'rolecall'), ['emulator', '--json', '--auto-approve'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
  assert.ok(url, `the emulator says ${line}`);
  const variables = {};
  for (const service of ['SSO_OIDC', 'SSO', 'STS']) variables[`AWS_ENDPOINT_URL_${service}`] = url;
  return { child, variables };
}

async function useIt(prefix, home, environment, nodePath) {
  const program = async (name, ...args) => {
    const output = await run(join(prefix, 'bin', name), args, { env: environment, cwd: home });
    assert.doesNotMatch(output.stderr, WARNING, `${name} ${args.join(' ')}`);
    return output;
  };
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const nodeVersion = (await run(nodePath, ['--version'])).stdout.trim();
  assert.equal(
    (await program('rolecall', '--version')).stdout,
    `rolecall  ${version}\nnode      ${nodeVersion}\ndaemon    not running\n`,
  );
  const login = await program('rolecall', 'login', '--no-browser');
  assert.match(login.stdout + login.stderr, /Signed in to my-sso-session/);
  // A second daemon ends at once and with success.
  await program('rolecalld');
  const config = readFileSync(join(home, '.aws', 'config'), 'utf8');
  const [, helper, args] = /^credential_process = (\S+) (--session my-sso-session .*)$/m.exec(config) ?? [];
  assert.ok(helper, 'no profile was written');
  for (const command of [helper, join(prefix, 'bin', 'rolecall-credential-process')]) {
    const { stdout, stderr } = await run(command, args.split(' '), { env: environment });
    assert.equal(JSON.parse(stdout).Version, 1);
    assert.equal(stderr, '');
  }
  await program('rolecall', 'logout', '--all');
  await program('rolecall', 'daemon', 'stop');
}

/** The log of an installed daemon names the lines of our sources, which the repository has. */
async function readStackTrace(installed, folder, environment, nodePath) {
  const home = join(folder, 'fault');
  for (const path of [home, join(home, 'run')]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(home, 'fault.mjs'), FAULT);
  const env = { ...environment, HOME: home, XDG_RUNTIME_DIR: join(home, 'run') };
  const main = join(installed, 'dist', 'daemon', 'main.js');
  const daemon = spawn(nodePath, ['--import', join(home, 'fault.mjs'), main], { env, stdio: 'inherit' });
  try {
    const socketPath = join(home, 'run', 'rolecall', 'daemon.sock');
    const isAnswered = async () =>
      (await fetchText({ socketPath, path: '/v1/status', headers: { host: 'localhost' } })) !== undefined;
    const deadlineMs = Date.now() + 20_000;
    while (!(await isAnswered())) {
      assert.ok(Date.now() < deadlineMs, 'the daemon does not answer');
      await sleep(20);
    }
    await isAnswered();
    const log = readFileSync(join(home, '.local', 'state', 'rolecall', 'daemon.log'), 'utf8');
    const [, path, line] = /planted.*?\((src\/daemon\/\S+\.ts):(\d+)\)/.exec(log) ?? [];
    assert.ok(path, `no line of our sources in: ${log}`);
    assert.match(readFileSync(join(ROOT, path), 'utf8').split('\n')[line - 1], /writeHead/);
  } finally {
    daemon.kill('SIGTERM');
    if (daemon.exitCode === null) await once(daemon, 'exit');
  }
}

/** A daemon starts the version that replaced it, although the names of all chunks have changed. */
async function replaceIt(installed, folder, environment, nodePath) {
  const home = join(folder, 'upgrade');
  for (const path of [home, join(home, 'run')]) mkdirSync(path, { mode: 0o700 });
  const copy = join(home, 'rolecall');
  cpSync(installed, copy, { recursive: true });
  const env = { ...environment, HOME: home, XDG_RUNTIME_DIR: join(home, 'run') };
  const rolecall = (...args) => run(nodePath, [join(copy, 'bin', 'rolecall.js'), ...args], { env });
  const socketPath = join(home, 'run', 'rolecall', 'daemon.sock');
  // As curl does: rolecall's own clients restart an older daemon.
  const askVersion = async () => {
    const answer = await fetchText({ socketPath, path: '/v1/status', headers: { host: 'localhost' } });
    return answer === undefined ? undefined : JSON.parse(answer).version;
  };
  await rolecall('daemon', 'start');
  try {
    const next = `${copy}.next`;
    cpSync(installed, next, { recursive: true });
    renameChunks(join(next, 'dist', 'daemon'));
    const manifest = JSON.parse(readFileSync(join(next, 'package.json'), 'utf8'));
    writeFileSync(join(next, 'package.json'), JSON.stringify({ ...manifest, version: '9.9.9' }));
    renameSync(copy, `${copy}.old`);
    renameSync(next, copy);
    rmSync(`${copy}.old`, { recursive: true });
    const deadlineMs = Date.now() + 90_000;
    while ((await askVersion()) !== '9.9.9') {
      assert.ok(Date.now() < deadlineMs, 'the new version was not started');
      await sleep(500);
    }
  } finally {
    await rolecall('daemon', 'stop');
  }
}

/** As another build names them, by their contents. */
function renameChunks(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const chunks = files.filter((name) => name !== 'main.js');
  for (const name of files) {
    const path = join(folder, name);
    const text = chunks.reduce(
      (changed, chunk) => changed.replaceAll(chunk, `next-${chunk}`),
      readFileSync(path, 'utf8'),
    );
    writeFileSync(path, text);
    if (name !== 'main.js') renameSync(path, join(folder, `next-${name}`));
  }
}

/** The body of the answer; undefined if nobody answers. */
function fetchText(options) {
  return new Promise((resolve) => {
    get(options, (answer) => {
      let text = '';
      answer
        .setEncoding('utf8')
        .on('data', (part) => (text += part))
        .on('end', () => resolve(text))
        .on('error', () => resolve(undefined));
    }).on('error', () => resolve(undefined));
  });
}

async function importIt(folder, environment, nodePath, install) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  await install();
  const runProgram = async (name, text) => {
    writeFileSync(join(folder, name), text);
    return (await run(nodePath, [join(folder, name)], { env: environment, cwd: folder })).stdout;
  };
  try {
    assert.equal(await runProgram('client.mjs', IMPORTS), 'my-sso-session signed-out sign-in-required\n');
  } finally {
    await run('rolecall', ['daemon', 'stop'], { env: environment });
  }
  const { exports } = JSON.parse(readFileSync(join(folder, 'node_modules', 'rolecall', 'package.json'), 'utf8'));
  if ('./emulator' in exports) assert.equal(await runProgram('emulator.mjs', IMPORTS_EMULATOR), '200\n');
}

/** Every file and link below a folder; folders alone are nothing. */
function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}
