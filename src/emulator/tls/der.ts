// Writes DER (X.690), the encoding of certificates.

/** One value: tag, length, content of at most 65,535 bytes. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const bytes = body.length < 0x100 ? [body.length] : [body.length >> 8, body.length & 0xff];
  const length = body.length < 0x80 ? bytes : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

export const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
export const set = (...content: readonly Uint8Array[]) => der(0x31, ...content);
export const octets = (...content: readonly Uint8Array[]) => der(0x04, ...content);
export const utf8 = (text: string) => der(0x0c, Buffer.from(text));
export const TRUE: Readonly<Uint8Array> = Buffer.from([0x01, 1, 0xff]);

/** A positive number of big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes[0] ?? 0;
  return der(0x02, first >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

/** Bits, the first one leftmost; `unused` bits at the end of the last byte are left out. */
export const bits = (content: Uint8Array, unused = 0) => der(0x03, Buffer.from([unused]), content);

/** As in `1.2.840.10045.4.3.2`. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(inBase128)]));
}

function inBase128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** Whole seconds: UTCTime until 2049, GeneralizedTime from then on. @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5 */
export function time(epochMs: number): Buffer {
  const digits = `${new Date(epochMs).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}
