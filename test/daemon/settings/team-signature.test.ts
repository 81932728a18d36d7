// Signatures of team files, recorded from ssh-keygen and minisign: what is accepted, and every way to be refused.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parsePublicKey } from '../../../src/daemon/settings/public-key.ts';
import { formatTeamFile, readTeamBody, readTeamSigner } from '../../../src/daemon/settings/team-file.ts';
import { refuseOlder, verifyTeam, type SignedVersion } from '../../../src/daemon/settings/team-signature.ts';

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/signatures/${name}`, import.meta.url)));
const readText = (name: string) => read(name).toString();

const TEAM = { bytes: read('team.toml'), name: 'team.toml' };
const SSH = parsePublicKey(readText('ssh.pub'));
const MINISIGN = parsePublicKey(readText('minisign.pub').split('\n')[1] ?? '');
const OTHER_SSH = parsePublicKey(
  `ssh-ed25519 ${Buffer.concat([SSH.name.subarray(0, 19), Buffer.alloc(32, 3)]).toString('base64')}`,
);
const OTHER_MINISIGN = parsePublicKey(
  Buffer.concat([Buffer.from('Ed'), Buffer.alloc(8, 1), Buffer.alloc(32, 3)]).toString('base64'),
);
/** The same key id with another key behind it. */
const FORGED_MINISIGN = parsePublicKey(
  Buffer.concat([Buffer.from('Ed'), MINISIGN.name, Buffer.alloc(32, 3)]).toString('base64'),
);

test('keys are named as ssh-keygen and minisign name them', () => {
  expect([SSH, MINISIGN].map(({ kind, id }) => [kind, id])).toEqual([
    ['ssh', 'SHA256:aIYUC2GUDEx1CXzN8nUDayk8Dh/50QHaBGYe1J5raEs'],
    ['minisign', 'F3081D819C490186'],
  ]);
});

test('signatures of both programs are accepted, and that of minisign has a date', () => {
  expect(verifyTeam(TEAM, readText('team.sig'), SSH)).toEqual({ key: SSH.text });
  expect(verifyTeam(TEAM, readText('team.minisig'), MINISIGN)).toEqual({
    key: MINISIGN.text,
    signedAt: '2026-12-01T04:32:09Z',
  });
});

const changed = { ...TEAM, bytes: Buffer.concat([TEAM.bytes, Buffer.from('\n')]) };
const minisig = readText('team.minisig');
const ssh = readText('team.sig');

test.each([
  ['a changed file', changed, minisig, MINISIGN, 'does not match the file'],
  ['a changed file', changed, ssh, SSH, 'does not match the file'],
  ['another key', TEAM, minisig, OTHER_MINISIGN, 'was made with another key'],
  ['another key with the same id', TEAM, minisig, FORGED_MINISIGN, 'does not match the file'],
  ['another key', TEAM, ssh, OTHER_SSH, 'was made with another key'],
  ['another purpose', TEAM, readText('team-git.sig'), SSH, 'was made for another purpose'],
  ['the old format', TEAM, readText('team-legacy.minisig'), MINISIGN, 'has the old format of minisign'],
  ['another date', TEAM, minisig.replace('timestamp:1', 'timestamp:2'), MINISIGN, 'trusted comment that was changed'],
  ['another file', { ...TEAM, name: 'other.toml' }, minisig, MINISIGN, 'is for a file named team.toml, not other.toml'],
  ['the other program', TEAM, ssh, MINISIGN, 'is not a signature of minisign'],
  ['the other program', TEAM, minisig, SSH, 'is not a signature of ssh-keygen'],
  ['a page', TEAM, '<html>', MINISIGN, 'is not a signature of minisign'],
  ['nothing', TEAM, '', SSH, 'is not a signature of ssh-keygen'],
  ['text after it', TEAM, `${minisig}x\n`, MINISIGN, 'is incomplete'],
  ['text after it', TEAM, `${ssh}x\n`, SSH, 'is incomplete'],
] as const)('refuses a signature: %s', (_what, file, signature, key, reason) => {
  expect(() => verifyTeam(file, signature, key)).toThrow(
    expect.objectContaining({ code: 'signature-refused', message: expect.stringContaining(reason) as string }),
  );
});

test('refuses every signature that is cut off, and every one with a changed character', () => {
  for (const [signature, key] of [
    [minisig.trimEnd(), MINISIGN],
    [ssh.trimEnd(), SSH],
  ] as const) {
    const first = signature.indexOf('\n') + 1;
    for (let length = 0; length < signature.length; length += 1) {
      expect(() => verifyTeam(TEAM, signature.slice(0, length), key)).toThrow('The signature');
    }
    for (let at = first; at < signature.length; at += 1) {
      const other = signature[at] === 'A' ? 'B' : 'A';
      if (signature[at] === '\n') continue;
      expect(() => verifyTeam(TEAM, signature.slice(0, at) + other + signature.slice(at + 1), key)).toThrow();
    }
  }
});

test.each([
  ['ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB', 'is of the type ssh-rsa; only ssh-ed25519 can be used'],
  ['sk-ssh-ed25519@openssh.com AAAA', 'is of the type sk-ssh-ed25519@openssh.com'],
  ['ssh-ed25519 AAAA', 'is not a complete Ed25519 key'],
  [SSH.text.slice(0, -4), 'is not a complete Ed25519 key'],
  ['ssh-ed25519', 'is not a complete Ed25519 key'],
  [MINISIGN.text.slice(4), 'is neither'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----', 'is neither'],
  ['RWRTY0IyAAAAsecret', 'is neither'],
  ['', 'is neither'],
])('refuses the public key %j, without repeating it', (text, reason) => {
  expect(() => parsePublicKey(text)).toThrow(reason);
  expect(() => parsePublicKey(text)).not.toThrow(/AAAA/u);
});

const version = (signedAt: string | undefined, serial?: number, body = 'x', key = 'k'): SignedVersion => ({
  signer: { key, ...(signedAt === undefined ? {} : { signedAt }) },
  serial,
  body,
});

test('an older file is refused, by its date or its serial', () => {
  const monday = '2026-11-30T00:00:00Z';
  const tuesday = '2026-12-01T00:00:00Z';
  expect(() => refuseOlder(version(tuesday), version(monday))).toThrow(
    'was signed on 2026-11-30T00:00:00Z, the stored one on 2026-12-01T00:00:00Z',
  );
  expect(() => refuseOlder(version(tuesday), version(undefined))).toThrow('was signed without a date');
  expect(() => refuseOlder(version(undefined, 3), version(undefined, 2))).toThrow('has serial 2, the stored one 3');
  expect(() => refuseOlder(version(undefined, 3), version(undefined))).toThrow('has no serial, the stored one 3');
  expect(() => refuseOlder(version(monday, 3), version(tuesday, 3, 'y'))).toThrow('its serial is still 3');
  for (const [stored, next] of [
    [undefined, version(monday)],
    [version(monday), version(tuesday)],
    [version(monday), version(monday)],
    [version(monday, 3), version(tuesday, 3)],
    [version(monday, 3), version(tuesday, 4, 'y')],
    // Another key starts again.
    [version(tuesday, 3), version(monday, 1, 'y', 'other')],
  ] as const) {
    expect(() => refuseOlder(stored, next)).not.toThrow();
  }
});

test('the signer is stored above the file, which cannot name another one', () => {
  const signer = { key: SSH.text, signedAt: '2026-12-01T00:00:00Z' };
  const stored = formatTeamFile('/team.toml', 'team = "A"', signer);
  expect(stored).toBe(
    `# rolecall team file, from /team.toml\n# rolecall team key: ${SSH.text}\n# rolecall team signed: 2026-12-01T00:00:00Z\nteam = "A"\n`,
  );
  expect([readTeamSigner(stored), readTeamBody(stored)]).toEqual([signer, 'team = "A"\n']);
  const forged = '# rolecall team key: ssh-ed25519 AAAA\n';
  expect(readTeamSigner(formatTeamFile('/team.toml', forged))).toBeUndefined();
  const date = '# rolecall team signed: 2020-01-01T00:00:00Z\n';
  expect(readTeamSigner(formatTeamFile('/team.toml', date, { key: SSH.text }))).toEqual({ key: SSH.text });
});
