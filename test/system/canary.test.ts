// The whole story with real processes, then a search for every secret that AWS gave: in files, logs, output, arguments and environments.
import { spawn } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { KEYRING_PROGRAMS, startKeyringSession, type KeyringSession } from '../helpers/keyring-session.ts';
import { canSeeProcesses, processesOf } from '../helpers/processes.ts';
import { readEveryFile } from '../helpers/read-every-file.ts';
import { SECRET_FIELDS, startRecordingProxy, type RecordingProxy } from '../helpers/recording-proxy.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const hasKeyring = KEYRING_PROGRAMS.every((path) => systemPart('gnome-keyring', path));
const SAMPLE_MS = 20;
/** The one file that may hold a token in clear, and of the tokens only this one. */
const TOKEN_FILE = /^\.aws\/sso\/cache\/[0-9a-f]{40}\.json$/;
const AUDIT_LOG = '.local/state/rolecall/audit.log';
const WEB_ADDRESS_FILE = '.local/state/rolecall/web.json';
const isRoleKey = (field: string) => field === 'secretAccessKey' || field === 'sessionToken';

let home: TemporaryHome;
let emulator: Emulator;
let proxy: RecordingProxy;
let keyring: KeyringSession | undefined;
let environment: Record<string, string>;
/** What was seen where: arguments and environments of our processes, and everything they printed. */
const seen = new Map<string, Set<string>>();
/** What the daemon itself made and gives to one program: the token of the page, the token of a grant. */
const issued = new Map<string, 'webToken' | 'grantToken'>();

beforeEach(async () => {
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  const { url } = await emulator.listen();
  proxy = await startRecordingProxy(url);
  if (hasKeyring) keyring = await startKeyringSession(home.path);
  environment = {
    ...home.environment,
    ...(keyring === undefined
      ? { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse battery' }
      : { DBUS_SESSION_BUS_ADDRESS: keyring.environment['DBUS_SESSION_BUS_ADDRESS'] ?? '' }),
    AWS_ENDPOINT_URL_SSO_OIDC: proxy.url,
    AWS_ENDPOINT_URL_SSO: proxy.url,
    AWS_ENDPOINT_URL_STS: proxy.url,
  };
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);
  seen.clear();
  issued.clear();
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await keyring?.stop();
  keyring = undefined;
  await proxy.close();
  await emulator.close();
  await home.remove();
});

function note(where: string, text: string): void {
  seen.set(where, (seen.get(where) ?? new Set()).add(text));
}

function sampleProcesses(): void {
  for (const { arguments: words, environment: variables } of processesOf(home.path)) {
    note('arguments', words.join('\0'));
    note('environment', variables.join('\0'));
  }
}

async function run(...argv: string[]): Promise<ProcessRun> {
  const outcome = await runRolecall(argv, { environment });
  note(`output of rolecall ${argv[0]}`, outcome.stdout + outcome.stderr);
  return outcome;
}

