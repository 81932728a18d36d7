// The wire format of D-Bus against another implementation of it, and against bytes that are no messages.
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { marshall, unmarshalMessages, type WireMessage } from '@homebridge/dbus-native/lib/message.js';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BusError, connectToBus } from '../../../src/platform/bus/bus-connection.ts';
import { marshal, splitSignature, unmarshal, type BusValue } from '../../../src/platform/bus/bus-values.ts';
import { formatMessage, parseMessage } from '../../../src/platform/bus/bus-wire.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const VALUES: readonly (readonly [signature: string, values: readonly BusValue[]])[] = [
  ['ybnqiu', [255, true, -32_768, 65_535, -2_147_483_648, 4_294_967_295]],
  ['xtd', [-9_007_199_254_740_991, 9_007_199_254_740_991, 0.5]],
  ['sog', ['é🙂', '/org/freedesktop/DBus', 'a{sv}']],
  ['susssasa{sv}i', ['rolecall', 0, '', 'title', 'body', ['default', 'Sign in'], [], -1]],
  ['u(ia{sv}av)', [7, [0, [['label', ['s', 'x']]], [['(ia{sv}av)', [1, [['enabled', ['b', false]]], []]]]]]],
  ['aaiyad', [[[1, 2], [], [3]], 9, []]],
];

/** As the other implementation reads a message: bytes stay, a variant becomes [tree, [value]]. */
function readByOther(bytes: Buffer): WireMessage {
  const stream = new PassThrough();
  let read: WireMessage | undefined;
  unmarshalMessages(stream, (message) => {
    read = message;
  });
  stream.write(bytes);
  stream.emit('readable');
  if (read === undefined) throw new Error('no message');
  return read;
}

const CALL = { type: 1, serial: 7, path: '/a', interface: 'a.b', member: 'C', destination: ':1.1' } as const;

describe('a message', () => {
  test.each(VALUES)('with %s is written byte for byte as another implementation writes it', (signature, body) => {
    const own = formatMessage({ ...CALL, signature, body });
    expect(readByOther(own)).toMatchObject({ ...CALL, signature });
    const others = marshall({ ...CALL, signature, body });
    // The order of the fields is free.
    expect(own.length).toBe(others.length);
    expect(own.subarray(own.length - marshal(signature, body).length)).toEqual(
      others.subarray(own.length - marshal(signature, body).length),
    );
  });

  test.each(VALUES)('with %s is read as it was written, by either implementation', (signature, body) => {
    for (const write of [formatMessage, marshall]) {
      expect(parseMessage(write({ ...CALL, signature, body }))).toEqual({ ...CALL, flags: 0, signature, body });
    }
  });

  test('without a body has none, and unknown fields are ignored', () => {
    expect(parseMessage(formatMessage(CALL))).toEqual({ ...CALL, flags: 0, body: [] });
    const fields: BusValue[] = [
      [8, ['g', '']],
      [9, ['u', 0]],
      [77, ['s', 'x']],
    ];
    const header = marshal('yyyyuua(yv)', [0x6c, 4, 1, 1, 0, 3, fields]);
    expect(parseMessage(header)).toEqual({ type: 4, flags: 1, serial: 3, signature: '', body: [] });
  });

  test('is read in big-endian byte order', () => {
    const bytes = Buffer.from('000000010000000000000000000000020000000568656c6c6f00', 'hex');
    expect(unmarshal('uts', bytes, false)).toEqual([1, 2, 'hello']);
  });

  test('keeps bytes as bytes', () => {
    expect(unmarshal('ay', marshal('ay', [Buffer.from('abc')]), true)).toEqual([Buffer.from('abc')]);
    expect(unmarshal('ay', marshal('ay', [[1, 2]]), true)).toEqual([Buffer.from([1, 2])]);
  });
});

