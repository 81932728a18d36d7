// `rolecall setup --from … --public-key` and `--sha256`: the key counts from then on, and nothing else gets through.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/signatures/${name}`, import.meta.url));
const TEAM = readFileSync(fixture('team.toml'));
const SHA256 = createHash('sha256').update(TEAM).digest('hex');
const SSH_ID = 'SHA256:aIYUC2GUDEx1CXzN8nUDayk8Dh/50QHaBGYe1J5raEs';

let rig: Rig;
let folder: string;
let teamPath: string;
let server: { readonly url: string; readonly answers: Map<string, (response: ServerResponse) => unknown> };
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  const home = createTemporaryHome();
  const authority = createPrivateCa(home.path);
  const answers = new Map<string, (response: ServerResponse) => unknown>();
  const https = createServer(authority.issue(['127.0.0.1']), (request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else answer(response);
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  server = { url: `https://127.0.0.1:${(https.address() as AddressInfo).port}`, answers };
  rig = await createRig({ config: '', environment: { AWS_CA_BUNDLE: authority.path } });
  teamPath = join(dirname(rig.paths.settingsFile), 'team.toml');
  folder = join(rig.home.path, 'shared');
  ends.push(
    () => rig.remove(),
    () => https.closeAllConnections(),
    () => https.close(),
    () => home.remove(),
  );
});
afterAll(async () => {
  for (const end of ends) await end();
});
afterEach(() => {
  rmSync(teamPath, { force: true });
  rmSync(folder, { recursive: true, force: true });
  server.answers.clear();
});

/** Puts the recorded file and signatures into the folder, and serves them. */
function share(...suffixes: readonly ('.sig' | '.minisig')[]): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, recorded] of [
    ['team.toml', 'team.toml'],
    ...suffixes.map((suffix) => [`team.toml${suffix}`, `team${suffix}`] as const),
  ] as const) {
    copyFileSync(fixture(recorded), join(folder, name));
    server.answers.set(`/${name}`, (response) => response.end(readFileSync(fixture(recorded))));
  }
  return join(folder, 'team.toml');
}

/** Applying the file would restart the daemon, which runs in this process; so the API does that. */
const setup = (...argv: readonly string[]) => rig.runCli(['setup', ...argv, '--dry-run']);
const apply = (source: string, key: string) => rig.client.call('team', { body: { source, publicKey: readKey(key) } });
const readKey = (name: string) => readFileSync(fixture(name), 'utf8').trim().split('\n').at(-1) ?? '';
const stored = () => (existsSync(teamPath) ? readFileSync(teamPath, 'utf8') : undefined);

test('says who signed the file, and keeps the key for later versions', async () => {
  const path = share('.sig');
  const first = await setup('--from', path, '--public-key', fixture('ssh.pub'), '--sha256', SHA256.toUpperCase());
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.stderr).toContain(
    `SHA-256 as expected: ${SHA256}\nSigned by the ssh key ${SSH_ID}. Later versions must be signed with it too.\n`,
  );
  await apply(path, 'ssh.pub');
  const [key] = readKey('ssh.pub').split(' platform');
  expect(stored()).toBe(`# rolecall team file, from ${path}\n# rolecall team key: ${key}\n${TEAM.toString()}`);
  expect(await setup('--refresh')).toMatchObject({
    exitCode: 0,
    stderr: `Signed by the ssh key ${SSH_ID}. As the version before.\n`,
  });

  // Unsigned, from wherever it comes.
  rmSync(join(folder, 'team.toml.sig'));
  server.answers.delete('/team.toml.sig');
  const before = stored();
  for (const argv of [['--refresh'], ['--from', path], ['--from', `${server.url}/team.toml`]]) {
    expect(await setup(...argv)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('The team file must be signed, and its signature cannot be read: ') as string,
    });
  }
  // Signed by somebody else: the key that a person names replaces the other one.
  share('.minisig');
  const { signature } = await apply(path, 'minisign.pub');
  expect(signature).toEqual({
    kind: 'minisign',
    keyId: 'F3081D819C490186',
    signedAt: '2026-12-01T04:32:09Z',
    isNewKey: true,
    refusesOlder: true,
  });
  expect(before).toContain('team key: ssh-ed25519');
  expect(stored()).toContain('# rolecall team signed: 2026-12-01T04:32:09Z\nteam = "Platform"\n');
});

