// A certificate for the emulator, and the certificate authority that signs it; both are new at each start.
import { type KeyObject, createHash, generateKeyPairSync, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import type { RandomBytes } from '../http/random.ts';
import { TRUE, bits, der, integer, objectId, octets, sequence, set, time, utf8 } from './der.ts';

/*
 * Not a package: Node reads certificates but cannot write them, and what writes any certificate (`@peculiar/x509`,
 * `node-forge`, `selfsigned`) would be installed by everybody. This writes two, which openssl and AWS's clients check.
 */

export interface ServerCertificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** PEM. Its key signs nothing else, and is forgotten. */
  readonly caPem: string;
}

/** The name of the authority; also tells the files of the emulator from others. */
export const CA_NAME = 'Authority of rolecall emulator';

const DAY_MS = 86_400_000;
const LIFETIME_MS = 365 * DAY_MS;

/**
 * For host names and IP addresses; valid for a year, by the clock of the machine.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function createServerCertificate(deps: {
  readonly names: readonly string[];
  readonly nowMs: number;
  readonly random: RandomBytes;
}): ServerCertificate {
  const authority = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const server = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  // Clients look an issuer up by its name, and may trust the authorities of two emulators.
  const issuer = { name: CA_NAME, unit: Buffer.from(deps.random(8)).toString('hex') };
  const certify = (fields: Pick<Certificate, 'subject' | 'publicKey' | 'extensions'>) =>
    createCertificate({
      ...fields,
      issuer,
      serial: deps.random(16),
      // Other machines' clocks may be behind.
      fromMs: deps.nowMs - DAY_MS,
      untilMs: deps.nowMs + LIFETIME_MS,
      signedBy: authority.privateKey,
    });
  const keyIdOfAuthority = keyIdOf(authority.publicKey);
  return {
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: certify({
      subject: { name: 'rolecall emulator' },
      publicKey: server.publicKey,
      extensions: [
        critical(BASIC_CONSTRAINTS, sequence()),
        critical(KEY_USAGE, bits(Buffer.from([0x80]), 7)), // digitalSignature
        extension(EXTENDED_KEY_USAGE, sequence(objectId(SERVER_AUTH))),
        extension(SUBJECT_KEY_ID, octets(keyIdOf(server.publicKey))),
        extension(AUTHORITY_KEY_ID, sequence(der(0x80, keyIdOfAuthority))),
        extension(SUBJECT_ALT_NAME, sequence(...deps.names.map(alternativeName))),
      ],
    }),
    caPem: certify({
      subject: issuer,
      publicKey: authority.publicKey,
      extensions: [
        critical(BASIC_CONSTRAINTS, sequence(TRUE, integer(Buffer.from([0])))),
        critical(KEY_USAGE, bits(Buffer.from([0x04]), 2)), // keyCertSign
        extension(SUBJECT_KEY_ID, octets(keyIdOfAuthority)),
      ],
    }),
  };
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const ORGANIZATIONAL_UNIT = '2.5.4.11';
const SUBJECT_KEY_ID = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const AUTHORITY_KEY_ID = '2.5.29.35';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

interface Name {
  readonly name: string;
  readonly unit?: string;
}

interface Certificate {
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly publicKey: KeyObject;
  readonly signedBy: KeyObject;
  readonly extensions: readonly Uint8Array[];
}

function createCertificate(fields: Certificate): string {
  const algorithm = sequence(objectId(ECDSA_WITH_SHA256));
  const toSign = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(positive(fields.serial)),
    algorithm,
    formatName(fields.issuer),
    sequence(time(fields.fromMs), time(fields.untilMs)),
    formatName(fields.subject),
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...fields.extensions)),
  );
  const signature = bits(sign('sha256', toSign, fields.signedBy));
  const base64 = sequence(toSign, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** DER numbers have no leading zeros, and serial numbers are above 0. */
function positive(random: Uint8Array): Uint8Array {
  return Buffer.from([((random[0] ?? 0) & 0x3f) | 0x40, ...random.subarray(1)]);
}

function formatName({ name, unit }: Name): Buffer {
  const part = (id: string, text: string) => set(sequence(objectId(id), utf8(text)));
  return sequence(...(unit === undefined ? [] : [part(ORGANIZATIONAL_UNIT, unit)]), part(COMMON_NAME, name));
}

const extension = (id: string, value: Uint8Array) => sequence(objectId(id), octets(value));
const critical = (id: string, value: Uint8Array) => sequence(objectId(id), TRUE, octets(value));

/** The first 160 bits of a SHA-256 hash of the key. @see https://www.rfc-editor.org/rfc/rfc7093#section-2 */
function keyIdOf(publicKey: KeyObject): Buffer {
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
  return createHash('sha256').update(point).digest().subarray(0, 20);
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 0) return der(0x82, Buffer.from(name));
  return der(0x87, isIPv4(name) ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name));
}

/** Sixteen bytes; the URL parser writes the address in its one canonical form. */
function ipv6Bytes(address: string): Buffer {
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const head = groups(before);
  const tail = groups(after ?? '');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return Buffer.from([...head, ...zeros, ...tail].flatMap((group) => [group >> 8, group & 0xff]));
}
