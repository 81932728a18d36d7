// Broken machines, one for each code of `rolecall doctor`: how to break them, and what the user enters while fixing them.
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { DoctorCode } from '../../src/cli/commands/doctor/codes.ts';
import { createSystemClock, type Clock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { isListening } from '../../src/daemon/http/listeners.ts';
import { SECRET_FILE_NAME } from '../../src/secret-store/choose.ts';
import { createFileStore } from '../../src/secret-store/file.ts';
import { tokenFilePath } from '../../src/aws-config/files/token-file.ts';
import { createHurriedClock } from '../helpers/hurried-clock.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { createScriptedSystemd, type ScriptedSystemd } from './scripted-systemd.ts';
import { CONFIG, SESSION, writePrivate, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

export interface Trouble {
  readonly code: DoctorCode;
  readonly rig?: RigOptions;
  /** Breaks a healthy machine; adds what has to be ended afterwards to `ends`. */
  breakIt?(rig: Rig, ends: (() => unknown)[]): Promise<void> | void;
  /** Variables of the user's shell. */
  readonly shell?: (rig: Rig) => Readonly<Record<string, string>>;
  /** What the user does in the editor: a sed script; LINE is the line that it opened at. */
  readonly edit?: string | ((rig: Rig) => string);
  /** What the user puts in place of a word in capitals. */
  readonly words?: (rig: Rig) => Readonly<Record<string, string>>;
  /** What the user does before running the commands, as the message says. */
  before?(rig: Rig): Promise<void> | void;
  readonly nodeVersion?: (rig: Rig) => string;
  readonly clock?: (rig: Rig) => Clock;
  /** The service manager of the machine. */
  readonly manager?: ScriptedSystemd;
  /** Also fixed by `doctor --fix CODE`. */
  readonly fixable?: boolean;
  /** A command that cannot run here. */
  readonly leavesOut?: string;
  /** Only root can give files to another user. */
  readonly needsRoot?: boolean;
  /** Waits for what a command has started, such as the end of a killed program. */
  readonly settle?: (rig: Rig) => Promise<void>;
  /** The program that the commands of the fix need. */
  readonly needsProgram?: string;
}

const credentialsPath = (rig: Rig) => join(rig.home.path, '.aws', 'credentials');
const KEY =
  'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY\n';
const FOLLOWER = 'credential_process = sh --current\n';
const blockOf = (text: string) => `# >>> rolecall >>>\n${text}# <<< rolecall <<<\n`;
const withProfile = (lines: string): RigOptions => ({ config: `${CONFIG}\n${lines}` });

/** A clock that is ahead until the test's `timedatectl` creates a file. */
function wrongClock(minutes: number, isRight: () => boolean): Clock {
  const clock = createSystemClock();
  return { ...clock, nowMs: () => clock.nowMs() + (isRight() ? 0 : minutes * 60_000) };
}

/** Makes a minute pass in three seconds for AWS and the daemon, so that the next try comes soon. */
function hurried(): RigOptions {
  const clock = createHurriedClock(20);
  return { clock, emulator: { clock } };
}

async function listenAnywhere(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenAnywhere(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** The file that the test's `timedatectl` creates. */
const clockSet = { path: '' };
const options: { version?: string } = { version: '0.0.9' };

export const TROUBLES: readonly Trouble[] = [
  {
    code: 'config-malformed',
    breakIt: (rig) => writePrivate(rig.configPath, `${CONFIG}\n[profile account1]\nregion = us-east-1\n`),
    edit: 'LINE,$d',
  },
  {
    code: 'config-unreadable',
    breakIt(rig) {
      unlinkSync(rig.configPath);
      symlinkSync(join(rig.home.path, 'dotfiles', 'config'), rig.configPath);
    },
  },
  {
    code: 'config-block-broken',
    breakIt: (rig) => writePrivate(rig.configPath, `${CONFIG}\n# >>> rolecall >>>\n[profile a]\nregion = us-east-1\n`),
    edit: 'LINEd',
  },
  {
    code: 'config-key-not-ours',
    breakIt: (rig) =>
      writePrivate(rig.configPath, `${CONFIG}\n${blockOf(`[profile current]\n${FOLLOWER}output = json\n`)}`),
    edit: 'LINEd',
  },
  {
    code: 'config-section-not-ours',
    breakIt: (rig) => writePrivate(rig.configPath, `${CONFIG}\n${blockOf('[profile mine]\noutput = json\n')}`),
    edit: 'LINE,+1d',
  },
  { code: 'profile-duplicate', rig: withProfile('[profile "account1"]\nregion = eu-west-1\n'), edit: 'LINE,$d' },
  {
    code: 'profile-shadowed',
    breakIt: (rig) => writePrivate(credentialsPath(rig), `[account1]\n${KEY}`),
    edit: 'LINE,+2d',
  },
  { code: 'profile-session-missing', rig: withProfile('[profile b]\nsso_session = gone\n'), edit: 'LINE,$d' },
  {
    code: 'profile-program-missing',
    rig: withProfile('[profile b]\ncredential_process = "/opt/aws sso/bin/aws-sso" process --profile b\n'),
    edit: 'LINE,$d',
  },
  { code: 'profile-login-invalid', rig: withProfile('[profile b]\nlogin_session = taylor\n'), edit: 'LINE,$d' },
  {
    code: 'profile-login-ambiguous',
    rig: withProfile('[profile b]\nlogin_session = arn:aws:iam::123456789012:user/x\nsso_session = my-sso-session\n'),
    edit: '$d',
  },
  {
    code: 'chain-unavailable',
    rig: withProfile(
      '[profile b]\nrole_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = account1\nmfa_serial = arn:aws:iam::111111111111:mfa/x\n',
    ),
    edit: 'LINEd',
  },
  {
    code: 'chain-capped',
    rig: withProfile(
      '[profile b]\nrole_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = account1\nduration_seconds = 7200\n',
    ),
    edit: '$d',
  },
  {
    code: 'credential-process-copy-stale',
    fixable: true,
    async breakIt(rig) {
      await rig.runCli(['login']);
      unlinkSync(rig.paths.credentialProcessPath);
    },
  },
  {
    code: 'long-lived-key',
    breakIt: (rig) => writePrivate(credentialsPath(rig), `[default]\nregion = us-east-1\n\n[ci]\n${KEY}`),
    words: () => ({ USER: 'ci-user', ADMIN: 'account1' }),
    edit: 'LINE,+2d',
  },
  {
    code: 'environment-keys',
    shell: () => ({ AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }),
    words: () => ({ USER: 'ci-user', ADMIN: 'account1' }),
  },
  {
    code: 'environment-identity',
    shell: () => ({ AWS_ROLE_ARN: 'arn:aws:iam::111111111111:role/ci', AWS_BEARER_TOKEN_BEDROCK: 'secret' }),
  },
  { code: 'environment-profile-unknown', shell: () => ({ AWS_PROFILE: 'acount1' }) },
  {
    code: 'environment-default-profile',
    rig: withProfile('[profile b]\nregion = us-east-1\n'),
    shell: () => ({ AWS_PROFILE: 'account1', AWS_DEFAULT_PROFILE: 'b' }),
  },
  {
    code: 'environment-file-missing',
    shell: (rig) => ({ AWS_SHARED_CREDENTIALS_FILE: join(rig.home.path, 'no', 'credentials') }),
  },
  { code: 'environment-endpoint', shell: () => ({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }) },
  { code: 'environment-differs', shell: (rig) => ({ AWS_ENDPOINT_URL_SSO: `${rig.emulator.url}/` }) },
  {
    code: 'environment-dropped',
    breakIt: (rig) => installProgram(rig, 'few/systemctl', `echo "$*" > ${rig.home.path}/told`),
    shell: (rig) => ({ PATH: `${rig.home.path}/few:${rig.environment['PATH'] ?? ''}` }),
    manager: createScriptedSystemd({
      environment: (rig) =>
        existsSync(join(rig.home.path, 'told'))
          ? 'LANG=C.UTF-8\n'
          : 'LANG=C.UTF-8\nLD_PRELOAD=\nNODE_OPTIONS=--inspect\nAWS_ENDPOINT_URL_SSO=http://127.0.0.1:1\n',
    }),
  },
  {
    code: 'directory-open',
    fixable: true,
    breakIt: (rig) => chmodSync(rig.paths.stateDirectory, 0o755),
  },
  readableByOthers(credentialsPath, '[x]\nregion = us-east-1\n'),
  readableByOthers((rig) => join(dirname(rig.paths.settingsFile), 'environment'), 'ROLECALL_PASSPHRASE=secret\n'),
  readableByOthers((rig) => join(rig.paths.stateDirectory, 'service.env'), 'HTTPS_PROXY=http://me:secret@proxy\n'),
  readableByOthers((rig) => join(rig.paths.stateDirectory, 'adoptions', '1.json'), '{"schemaVersion":1}'),
  {
    code: 'file-writable-by-others',
    fixable: true,
    breakIt: (rig) => chmodSync(rig.configPath, 0o666),
  },
  {
    code: 'file-not-ours',
    needsRoot: true,
    breakIt: (rig) => chownSync(rig.configPath, 65_534, 65_534),
  },
  {
    code: 'settings-invalid',
    async breakIt(rig) {
      await rig.daemon().stop();
      writePrivate(rig.paths.settingsFile, 'token_cache = "auto"\nflwo = "device"\n');
    },
    edit: 'LINEd',
  },
  {
    code: 'settings-without-effect',
    rig: { settings: '[[role]]\npermission_set = "Nobody*"\npin = true\n' },
    async breakIt(rig) {
      await rig.runCli(['login']);
    },
    edit: '/Nobody/d',
  },
  { code: 'settings-session-missing', rig: { settings: '[session.nobody]\nlabel = "Nobody"\n' }, edit: '/./d' },
  { code: 'settings-too-new', rig: { settings: 'written_for = "99.1"\nnewer = 1\n' }, edit: '/newer/d' },
  { code: 'template-invalid', rig: { settings: '[profiles]\nname = "{nobody}"\n' }, edit: '/nobody/d' },
  {
    code: 'sign-in-without-browser',
    rig: { settings: `[session.${SESSION}]\nflow = "pkce"\n` },
    edit: 's/pkce/auto/',
  },
  {
    code: 'socket-stale',
    fixable: true,
    async breakIt(rig, ends) {
      await rig.daemon().stop();
      const child = spawn(
        process.execPath,
        [
          '-e',
          `require('net').createServer().listen(${JSON.stringify(rig.paths.socketPath)}, () => console.log('up'))`,
        ],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      ends.push(() => child.kill('SIGKILL'));
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  },
  {
    code: 'daemon-not-answering',
    async breakIt(rig, ends) {
      await rig.daemon().stop();
      // It holds the lock like a daemon, but does not speak HTTP.
      const script = `require('fs').openSync(${JSON.stringify(rig.paths.lockFile)}, 'a'); require('net').createServer((s) => s.on('error', () => 0).end('what?')).listen(${JSON.stringify(rig.paths.socketPath)}, () => console.log('up'))`;
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      ends.push(() => child.kill('SIGKILL'));
      await once(child.stdout, 'data');
    },
    needsProgram: '/usr/bin/fuser',
    settle: ({ paths }) =>
      waitFor('the killed program to end', async () => !(await isListening(paths.socketPath))).then(() => undefined),
  },
  {
    code: 'daemon-version-mismatch',
    rig: options,
    before: () => void delete options.version,
  },
  {
    code: 'web-port-not-usable',
    async breakIt(rig, ends) {
      const server = createServer();
      ends.push(() => server.close());
      writePrivate(rig.paths.settingsFile, `web_port = ${await listenAnywhere(server)}\n`);
      await rig.restartDaemon();
    },
    edit: '/web_port/d',
  },
  {
    code: 'container-port-taken',
    rig: { hasLastingPort: true },
    async breakIt(rig, ends) {
      await rig.runCli(['login']);
      const role = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
      const { url } = await rig.client.call('createGrant', { body: role });
      await rig.daemon().stop();
      const server = createHttpServer();
      ends.push(() => server.close());
      server.listen(Number(new URL(url).port), '127.0.0.1');
      await once(server, 'listening');
      await rig.restartDaemon();
    },
  },
  {
    code: 'container-port-lost',
    rig: { losesPort: true, hasLastingPort: true },
    async breakIt(rig) {
      await rig.runCli(['login']);
      const role = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
      await rig.client.call('createGrant', { body: role });
      await rig.restartDaemon();
    },
  },
  {
    code: 'state-file-damaged',
    async breakIt(rig) {
      writePrivate(join(rig.paths.stateDirectory, 'current.json'), '');
      await rig.restartDaemon();
    },
  },
  {
    code: 'approval-bypassed',
    rig: { settings: '[[protect]]\npermission_set = "Admin*"\n' },
    async breakIt(rig) {
      await rig.runCli(['login']);
    },
    // Nobody confirms the change in a test.
    words: () => ({ 'profiles adopt': 'profiles adopt --yes' }),
  },
  {
    code: 'screen-not-watched',
    rig: {
      settings: 'lock_with_screen = true\n',
      environment: { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nowhere/bus' },
    },
    edit: '/lock_with_screen/d',
  },
  {
    code: 'token-file-not-ours',
    rig: hurried(),
    async breakIt(rig) {
      const path = tokenFilePath(rig.home.path, SESSION);
      const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
      const token = {
        startUrl: 'https://d-1234567890.awsapps.com/start',
        region: 'us-east-1',
        accessToken: 'theirs',
        expiresAt: inAnHour,
      };
      writePrivate(path, JSON.stringify(token));
      await rig.runCli(['login']);
    },
  },
  {
    code: 'secret-store-unavailable',
    rig: { settings: '# mine\n', environment: { ROLECALL_SECRET_STORE: '', ROLECALL_PASSPHRASE: 'right' } },
    edit: '1s/^/secret_store = "file"\\n/',
  },
  {
    code: 'secret-store-locked',
    rig: { environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'right' } },
    async breakIt(rig) {
      await rig.runCli(['login']);
      await rig.restartDaemon({ ...rig.environment, ROLECALL_PASSPHRASE: 'wrong' });
    },
    // Nobody types the passphrase in a test.
    words: () => ({ 'read -rsp "Passphrase: " ROLECALL_PASSPHRASE': 'ROLECALL_PASSPHRASE=right' }),
  },
  {
    code: 'passkeys-changed',
    rig: { environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'right' } },
    async breakIt(rig) {
      await rig.runCli(['login']);
      await rig.client.call('passkeys', {});
      const path = join(rig.paths.stateDirectory, SECRET_FILE_NAME);
      const store = createFileStore({ path, passphrase: new Secret('right'), cost: { N: 2 ** 15, r: 8, p: 1 } });
      await store.save('passkeys', new Secret('planted'));
      await rig.client.call('passkeys', {});
    },
  },
  { code: 'secret-store-memory' },
  {
    code: 'secret-store-memory',
    rig: { settings: 'secret_store = "memory"\n', environment: { ROLECALL_SECRET_STORE: '' } },
    edit: '/secret_store/d',
  },
  {
    code: 'identity-center-unreachable',
    rig: hurried(),
    async breakIt(rig) {
      await rig.runCli(['login']);
      rig.emulator.addFault({ operation: 'ListAccounts', kind: 'drop' });
      await rig.runCli(['ls', '--refresh']);
    },
    // Not earlier: the daemon tries again by itself within seconds.
    before: (rig) => rig.emulator.clearFaults(),
  },
  {
    code: 'identity-center-throttled',
    rig: hurried(),
    async breakIt(rig) {
      await rig.runCli(['login']);
      rig.emulator.addFault({ operation: 'ListAccounts', kind: 'throttle' });
      await rig.runCli(['ls', '--refresh']);
    },
    before: (rig) => rig.emulator.clearFaults(),
  },
  {
    code: 'clock-skew',
    rig: { clock: wrongClock(11, () => existsSync(clockSet.path)) },
    breakIt(rig) {
      clockSet.path = join(rig.home.path, 'clock-set');
      installProgram(rig, 'few/timedatectl', `[ "$*" = 'set-ntp true' ] && touch ${clockSet.path}`);
    },
    shell: withFew,
  },
  {
    code: 'endpoint-unresolvable',
    rig: { settings: '[endpoints]\nsso = "https://portal.nowhere.invalid"\n' },
    edit: '/sso =/d',
  },
  {
    code: 'endpoint-unreachable',
    async breakIt(rig) {
      writePrivate(rig.paths.settingsFile, `[endpoints]\nsso_oidc = "http://127.0.0.1:${await freePort()}"\n`);
      await rig.restartDaemon();
    },
    edit: '/sso_oidc/d',
  },
  {
    code: 'endpoint-untrusted',
    async breakIt(rig) {
      const ca = createPrivateCa(rig.home.path);
      await rig.emulator.close();
      const { url } = await rig.emulator.listen(0, '127.0.0.1', ca.issue(['127.0.0.1']));
      writePrivate(rig.paths.settingsFile, `[endpoints]\nsso_oidc = "${url}"\nsso = "${url}"\n`);
      await rig.restartDaemon();
    },
    words: (rig) => ({ 'YOUR-COMPANY-CA.pem': join(rig.home.path, 'ca.pem') }),
  },
  {
    code: 'proxy-failed',
    async breakIt(rig) {
      const ca = createPrivateCa(rig.home.path);
      await rig.emulator.close();
      const { url } = await rig.emulator.listen(0, '127.0.0.1', ca.issue(['127.0.0.1']));
      const proxy = `http://127.0.0.1:${await freePort()}`;
      writePrivate(
        rig.paths.settingsFile,
        `[endpoints]\nsso_oidc = "${url}"\nsso = "${url}"\n[network]\nca_bundle = "${ca.path}"\nproxy = "${proxy}"\n`,
      );
      await rig.restartDaemon();
    },
    edit: '/proxy/d',
  },
  { code: 'node-ends-soon', ...nodeOf('v20.19.0'), clock: () => at('2026-12-31') },
  { code: 'node-too-old', ...nodeOf('v20.19.0'), clock: () => at('2027-02-01') },
  {
    code: 'aws-cli-1',
    breakIt(rig) {
      installProgram(rig, 'old/aws', 'echo aws-cli/1.45.11 Python/3.13');
      installProgram(rig, 'new/aws', 'echo aws-cli/2.23.6 Python/3.13');
    },
    shell: (rig) => ({ PATH: `${rig.home.path}/old:${rig.home.path}/new:${rig.environment['PATH'] ?? ''}` }),
  },
  {
    code: 'curl-missing',
    breakIt(rig) {
      // Everything that the fix needs, but no curl.
      for (const name of ['bash', 'env', 'sh', 'cat']) symlinkInto(rig, 'few', name);
      installProgram(rig, 'new/curl', 'echo "curl 8.5.0 (x86_64-pc-linux-gnu)"');
      installProgram(
        rig,
        'few/apt-get',
        `PATH=/usr/bin:/bin cp "${rig.home.path}/new/curl" "${rig.home.path}/few/curl"`,
      );
    },
    shell: (rig) => ({ PATH: `${rig.home.path}/few` }),
  },
  {
    code: 'curl-too-old',
    breakIt(rig) {
      installProgram(rig, 'few/curl', 'echo "curl 7.29.0 (x86_64-redhat-linux-gnu)"');
      installProgram(rig, 'few/apt-get', `rm "${rig.home.path}/few/curl"`);
    },
    shell: withFew,
  },
  {
    code: 'service-broken',
    // Installed by a Node that no longer exists.
    manager: createScriptedSystemd({ installedBy: '/gone/node' }),
  },
  {
    code: 'service-stopped',
    manager: createScriptedSystemd({ socketState: 'inactive' }),
  },
  {
    code: 'service-without-manager',
    manager: createScriptedSystemd({ isRunning: false }),
  },
  {
    code: 'keys-refused',
    async breakIt(rig) {
      await rig.runCli(['login']);
      await rig.runCli(['logout']);
      await rig.runCli(['env', 'taylor.Admin-AF-Permission-Set']);
    },
  },
  {
    code: 'other-tool',
    rig: withProfile(
      '[profile g]\ngranted_sso_start_url = https://d-1234567890.awsapps.com/start\ngranted_sso_region = us-east-1\n' +
        'granted_sso_account_id = 111111111111\ngranted_sso_role_name = ReadOnly\ncredential_process = granted credential-process --profile g\n',
    ),
  },
  // Adopted and native profiles: no command of the tool is left, only its marks.
  {
    code: 'other-tool',
    rig: withProfile('# BEGIN_AWS_SSO_CLI_Work\n[profile s]\nregion = us-east-1\n# END_AWS_SSO_CLI_Work\n'),
    edit: '/_AWS_SSO_CLI/d',
  },
  {
    code: 'other-tool',
    rig: withProfile(
      '[profile g]\ncommon_fate_generated_from = aws-sso\nregion = us-east-1\n[profile h]\ncommon_fate_generated_from = aws-sso\n',
    ),
    edit: '/^common_fate/d',
  },
  {
    code: 'other-tool',
    rig: withProfile(
      '[granted_registry_start team]\n[profile shared/Dev]\nregion = us-east-1\n[granted_registry_end team]\n',
    ),
    edit: '/^.granted_registry/d',
  },
  {
    code: 'daemon-problem',
    async breakIt(rig) {
      const folder = dirname(rig.paths.credentialProcessPath);
      rmSync(folder, { recursive: true });
      writeFileSync(folder, 'in the way');
      await rig.restartDaemon();
    },
    async before(rig) {
      rmSync(dirname(rig.paths.credentialProcessPath));
      await rig.restartDaemon();
    },
  },
];

function readableByOthers(pathIn: (rig: Rig) => string, text: string): Trouble {
  return {
    code: 'file-readable-by-others',
    fixable: true,
    breakIt(rig) {
      writePrivate(pathIn(rig), text);
      chmodSync(pathIn(rig), 0o644);
    },
  };
}

function nodeOf(old: string): Pick<Trouble, 'breakIt' | 'nodeVersion' | 'shell' | 'leavesOut'> {
  return {
    // The rig's daemon runs in this process, so its Node version is the test's.
    leavesOut: 'rolecall daemon restart',
    async breakIt(rig) {
      // Otherwise the daemon's own Node would be reported too.
      await rig.daemon().stop();
      installProgram(rig, 'few/npx', `[ "$*" = 'n 24' ] && touch ${rig.home.path}/node-24`);
      installProgram(rig, 'few/npm', `[ "$*" = 'install -g rolecall' ]`);
    },
    shell: withFew,
    nodeVersion: (rig) => (existsSync(join(rig.home.path, 'node-24')) ? 'v24.1.0' : old),
  };
}

function withFew(rig: Rig): Record<string, string> {
  return { PATH: `${rig.home.path}/few:${rig.home.path}/quick:${rig.environment['PATH'] ?? ''}` };
}

function at(date: string): Clock {
  return { ...createSystemClock(), nowMs: () => Date.parse(date) };
}

export function installProgram(rig: Rig, path: string, script: string): void {
  const target = join(rig.home.path, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function symlinkInto(rig: Rig, folder: string, name: string): void {
  mkdirSync(join(rig.home.path, folder), { recursive: true });
  symlinkSync(join('/usr/bin', name), join(rig.home.path, folder, name));
}
