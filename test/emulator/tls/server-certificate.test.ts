// The emulator's certificates as others read them: Node's own parser, and openssl where it is installed.
import { execFileSync } from 'node:child_process';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemRandom } from '../../../src/emulator/http/random.ts';
import { objectId, time } from '../../../src/emulator/tls/der.ts';
import { createServerCertificate } from '../../../src/emulator/tls/server-certificate.ts';
import { systemPart } from '../../helpers/system.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

const OPENSSL = '/usr/bin/openssl';
const NOW_MS = Date.UTC(2026, 11, 1, 6, 30, 0);
const names = ['localhost', '127.0.0.1', '::1', 'emulator', '2001:db8::ff00:42:8329'];

const create = (nowMs = NOW_MS) => createServerCertificate({ names, nowMs, random: systemRandom });

test('names the hosts, is valid for a year, and is signed by an authority that signs nothing but certificates', () => {
  const { key, cert, caPem } = create();
  const server = new X509Certificate(cert);
  const authority = new X509Certificate(caPem);
  expect({
    alternatives: server.subjectAltName,
    usage: server.keyUsage,
    from: server.validFrom,
    to: server.validTo,
    isAuthority: [server.ca, authority.ca],
    isSigned: [server.verify(authority.publicKey), authority.verify(authority.publicKey)],
    isIssuer: [server.checkIssued(authority), authority.checkIssued(server)],
    hasKey: server.checkPrivateKey(createPrivateKey(key)),
    hosts: ['emulator', 'localhost', 'other'].map((host) => server.checkHost(host) ?? null),
    ips: ['127.0.0.1', '::1', '127.0.0.2'].map((ip) => server.checkIP(ip) ?? null),
  }).toEqual({
    alternatives:
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:emulator, IP Address:2001:DB8:0:0:0:FF00:42:8329',
    usage: ['1.3.6.1.5.5.7.3.1'],
    from: 'Nov 30 06:30:00 2026 GMT',
    to: 'Dec  1 06:30:00 2027 GMT',
    isAuthority: [false, true],
    isSigned: [true, true],
    isIssuer: [true, false],
    hasKey: true,
    hosts: ['emulator', 'localhost', null],
    ips: ['127.0.0.1', '::1', null],
  });
});

test('two emulators have different authorities, and no serial number twice', () => {
  const [one, other] = [create(), create()].map(({ cert, caPem }) => [
    new X509Certificate(cert),
    new X509Certificate(caPem),
  ]);
  const all = [...(one ?? []), ...(other ?? [])];
  expect(new Set(all.map(({ serialNumber }) => serialNumber)).size).toBe(4);
  expect(new Set(all.map(({ issuer }) => issuer)).size).toBe(2);
});

test('writes times and object ids as the standard wants them', () => {
  expect(
    time(Date.UTC(2049, 11, 31, 23, 59, 59))
      .toString('latin1')
      .slice(2),
  ).toBe('491231235959Z');
  expect(
    time(Date.UTC(2050, 0, 1))
      .toString('latin1')
      .slice(2),
  ).toBe('20500101000000Z');
  expect(objectId('1.2.840.113549.1.1.11').toString('hex')).toBe('06092a864886f70d01010b');
});

test.skipIf(!systemPart('openssl', OPENSSL))(
  'openssl accepts the chain by its strictest rules, for the right names alone',
  () => {
    const home = createTemporaryHome();
    onTestFinished(() => home.remove());
    const { cert, caPem } = create(Date.now());
    const [ca, server] = [join(home.path, 'ca.pem'), join(home.path, 'server.pem')];
    writeFileSync(ca, caPem);
    writeFileSync(server, cert);
    const verify = (...args: readonly string[]) => {
      const all = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, '-no-CApath', ...args, server];
      try {
        return execFileSync(OPENSSL, all, { encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        return (error as { stderr: string }).stderr;
      }
    };
    expect(verify('-verify_hostname', 'emulator')).toBe(`${server}: OK\n`);
    expect(verify('-verify_ip', '::1')).toBe(`${server}: OK\n`);
    expect(verify('-verify_hostname', 'other')).toMatch(/hostname mismatch/i);
  },
);
