// Creates a certificate authority that no machine trusts, as behind a proxy that re-signs TLS, without needing openssl.
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';

export interface PrivateCa {
  /** The CA's certificate, a PEM file. */
  readonly path: string;
  readonly pem: string;
  /** Key and certificate of a server for these DNS names and IPv4 addresses. */
  issue(names: readonly string[], options?: { readonly expired?: boolean }): { key: string; cert: string };
}

/** Makes a CA, its certificate in `folder` as `ca.pem`. */
export function createPrivateCa(folder: string): PrivateCa {
  const authority = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  // Two of them can be told apart, as an issuer is looked up by its name.
  const issuer = `Private CA ${randomUUID()}`;
  const pem = createCertificate({
    serial: 1,
    issuer,
    subject: issuer,
    publicKey: authority.publicKey,
    signedBy: authority.privateKey,
    // A key that signs certificates, and nothing else.
    extensions: [extension('551d13', sequence(TRUE)), extension('551d0f', der(0x03, Buffer.from([2, 0x04])))],
  });
  const path = join(folder, 'ca.pem');
  writeFileSync(path, pem);
  let serial = 1;
  return {
    path,
    pem,
    issue(names, { expired = false } = {}) {
      serial += 1;
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const alternatives = names.map((name) =>
        isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
      );
      const cert = createCertificate({
        serial,
        issuer,
        subject: 'server',
        publicKey,
        signedBy: authority.privateKey,
        extensions: [extension('551d11', sequence(...alternatives))],
        expired,
      });
      return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
    },
  };
}

interface CertificateFields {
  readonly serial: number;
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signedBy: KeyObject;
  readonly extensions: readonly Buffer[];
  /** Valid in 2020 alone; else from yesterday for 30 days. */
  readonly expired?: boolean;
}

/** An X.509 version 3 certificate in PEM. @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
function createCertificate(fields: CertificateFields): string {
  const [from, to] =
    fields.expired === true
      ? [Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2)]
      : [Date.now() - DAY_MS, Date.now() + 30 * DAY_MS];
  const algorithm = sequence(objectId('2a8648ce3d040302')); // ecdsa-with-SHA256
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([fields.serial])),
    algorithm,
    commonName(fields.issuer),
    sequence(time(from), time(to)),
    commonName(fields.subject),
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...fields.extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', toSign, fields.signedBy));
  const base64 = sequence(toSign, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

const DAY_MS = 86_400_000;
const TRUE = Buffer.from([0x01, 1, 0xff]);

/** One value of DER: tag, length, content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const bytes = body.length < 0x100 ? [body.length] : [body.length >> 8, body.length & 0xff];
  const length = body.length < 0x80 ? bytes : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...content: readonly Buffer[]) => der(0x30, ...content);
const objectId = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const commonName = (text: string) => sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(text)))));
/** UTCTime, whose years have two digits. */
const time = (atMs: number) =>
  der(0x17, Buffer.from(`${new Date(atMs).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
/** A critical extension. */
const extension = (idHex: string, value: Buffer) => sequence(objectId(idHex), TRUE, der(0x04, value));
