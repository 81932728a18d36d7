// A real daemon that is locked: its heap has no key and no token any more, and programs of `exec` recover after the unlock.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createFileStore } from '../../src/secret-store/file.ts';
import { sessionSecretName } from '../../src/sso/issuer.ts';
import { createEmulatedHome, type EmulatedHome } from '../helpers/emulated-home.ts';
import { readLines } from '../helpers/processes.ts';
import { SESSION } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, ROLECALL, runProcess, runRolecall } from '../helpers/run-process.ts';
import { systemPartByCheck } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const DAEMON = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));
const PYTHON = '/usr/bin/python3';
const PROFILE = 'taylor.Admin-AF-Permission-Set';
const PASSPHRASE = 'correct horse battery staple';
const ROLES = [
  ['111111111111', 'Admin-AF-Permission-Set'],
  ['222222222222', 'ReadOnly'],
] as const;
/** A cut string would hide what comes after. */
const SNAPSHOT_FLAGS = ['--heapsnapshot-signal=SIGUSR2', '--heap-snapshot-string-limit=1000000'];

const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});

let world: EmulatedHome;
let daemon: ChildProcess;

beforeAll(async () => {
  world = await createEmulatedHome({ ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: PASSPHRASE });
  const flags = [...SNAPSHOT_FLAGS, `--diagnostic-dir=${world.home.path}`];
  daemon = spawn(process.execPath, [...flags, DAEMON, '--foreground'], { env: world.environment, stdio: 'ignore' });
  await waitFor('the daemon', () => world.paths.socketCandidates.some((path) => existsSync(path)));
  expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
}, 120_000);
afterAll(async () => {
  const ended = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await ended;
  await world.remove();
});

const rolecall = (...argv: readonly string[]) => runRolecall(argv, { environment: world.environment });

/** The answer of the container surface, as text. */
function fetchText(url: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers: { authorization: token } }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => resolve(text));
    });
    outgoing.on('error', reject).end();
  });
}

/** Every secret of the roles, served on each surface, and the tokens behind them. */
async function serveEverything(): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  for (const [account, role] of ROLES) {
    const served = await world.client.call('credentials', { query: { session: SESSION, account, role } });
    secrets.set(`access key of ${account}`, served.AccessKeyId);
    secrets.set(`secret of ${account}`, served.SecretAccessKey);
    secrets.set(`session token of ${account}`, served.SessionToken);
    const grant = await world.client.call('createGrant', {
      body: { session: SESSION, accountId: account, permissionSet: role },
    });
    await fetchText(grant.url, grant.token);
    await runProcess(CREDENTIAL_PROCESS, ['--session', SESSION, '--account', account, '--role', role], world);
    await world.client.call('console', {
      body: { session: SESSION, accountId: account, permissionSet: role, federated: true },
    });
  }
  const { url } = world.emulator;
  const session = {
    sessionName: SESSION,
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    registrationScopes: ['sso:account:access'],
  };
  const store = createFileStore({
    path: join(world.paths.stateDirectory, 'secrets.json'),
    passphrase: new Secret(PASSPHRASE),
  });
  const stored = await store.load(sessionSecretName(session, { ssoOidc: url, sso: url, sts: url }));
  const record = JSON.parse(stored?.reveal() ?? '{}') as Readonly<Record<string, string>>;
  for (const name of ['accessToken', 'refreshToken', 'clientSecret']) secrets.set(name, record[name] ?? '');
  return secrets;
}

async function takeSnapshot(): Promise<Buffer> {
  daemon.kill('SIGUSR2');
  const find = () => readdirSync(world.home.path).find((name) => name.endsWith('.heapsnapshot'));
  const name = await waitFor('the snapshot', find);
  // Node writes it on its one thread: it is complete once the daemon answers again.
  await world.client.call('status', {});
  const path = join(world.home.path, name);
  const bytes = readFileSync(path);
  rmSync(path);
  // The rest, most of it, are numbers.
  return bytes.subarray(bytes.lastIndexOf('"strings":['));
}

/** Whose secrets are in the bytes, in any encoding. */
function findSecrets(bytes: Buffer, secrets: ReadonlyMap<string, string>): string[] {
  return [...secrets].flatMap(([name, secret]) => {
    const raw = Buffer.from(secret);
    const forms = [raw, Buffer.from(secret, 'utf16le'), Buffer.from(JSON.stringify(secret).slice(1, -1))];
    const texts = [raw.toString('base64').replace(/=+$/, ''), raw.toString('hex'), encodeURIComponent(secret)];
    return [...forms, ...texts.map((text) => Buffer.from(text))].some((form) => bytes.includes(form)) ? [name] : [];
  });
}

test('a locked daemon has no key and no token in its heap', async () => {
  const secrets = await serveEverything();
  expect([...secrets.values()].filter((secret) => secret.length < 16)).toEqual([]);
  const before = findSecrets(await takeSnapshot(), secrets);
  expect(before).toEqual([...secrets.keys()]);
  await world.client.call('lock', {});
  expect(findSecrets(await takeSnapshot(), secrets)).toEqual([]);
  await world.client.call('unlock', {});
}, 120_000);

/** Each prints who STS says it is, or that it got no credentials, for each line that it reads. */
const CLIENTS = {
  boto3: {
    isThere: hasBoto3,
    argv: [
      PYTHON,
      '-c',
      `import boto3, sys
for line in sys.stdin:
    try:
        print(boto3.Session(region_name="us-east-1").client("sts").get_caller_identity()["Arn"], flush=True)
    except Exception as error:
        print(f"no credentials: {error}", flush=True)`,
    ],
    refusal: /^no credentials: .*rolecall is locked: programs get no credentials\. Run: rolecall unlock/,
  },
  'the SDK for JavaScript': {
    isThere: true,
    argv: [
      process.execPath,
      '--input-type=module',
      '-e',
      `import { createInterface } from 'node:readline';
import { GetCallerIdentityCommand, STSClient } from ${JSON.stringify(import.meta.resolve('@aws-sdk/client-sts'))};
import { fromNodeProviderChain } from ${JSON.stringify(import.meta.resolve('@aws-sdk/credential-providers'))};
for await (const line of createInterface({ input: process.stdin })) {
  const client = new STSClient({ region: 'us-east-1', credentials: fromNodeProviderChain() });
  const answer = await client.send(new GetCallerIdentityCommand()).catch((error) => ({ Arn: 'no credentials: ' + error.message }));
  console.log(answer.Arn);
}`,
    ],
    // As of 2026-11 its chain of providers hides the reason.
    refusal: /^no credentials: Could not load credentials from any providers$/,
  },
} as const;

describe.each(Object.entries(CLIENTS))('%s in a running exec', (_name, { isThere, argv, refusal }) => {
  test.skipIf(!isThere)(
    'is refused while it is locked, and served again after the unlock',
    async () => {
      const exec = spawn(process.execPath, [ROLECALL, 'exec', PROFILE, '--', ...argv], {
        env: world.environment,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      try {
        const lines = readLines(exec);
        const ask = async () => {
          const count = lines.length;
          exec.stdin.write('ask\n');
          return waitFor('an answer', () => lines[count]);
        };
        expect(await ask()).toMatch(/:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_/);
        await rolecall('lock');
        expect(await ask()).toMatch(refusal);
        await rolecall('unlock');
        expect(await ask()).toMatch(/:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_/);
      } finally {
        exec.kill('SIGKILL');
      }
    },
    120_000,
  );
});
