// Identifiers in AWS's formats, made from an injected source of random bytes.
import { randomBytes } from 'node:crypto';

/** Exactly `length` random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Cryptographic randomness of the operating system. */
export const systemRandom: RandomBytes = (length) => randomBytes(length);

// No vowels and no similar-looking letters, as people read these codes aloud and type them.
const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const BASE32_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function randomOpaque(random: RandomBytes, length: number): string {
  return Buffer.from(random(length)).toString('base64url');
}

/** Upper-case base 32, as in access key ids and unique ids. */
export function randomBase32(random: RandomBytes, length: number): string {
  return pick(random, BASE32_ALPHABET, length);
}

/** `XXXX-XXXX`. */
export function randomUserCode(random: RandomBytes): string {
  const letters = pick(random, USER_CODE_ALPHABET, 8);
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

export function randomUuid(random: RandomBytes): string {
  const hex = Buffer.from(random(16)).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function pick(random: RandomBytes, alphabet: string, length: number): string {
  return Array.from(random(length), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}
