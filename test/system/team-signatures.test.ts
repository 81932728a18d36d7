// Team files that the real ssh-keygen and minisign have signed are accepted, and only with their key.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePublicKey } from '../../src/daemon/settings/public-key.ts';
import { verifyTeam } from '../../src/daemon/settings/team-signature.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeAll(() => {
  home = createTemporaryHome();
});
afterAll(() => home.remove());

const read = (name: string) => readFileSync(join(home.path, name), 'utf8');
const run = (program: string, ...argv: readonly string[]) =>
  execFileSync(program, argv, { cwd: home.path, stdio: ['ignore', 'pipe', 'pipe'] });

/** With bytes that a text decoder would change. */
function writeTeam(name: string) {
  const bytes = Buffer.from('\uFEFFteam = "Zoë"\r\n');
  writeFileSync(join(home.path, name), bytes);
  return { bytes, name };
}

test.skipIf(!systemPart('ssh-keygen', '/usr/bin/ssh-keygen'))('ssh-keygen -Y sign, with each hash', () => {
  for (const name of ['one', 'two']) run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', name);
  run('ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', 'rsa');
  const [one, two] = ['one', 'two'].map((name) => parsePublicKey(read(`${name}.pub`)));
  if (one === undefined || two === undefined) throw new Error('no keys');
  expect(run('ssh-keygen', '-l', '-f', 'one.pub').toString()).toContain(` ${one.id} `);
  for (const hash of ['sha256', 'sha512']) {
    const team = writeTeam(`${hash}.toml`);
    run('ssh-keygen', '-q', '-Y', 'sign', '-f', 'one', '-n', 'rolecall-team', '-O', `hashalg=${hash}`, team.name);
    const signature = read(`${team.name}.sig`);
    expect(verifyTeam(team, signature, one)).toEqual({ key: one.text });
    expect(() => verifyTeam(team, signature, two)).toThrow('was made with another key');
  }
  const team = writeTeam('rsa.toml');
  run('ssh-keygen', '-q', '-Y', 'sign', '-f', 'rsa', '-n', 'rolecall-team', team.name);
  expect(() => verifyTeam(team, read('rsa.toml.sig'), one)).toThrow('was made with another key');
  expect(() => parsePublicKey(read('rsa.pub'))).toThrow('is of the type ssh-rsa');
});

test.skipIf(!systemPart('minisign', '/usr/bin/minisign'))('minisign, with its own comment and another one', () => {
  for (const name of ['one', 'two']) run('minisign', '-G', '-W', '-p', `${name}.mini`, '-s', `${name}.key`);
  const keyOf = (name: string) => parsePublicKey(read(`${name}.mini`).split('\n')[1] ?? '');
  const key = keyOf('one');
  expect(read('one.mini')).toContain(key.id);
  const team = writeTeam('mini.toml');
  run('minisign', '-S', '-s', 'one.key', '-m', team.name);
  const signer = verifyTeam(team, read('mini.toml.minisig'), key);
  expect(signer).toEqual({ key: key.text, signedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/u) as string });
  expect(Math.abs(Date.parse(signer.signedAt ?? '') - Date.now())).toBeLessThan(600_000);
  expect(() => verifyTeam(team, read('mini.toml.minisig'), keyOf('two'))).toThrow('was made with another key');
  run('minisign', '-S', '-s', 'one.key', '-m', team.name, '-t', 'for the platform team');
  expect(verifyTeam(team, read('mini.toml.minisig'), key)).toEqual({ key: key.text });
  run('minisign', '-S', '-l', '-s', 'one.key', '-m', team.name);
  expect(() => verifyTeam(team, read('mini.toml.minisig'), key)).toThrow('has the old format of minisign');
});