test('refuses a file of the same signer with a lower serial', async () => {
  const path = share('.sig');
  await apply(path, 'ssh.pub');
  writeFileSync(teamPath, stored()?.replace('serial = 3', 'serial = 4') ?? '', { mode: 0o600 });
  const before = stored();
  expect(await setup('--refresh')).toEqual({
    exitCode: 5,
    stdout: '',
    stderr:
      'rolecall: The team file is older than the stored one: it has serial 3, the stored one 4. To start again with it, delete the stored one first. [signature-refused]\nRun: rolecall setup --help\n',
  });
  expect(stored()).toBe(before);
});

test('verifies what an https server sends, through redirects to https', async () => {
  share('.minisig');
  const name = '/v2/team.toml';
  for (const suffix of ['', '.minisig']) {
    const to = `/team.toml${suffix}`;
    server.answers.set(`${name}${suffix}`, (response) => response.writeHead(302, { location: to }).end());
  }
  const run = await setup('--from', `${server.url}${name}`, '--public-key', fixture('minisign.pub'));
  expect(run).toMatchObject({ exitCode: 0 });
  expect(run.stderr).toContain('Signed by the minisign key F3081D819C490186, 2026-12-01T04:32:09Z.');
});

const endless = (response: ServerResponse) => {
  const more = () => response.write('x'.repeat(10_000), () => response.destroyed || setImmediate(more));
  more();
};

test.each([
  [
    'a changed file',
    '/team.toml',
    (response: ServerResponse) => response.end(`${TEAM.toString()}\n`),
    'does not match',
  ],
  ['an endless signature', '/team.toml.minisig', endless, 'is longer than 16 KiB'],
  ['no signature', '/team.toml.minisig', (response: ServerResponse) => response.writeHead(404).end(), 'answered 404'],
  [
    'a signature over http',
    '/team.toml.minisig',
    (response: ServerResponse) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'which is not https',
  ],
] as const)('writes nothing when a server sends %s', async (_what, address, answer, reason) => {
  share('.minisig');
  server.answers.set(address, answer);
  const run = await setup('--from', `${server.url}/team.toml`, '--public-key', fixture('minisign.pub'));
  expect([run.exitCode, run.stdout, stored()]).toEqual([5, '', undefined]);
  expect(run.stderr).toContain(reason);
});

test('refuses a file with another SHA-256', async () => {
  const path = share();
  const run = await setup('--from', path, '--sha256', 'a'.repeat(64));
  expect([run.exitCode, stored()]).toEqual([5, undefined]);
  expect(run.stderr).toContain(`${path} has the SHA-256 ${SHA256}, not ${'a'.repeat(64)}.`);
});

test.each([
  [['--from', 'x.toml', '--sha256', 'abc'], 'is not a SHA-256: 64 hexadecimal digits.'],
  [['--from', 'x.toml', '--public-key', '/nowhere.pub'], 'The public key /nowhere.pub cannot be read.'],
  [['--from', 'x.toml', '--public-key', fixture('team.toml')], 'is not the file of one public key.'],
  [['--from', 'x.toml', '--public-key', 'ssh-rsa AAAA'], 'is of the type ssh-rsa; only ssh-ed25519 can be used.'],
  [['--public-key', fixture('ssh.pub')], '--sha256 and --public-key are for a team file: use them with --from.'],
] as const)('%j is refused', async (argv, reason) => {
  const run = await setup(...argv);
  expect([run.exitCode, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toContain(reason);
});
