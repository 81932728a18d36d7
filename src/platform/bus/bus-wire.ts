// The D-Bus protocol on a socket: authenticates as this user, then sends and receives whole messages.
import type { Socket } from 'node:net';
import { marshal, splitSignature, unmarshal, type BusValue } from './bus-values.ts';

export interface WireMessage {
  readonly type: number;
  readonly serial: number;
  readonly flags?: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  readonly signature?: string;
  readonly body?: readonly BusValue[];
}

/** Codes and types of the header's fields. */
const FIELDS = [
  ['path', 1, 'o'],
  ['interface', 2, 's'],
  ['member', 3, 's'],
  ['errorName', 4, 's'],
  ['replySerial', 5, 'u'],
  ['destination', 6, 's'],
  ['sender', 7, 's'],
  ['signature', 8, 'g'],
] as const satisfies readonly (readonly [keyof WireMessage, number, string])[];

const LITTLE_ENDIAN = 'l'.charCodeAt(0);
const BIG_ENDIAN = 'B'.charCodeAt(0);
const PROTOCOL_VERSION = 1;
const FIXED_HEADER_BYTES = 16;
/** A menu of 100 roles has a few kilobytes; the specification allows 128 MiB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_AUTH_LINE_BYTES = 16 * 1024;

const align8 = (size: number) => Math.ceil(size / 8) * 8;

/** @throws Error: the body does not fit the signature */
export function formatMessage(message: WireMessage): Buffer {
  const body = marshal(message.signature ?? '', message.body ?? []);
  const fields = FIELDS.flatMap(([name, code, type]): BusValue[] => {
    const value = message[name];
    return value === undefined ? [] : [[code, [type, value]]];
  });
  const fixed = [LITTLE_ENDIAN, message.type, message.flags ?? 0, PROTOCOL_VERSION, body.length, message.serial];
  const header = marshal('yyyyuua(yv)', [...fixed, fields]);
  return Buffer.concat([header, Buffer.alloc(align8(header.length) - header.length), body]);
}

/** The bytes of the message that begins with this fixed header. @throws Error: it is not the header of a message, or of one that is too large */
function sizeOf(header: Buffer): number {
  if (![LITTLE_ENDIAN, BIG_ENDIAN].includes(header[0] ?? 0) || header[3] !== PROTOCOL_VERSION) {
    throw new Error('The session bus sent something that is not a D-Bus message.');
  }
  const [bodyBytes, , fieldBytes] = unmarshal('uuu', header.subarray(4), header[0] === LITTLE_ENDIAN) as number[];
  const size = align8(FIXED_HEADER_BYTES + (fieldBytes ?? 0)) + (bodyBytes ?? 0);
  if (size > MAX_MESSAGE_BYTES) throw new Error(`The session bus sent a message of ${size} bytes.`);
  return size;
}

/** @throws Error: the bytes are not a message */
export function parseMessage(bytes: Buffer): WireMessage {
  const isLittleEndian = bytes[0] === LITTLE_ENDIAN;
  const [, type, flags, , bodyBytes, serial, fields] = unmarshal('yyyyuua(yv)', bytes, isLittleEndian);
  const message: Record<string, unknown> = { type, flags, serial };
  for (const [code, variant] of fields as unknown as [number, [string, BusValue]][]) {
    const [name] = FIELDS.find(([, known, its]) => known === code && its === variant[0]) ?? [];
    // Fields of other codes are to be ignored.
    if (name !== undefined) message[name] = variant[1];
  }
  const signature = (message['signature'] ?? '') as string;
  const body = bytes.subarray(bytes.length - (bodyBytes as number));
  message['body'] = splitSignature(signature).length === 0 ? [] : unmarshal(signature, body, isLittleEndian);
  return message as unknown as WireMessage;
}

export interface BusWire {
  /** Resolves once the bus has accepted us; rejects if it does not. */
  readonly ready: Promise<void>;
  /** @throws Error: the body does not fit its signature */
  send(message: WireMessage): void;
}

/** Speaks D-Bus on `stream`, and destroys it if anything other than a message arrives. `onMessage` must not throw. */
export function createBusWire(stream: Socket, onMessage: (message: WireMessage) => void): BusWire {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isReady = false;
  let accept: () => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    accept = resolve;
    refuse = reject;
  });

  /** The bytes received so far, if there are at least `size`. Joins them only then, because a large message arrives in many pieces. */
  function peek(size: number): Buffer | undefined {
    if (waitingBytes < size) return undefined;
    if (waiting.length > 1) waiting = [Buffer.concat(waiting)];
    return waiting[0] ?? Buffer.alloc(0);
  }

  function drop(size: number): void {
    const rest = (waiting[0] ?? Buffer.alloc(0)).subarray(size);
    waiting = [rest];
    waitingBytes = rest.length;
  }

  /** `OK` and the id of the bus. File descriptors are not asked for. */
  function readAuthLine(): boolean {
    const text = peek(0) ?? Buffer.alloc(0);
    const end = text.indexOf('\r\n');
    if (end === -1) {
      if (text.length > MAX_AUTH_LINE_BYTES) throw new Error('The session bus sent too long an answer.');
      return false;
    }
    const line = text.toString('latin1', 0, end);
    if (!/^OK [0-9a-f]+$/iu.test(line)) throw new Error('The session bus does not accept this user.');
    drop(end + 2);
    isReady = true;
    stream.write('BEGIN\r\n');
    accept();
    return true;
  }

  let nextSize: number | undefined;
  function readMessage(): boolean {
    if (nextSize === undefined) {
      const header = peek(FIXED_HEADER_BYTES);
      if (header === undefined) return false;
      nextSize = sizeOf(header.subarray(0, FIXED_HEADER_BYTES));
    }
    const bytes = peek(nextSize)?.subarray(0, nextSize);
    if (bytes === undefined) return false;
    drop(nextSize);
    nextSize = undefined;
    onMessage(parseMessage(bytes));
    return true;
  }

  stream.on('connect', () => {
    const userId = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
    stream.write(`\0AUTH EXTERNAL ${userId}\r\n`);
  });
  stream.on('data', (bytes: Buffer) => {
    waiting.push(bytes);
    waitingBytes += bytes.length;
    try {
      while (isReady ? readMessage() : readAuthLine());
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  stream.on('error', (error) => refuse(error));
  stream.on('close', () => refuse(new Error('The session bus closed the connection.')));
  return { ready, send: (message) => void stream.write(formatMessage(message)) };
}