/** The token of the page and that of a grant, from the only commands that show them. */
async function collectIssued(): Promise<void> {
  const web = await runRolecall(['web', '--token'], { environment });
  issued.set(web.stdout.trim(), 'webToken');
  const config = readFileSync(join(home.path, '.aws', 'config'), 'utf8');
  const [, profile = ''] = /^\[profile (\S+\.Admin-AF-Permission-Set)\]$/m.exec(config) ?? [];
  const words = ['exec', profile, '--', 'printenv', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  const grant = await runRolecall(words, { environment });
  issued.set(grant.stdout.trim(), 'grantToken');
  for (const token of issued.keys()) expect(token).toMatch(/^[A-Za-z0-9_-]{20,}/);
}

async function fetchCredentials(accountId: string, permissionSet: string): Promise<ProcessRun> {
  const args = [CREDENTIAL_PROCESS, '--session', SESSION, '--account', accountId, '--role', permissionSet];
  const outcome = await runProcess('/bin/sh', args, { environment });
  note('stdout of the credential process', outcome.stdout);
  note('stderr of the credential process', outcome.stderr);
  return outcome;
}

/** The same secret as it would look in a URL, in base64 or in hex. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [secret, encodeURIComponent(secret), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')];
}

/** "WHERE: FIELD" for each place that has a secret which has no business there. */
function findLeaks(): string[] {
  const places: [where: string, text: string][] = [...seen].map(([where, texts]) => [where, [...texts].join('\n')]);
  for (const [path, text] of readEveryFile(home.path)) places.push([relative(home.path, path), text]);
  const leaks = places.flatMap(([where, text]) =>
    [...proxy.secrets, ...issued].flatMap(([secret, field]) => {
      if (where === 'stdout of the credential process' && isRoleKey(field)) return [];
      if (where === WEB_ADDRESS_FILE && field === 'webToken') return [];
      // That of the program that `exec` runs.
      if (where === 'environment' && field === 'grantToken') return [];
      if (TOKEN_FILE.test(where) && field === 'accessToken') return [];
      return spellings(secret).some((spelling) => text.includes(spelling)) ? [`${where}: ${field}`] : [];
    }),
  );
  return [...new Set(leaks)].toSorted();
}

test.skipIf(!canSeeProcesses)('no secret is anywhere but where it belongs', { timeout: 240_000 }, async () => {
  const sampling = setInterval(sampleProcesses, SAMPLE_MS);
  try {
    // Denied, then with every kind of bad answer: errors are where secrets get out.
    emulator.turnKnobs({ autoApprove: false });
    const denied = run('login', '--debug');
    emulator.deny(await waitFor('a code', () => emulator.pendingDeviceAuthorizations()[0]?.userCode));
    expect(await denied).toMatchObject({ exitCode: 4 });
    emulator.turnKnobs({ autoApprove: true });
    for (const operation of ['StartDeviceAuthorization', 'CreateToken'] as const) {
      for (const kind of ['truncate', 'html'] as const) {
        emulator.addFault({ operation, kind, count: 1 });
        await run('login', '--debug');
      }
      emulator.addFault({ operation, kind: 'omit', fields: ['accessToken', 'userCode'], count: 1 });
      await run('login', '--debug');
      emulator.clearFaults();
    }
    expect(await run('login', '--debug')).toMatchObject({ exitCode: 0 });
    expect(await run('status')).toMatchObject({ exitCode: 0 });
    expect((await run('status', '--json')).stdout).toContain(keyring === undefined ? '"file"' : '"keychain"');
    await run('ls');
    await run('ls', '--json');
    await run('profiles', 'list', '--json');
    await run('profiles', 'sync', '--json');
    await collectIssued();
    for (const flags of [[], ['--json'], ['--report']]) await run('doctor', ...flags);
    expect(await fetchCredentials('111111111111', 'Admin-AF-Permission-Set')).toMatchObject({ exitCode: 0 });
    for (const kind of ['truncate', 'html', 'drop'] as const) {
      emulator.addFault({ operation: 'GetRoleCredentials', kind, count: 1 });
      await fetchCredentials('222222222222', 'ReadOnly');
      await run('credential-process', '--session', SESSION, '--account', '333333333333', '--role', 'nosuch', '--debug');
    }
    emulator.addFault({
      operation: 'GetRoleCredentials',
      kind: 'omit',
      fields: ['roleCredentials.expiration'],
      count: 1,
    });
    await fetchCredentials('044444444444', 'ReadOnly');
    emulator.clearFaults();
    const tokenFile = readdirSync(join(home.path, '.aws', 'sso', 'cache')).find((name) => name.endsWith('.json')) ?? '';
    const inClear = (
      JSON.parse(readFileSync(join(home.path, '.aws', 'sso', 'cache', tokenFile), 'utf8')) as { accessToken: string }
    ).accessToken;
    expect(proxy.secrets.get(inClear)).toBe('accessToken');
    expect(findLeaks()).toEqual([]);

    // The access token dies: refreshed, with a first answer that is cut off.
    emulator.expireAccessTokens();
    emulator.addFault({ operation: 'CreateToken', kind: 'truncate', count: 1 });
    await run('ls', '--refresh', '--debug');
    await run('daemon', 'restart');
    await run('ls', '--refresh', '--debug');
    expect(await run('login')).toMatchObject({ exitCode: 0 });
    expect(await fetchCredentials('222222222222', 'Admin-AF-Permission-Set')).toMatchObject({ exitCode: 0 });
    expect(findLeaks()).toEqual([]);

    // A daemon that was restarted has made others.
    await collectIssued();
    emulator.revokeSessions();
    expect(await run('ls', '--refresh', '--debug')).toMatchObject({ exitCode: 4 });
    // The report that goes into a public issue, with a session that is over and everything in the logs.
    const report = await run('doctor', '--report');
    expect(report.stdout).toContain('## rolecall doctor --report');
    expect(await run('login')).toMatchObject({ exitCode: 0 });
    expect(await run('logout')).toMatchObject({ exitCode: 0 });
    expect(await run('daemon', 'stop')).toMatchObject({ exitCode: 0 });
    expect(findLeaks()).toEqual([]);
    expect(readFileSync(join(home.path, '.local/state/rolecall/daemon.log'), 'utf8')).toContain('signed in');
    expect(readFileSync(join(home.path, AUDIT_LOG), 'utf8')).toContain('"credentials-issued"');
  } finally {
    clearInterval(sampling);
  }

  // The search had something to look for, and in the right places.
  expect([...new Set(proxy.secrets.values())].toSorted()).toEqual([...SECRET_FIELDS].toSorted());
  expect([...(seen.get('arguments') ?? [])].join('\n')).toMatch(/daemon\/main\.js/);
  expect([...(seen.get('environment') ?? [])].join('\n')).toContain('AWS_ENDPOINT_URL_SSO_OIDC=');
  const [refreshToken = ''] = [...proxy.secrets].find(([, field]) => field === 'refreshToken') ?? [];
  const [secretKey = ''] = [...proxy.secrets].find(([, field]) => field === 'secretAccessKey') ?? [];
  appendFileSync(join(home.path, AUDIT_LOG), secretKey);
  writeFileSync(join(home.path, '.cache', 'planted'), `x${encodeURIComponent(refreshToken)}x`);
  writeFileSync(join(home.path, '.aws', 'sso', 'cache', `${'0'.repeat(40)}.json`), refreshToken);
  writeFileSync(join(home.path, 'tmp', 'planted'), Buffer.from(secretKey).toString('base64'));
  const planted = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30_000)', secretKey], {
    env: { HOME: home.path, TOKEN: refreshToken },
  });
  await waitFor('the planted process to be seen', () => {
    sampleProcesses();
    return [...(seen.get('arguments') ?? [])].some((text) => text.includes(secretKey));
  });
  planted.kill('SIGKILL');
  note('stdout of the credential process', refreshToken);
  const [webToken = '', grantToken = ''] = issued.keys();
  note('output of rolecall doctor', `${webToken} ${grantToken}`);
  expect(findLeaks()).toEqual([
    `.aws/sso/cache/${'0'.repeat(40)}.json: refreshToken`,
    '.cache/planted: refreshToken',
    `${AUDIT_LOG}: secretAccessKey`,
    'arguments: secretAccessKey',
    'environment: refreshToken',
    'output of rolecall doctor: grantToken',
    'output of rolecall doctor: webToken',
    'stdout of the credential process: refreshToken',
    'tmp/planted: secretAccessKey',
  ]);
});
