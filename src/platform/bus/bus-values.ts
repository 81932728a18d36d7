// Converts values to and from the wire format of D-Bus, by their signature.

/*
 * https://dbus.freedesktop.org/doc/dbus-specification.html#type-system, without file descriptors (`h`). Not a package:
 * as of 2026-11 the D-Bus clients on npm depend on `event-stream`, need Node 22, or have hardly any users. This is the
 * only part of them that would be used.
 */

/** A value of some signature: an array, struct or dict entry is an array, `ay` is bytes, a variant is [signature, value]. */
export type BusValue = string | number | boolean | Uint8Array | readonly BusValue[];

/** In bytes; one for the types that are not here. */
const ALIGNMENTS: Readonly<Record<string, number>> = {
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  s: 4,
  o: 4,
  a: 4,
  x: 8,
  t: 8,
  d: 8,
};
const MAX_SIGNATURE_LENGTH = 255;
/** Arrays, structs and variants inside each other; the specification allows 64. */
const MAX_DEPTH = 64;
/** In one message. Any process on the bus can send us one; each value takes much more time and memory than its bytes. */
const MAX_VALUES = 50_000;

const alignmentOf = (type: string) => (/^[({]/u.test(type) ? 8 : (ALIGNMENTS[type[0] ?? ''] ?? 1));
const insideOf = (type: string) => type.slice(1, -1);

/** The complete types of a signature, one by one. @throws Error: it is not a signature, or has a type that is not supported */
export function splitSignature(signature: string): readonly string[] {
  if (signature.length > MAX_SIGNATURE_LENGTH) throw invalid(signature);
  const types: string[] = [];
  for (let start = 0; start < signature.length; start = start + (types.at(-1) ?? '').length) {
    types.push(signature.slice(start, endOfType(signature, start)));
  }
  return types;
}

function endOfType(signature: string, start: number): number {
  const first = signature[start] ?? '';
  if (first === 'a') return endOfType(signature, start + 1);
  if (first !== '(' && first !== '{') {
    if (!/^[ybnqiuxtdsogv]$/u.test(first)) throw invalid(signature);
    return start + 1;
  }
  if (first === '{' && signature[start - 1] !== 'a') throw invalid(signature);
  const close = first === '(' ? ')' : '}';
  let end = start + 1;
  let members = 0;
  for (; signature[end] !== close; members += 1) end = endOfType(signature, end);
  // An empty struct would make an array of it endless.
  if (first === '{' ? members !== 2 : members === 0) throw invalid(signature);
  return end + 1;
}

function invalid(signature: string): Error {
  return new Error(`"${signature.slice(0, MAX_SIGNATURE_LENGTH)}" is not a D-Bus signature.`);
}

/** The values in little-endian byte order. @throws Error: a value does not fit the signature */
export function marshal(signature: string, values: readonly BusValue[]): Buffer {
  const types = splitSignature(signature);
  if (types.length !== values.length) throw new Error(`${values.length} values for the signature "${signature}".`);
  const writer = createWriter();
  for (const [index, type] of types.entries()) writer.write(type, values[index] as BusValue);
  return writer.toBuffer();
}

function createWriter() {
  const parts: Buffer[] = [];
  let length = 0;

  function put(bytes: Uint8Array): void {
    parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    length += bytes.byteLength;
  }

  function align(size: number): void {
    const padding = (size - (length % size)) % size;
    if (padding > 0) put(Buffer.alloc(padding));
  }

  function putNumber(type: string, value: number): void {
    const bytes = Buffer.alloc(alignmentOf(type));
    // Each throws a RangeError for a number that does not fit.
    if (type === 'y') bytes.writeUInt8(value);
    else if (type === 'n') bytes.writeInt16LE(value);
    else if (type === 'q') bytes.writeUInt16LE(value);
    else if (type === 'i') bytes.writeInt32LE(value);
    else if (type === 'u' || type === 'b') bytes.writeUInt32LE(value);
    else if (type === 'x') bytes.writeBigInt64LE(BigInt(value));
    else if (type === 't') bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeDoubleLE(value);
    put(bytes);
  }

  function putText(type: string, value: string): void {
    if (value.includes('\0')) throw new Error('A D-Bus string contains no NUL.');
    if (type === 'o' && !/^\/(?:[A-Za-z0-9_]+(?:\/[A-Za-z0-9_]+)*)?$/u.test(value)) {
      throw new Error(`"${value}" is not a D-Bus object path.`);
    }
    if (type === 'g') splitSignature(value);
    const bytes = Buffer.from(`${value}\0`, 'utf8');
    putNumber(type === 'g' ? 'y' : 'u', bytes.length - 1);
    put(bytes);
  }

  function putArray(elementType: string, value: BusValue): void {
    const size = Buffer.alloc(4);
    put(size);
    align(alignmentOf(elementType));
    const start = length;
    if (value instanceof Uint8Array && elementType === 'y') put(value);
    else for (const element of arrayOf(value)) write(elementType, element);
    size.writeUInt32LE(length - start);
  }

  function write(type: string, value: BusValue): void {
    align(alignmentOf(type));
    switch (type[0]) {
      case 'a':
        return putArray(type.slice(1), value);
      case '(':
      case '{': {
        const types = splitSignature(insideOf(type));
        const members = arrayOf(value);
        if (types.length !== members.length) throw new Error(`${members.length} values for the signature "${type}".`);
        for (const [index, member] of members.entries()) write(types[index] ?? '', member);
        return;
      }
      case 'v': {
        const [signature, inner, ...rest] = arrayOf(value);
        if (typeof signature !== 'string' || inner === undefined || rest.length > 0) {
          throw new Error('A D-Bus variant is [signature, value].');
        }
        if (splitSignature(signature).length !== 1) throw invalid(signature);
        write('g', signature);
        return write(signature, inner);
      }
      case 's':
      case 'o':
      case 'g':
        if (typeof value !== 'string') throw mismatch(type, value);
        return putText(type, value);
      case 'b':
        if (typeof value !== 'boolean') throw mismatch(type, value);
        return putNumber('b', value ? 1 : 0);
      default:
        if (typeof value !== 'number') throw mismatch(type, value);
        return putNumber(type, value);
    }
  }

  return { write, toBuffer: () => Buffer.concat(parts) };
}

function arrayOf(value: BusValue): readonly BusValue[] {
  if (!Array.isArray(value)) throw new Error(`A D-Bus container is an array, not a ${typeof value}.`);
  return value as readonly BusValue[];
}

function mismatch(type: string, value: BusValue): Error {
  return new Error(`A ${typeof value} does not fit the D-Bus type "${type}".`);
}

/** The values of `signature` in `bytes`, as `BusValue` describes them. @throws Error: the bytes do not have this form */
export function unmarshal(signature: string, bytes: Buffer, isLittleEndian: boolean): BusValue[] {
  let position = 0;
  let values = 0;

  function align(size: number): void {
    position = Math.ceil(position / size) * size;
  }

  /** The position of the next `size` bytes, which are taken. */
  function take(size: number): number {
    const start = position;
    position += size;
    if (position > bytes.length) throw new Error('A D-Bus message ends too early.');
    return start;
  }

  function readUInt32(): number {
    align(4);
    return isLittleEndian ? bytes.readUInt32LE(take(4)) : bytes.readUInt32BE(take(4));
  }

  function readText(length: number): string {
    const start = take(length + 1);
    return bytes.toString('utf8', start, start + length);
  }

  function readArray(elementType: string, depth: number): BusValue {
    const size = readUInt32();
    align(alignmentOf(elementType));
    const start = take(size);
    if (elementType === 'y') return bytes.subarray(start, position);
    position = start;
    const elements: BusValue[] = [];
    // oxlint-disable-next-line no-unmodified-loop-condition -- `read` moves the position
    while (position - start < size) elements.push(read(elementType, depth));
    if (position - start !== size) throw new Error('A D-Bus array has another length than it says.');
    return elements;
  }

  function readVariant(depth: number): BusValue {
    const signature = readText(bytes.readUInt8(take(1)));
    if (splitSignature(signature).length !== 1) throw invalid(signature);
    return [signature, read(signature, depth)];
  }

  function readNumber(type: string): number {
    const start = take(alignmentOf(type));
    switch (type) {
      case 'y':
        return bytes.readUInt8(start);
      case 'n':
        return isLittleEndian ? bytes.readInt16LE(start) : bytes.readInt16BE(start);
      case 'q':
        return isLittleEndian ? bytes.readUInt16LE(start) : bytes.readUInt16BE(start);
      case 'i':
        return isLittleEndian ? bytes.readInt32LE(start) : bytes.readInt32BE(start);
      // Beyond 2^53 the last digits are lost.
      case 'x':
        return Number(isLittleEndian ? bytes.readBigInt64LE(start) : bytes.readBigInt64BE(start));
      case 't':
        return Number(isLittleEndian ? bytes.readBigUInt64LE(start) : bytes.readBigUInt64BE(start));
      default:
        return isLittleEndian ? bytes.readDoubleLE(start) : bytes.readDoubleBE(start);
    }
  }

  function read(type: string, depth: number): BusValue {
    if (depth > MAX_DEPTH) throw new Error('A D-Bus value is nested too deeply.');
    values += 1;
    if (values > MAX_VALUES) throw new Error('A D-Bus message has too many values.');
    align(alignmentOf(type));
    switch (type[0]) {
      case 'a':
        return readArray(type.slice(1), depth + 1);
      case '(':
      case '{':
        return splitSignature(insideOf(type)).map((member) => read(member, depth + 1));
      case 'v':
        return readVariant(depth + 1);
      case 's':
      case 'o':
        return readText(readUInt32());
      case 'g':
        return readText(bytes.readUInt8(take(1)));
      case 'b':
        return readUInt32() !== 0;
      case 'u':
        return readUInt32();
      default:
        return readNumber(type);
    }
  }

  return splitSignature(signature).map((type) => read(type, 0));
}