describe('a value is refused', () => {
  test.each<[string, readonly BusValue[]]>([
    ['y', [256]],
    ['u', [-1]],
    ['i', ['1']],
    ['s', [1]],
    ['s', ['a\0b']],
    ['b', [1]],
    ['o', ['no/path']],
    ['g', ['a']],
    ['as', ['x']],
    ['(ss)', [['x']]],
    ['v', [['ss', 'x']]],
    ['s', []],
  ])('of type %s: %j', (signature, values) => {
    expect(() => marshal(signature, values)).toThrow();
  });

  test.each(['a', '(', '(s', '()', '{ss}', 'a{s}', 'a{sss}', ')', 'h', 'z', 'a'.repeat(256)])(
    'with the signature %j',
    (signature) => {
      expect(() => splitSignature(signature)).toThrow('is not a D-Bus signature');
    },
  );

  test('if it is cut off, longer than its message, or nested without end', () => {
    const whole = marshal('a{sv}', [[['a', ['as', ['x', 'y']]]]]);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => unmarshal('a{sv}', whole.subarray(0, length), true)).toThrow();
    }
    expect(() => unmarshal('as', Buffer.from('ffffffff', 'hex'), true)).toThrow();
    // Each variant holds a variant.
    expect(() => unmarshal('v', Buffer.from('017600'.repeat(1000), 'hex'), true)).toThrow('nested too deeply');
  });

  test('if a megabyte would become millions of values', () => {
    const bytes = Buffer.alloc(8 + 1024 * 1024);
    bytes.writeUInt32LE(1024 * 1024);
    expect(() => unmarshal(`a${'('.repeat(30)}y${')'.repeat(30)}`, bytes, true)).toThrow('too many values');
  });

  test('without hanging, whatever the bytes are', () => {
    const signatures = ['a{sv}', 'v', 'aa(yv)', 'yyyyuua(yv)', 'asasv'];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...signatures), (bytes, signature) => {
        try {
          unmarshal(signature, Buffer.from(bytes), true);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('a connection', () => {
  let home: TemporaryHome;
  let server: Server;
  let path: string;
  beforeEach(() => {
    home = createTemporaryHome();
    path = join(home.path, 'bus');
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await home.remove();
  });

  /** A bus that answers the first line with `answer`, and then each message with what `reply` returns. */
  function listen(answer: string, reply: (message: WireMessage, socket: Socket) => void = () => undefined) {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.once('data', (begin: Buffer) => {
          const rest = begin.subarray('BEGIN\r\n'.length);
          if (rest.length > 0) socket.unshift(rest);
          unmarshalMessages(socket, (message) => reply(message, socket));
        });
        socket.write(answer);
      });
    });
    return new Promise<void>((resolve) => server.listen(path, resolve));
  }

  test('reads messages that arrive byte by byte, or several at once', async () => {
    await listen('OK 0123456789abcdef\r\n', (message, socket) => {
      const reply = marshall({ type: 2, serial: 1, replySerial: message.serial, signature: 's', body: ['é'] });
      const signal = marshall({ type: 4, serial: 2, path: '/a', interface: 'a.b', member: 'S' });
      if (message.member === 'Hello') socket.write(Buffer.concat([signal, reply, signal]));
      else for (const byte of reply) socket.write(Buffer.from([byte]));
    });
    const bus = await connectToBus(path);
    expect(await bus.call({ destination: 'a.b', path: '/', interface: 'a.b' }, 'Get')).toEqual(['é']);
    bus.close();
    await bus.closed;
  });

  test('survives a call whose refusal repeats a byte that no string can contain', async () => {
    let refuse: (message: WireMessage) => void;
    const refusal = new Promise<WireMessage>((resolve) => {
      refuse = resolve;
    });
    await listen('OK 00\r\n', (message, socket) => {
      if (message.type === 3) refuse(message);
      else socket.write(marshall({ type: 2, serial: 1, replySerial: message.serial }));
      if (message.member === 'Ready') socket.write(marshall({ ...CALL, signature: 'ay', body: [Buffer.from('a\0b')] }));
    });
    const bus = await connectToBus(path);
    bus.answerWith(({ body }) => {
      throw new BusError('a.b.Unknown', `No interface "${String(body[0])}".`);
    });
    await bus.call({ destination: 'a.b', path: '/', interface: 'a.b' }, 'Ready');
    expect(await Promise.race([refusal, bus.closed])).toMatchObject({ body: ['No interface "ab".'] });
    bus.close();
    await bus.closed;
  });

  test.each([
    ['is refused by the bus', 'REJECTED EXTERNAL\r\n'],
    ['gets an answer without an end', 'O'.repeat(20_000)],
  ])('rejects when it %s', async (_, answer) => {
    await listen(answer);
    await expect(connectToBus(path)).rejects.toThrow('The session bus');
  });

  test.each([
    ['no message', Buffer.alloc(16, 'x')],
    ['a message that is too large', Buffer.from('6c010001ffffff7f0100000000000000', 'hex')],
    ['a body that is cut off', Buffer.from('6c02000100000000010000000f000000050175000100000008016700017300000', 'hex')],
  ])('ends when it gets %s', async (_, bytes) => {
    await listen('OK 00\r\n', (_message, socket) => void socket.write(bytes));
    await expect(connectToBus(path)).rejects.toThrow('The connection to the session bus has ended.');
  });
});
