// A connection to the session bus: calls with a deadline, signals, incoming calls, and a promise for its end.
import { connect } from 'node:net';
import { toRolecallError } from '../../core/errors.ts';
import type { BusValue } from './bus-values.ts';
import { createBusWire, type WireMessage } from './bus-wire.ts';

export type { BusValue } from './bus-values.ts';

export interface IncomingCall {
  readonly sender: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

export interface Reply {
  readonly signature: string;
  readonly body: readonly BusValue[];
}

export interface Destination {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
}

export interface BusConnection {
  /** The body of the reply. @throws BusError: refused, or no reply within five seconds; Error: the connection has ended */
  call(to: Destination, member: string, signature?: string, body?: readonly BusValue[]): Promise<readonly unknown[]>;
  /** Broadcasts a signal. Does nothing once the connection has ended. */
  emit(path: string, interfaceName: string, member: string, signature: string, body: readonly BusValue[]): void;
  /** Called for every signal that a match was added for. The listener must not throw. */
  onSignal(listener: (signal: IncomingCall) => void): void;
  /** Sets the function that answers incoming calls. What it throws becomes an error reply. */
  answerWith(answer: (call: IncomingCall) => Reply): void;
  /** Resolves when either side has ended the connection. */
  readonly closed: Promise<void>;
  close(): void;
}

/** An error reply, with its D-Bus name. */
export class BusError extends Error {
  readonly errorName: string;
  constructor(errorName: string, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

export const BUS: Readonly<Destination> = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
};

const CALL_TIMEOUT_MS = 5000;
const TYPES = { call: 1, reply: 2, error: 3, signal: 4 } as const;
const NO_REPLY_EXPECTED = 1;

/** Connects and registers; rejects if there is no bus, or if it refuses this user. */
export async function connectToBus(socketPath: string): Promise<BusConnection> {
  const stream = connect(socketPath);
  const wire = createBusWire(stream, receive);

  const pending = createPendingCalls();
  const listeners: ((signal: IncomingCall) => void)[] = [];
  let answer: ((call: IncomingCall) => Reply) | undefined;
  let serial = 0;
  let isClosed = false;
  const nextSerial = () => {
    serial += 1;
    return serial;
  };
  const send = (message: WireMessage) => {
    if (!isClosed) wire.send(message);
  };

  const closed = new Promise<void>((resolve) => {
    stream.on('close', () => {
      isClosed = true;
      pending.rejectAll();
      resolve();
    });
  });

  async function call(
    to: Destination,
    member: string,
    signature = '',
    body: readonly BusValue[] = [],
  ): Promise<readonly unknown[]> {
    if (isClosed) throw connectionEnded();
    const own = nextSerial();
    send({ type: TYPES.call, serial: own, ...to, member, ...withBody(signature, body) });
    return pending.add(own, `${to.destination} gave no answer to ${member}.`);
  }

  function receive(message: WireMessage): void {
    if (message.type === TYPES.reply || message.type === TYPES.error) {
      pending.settle(message);
    } else if (message.type === TYPES.signal) {
      for (const listener of listeners) listener(toIncoming(message));
    } else if (message.type === TYPES.call) {
      reply(message);
    }
  }

  function reply(message: WireMessage): void {
    const back = {
      replySerial: message.serial,
      ...(message.sender === undefined ? {} : { destination: message.sender }),
    };
    const isSilent = ((message.flags ?? 0) & NO_REPLY_EXPECTED) !== 0;
    try {
      if (answer === undefined) throw new BusError('org.freedesktop.DBus.Error.UnknownObject', 'Nothing is here yet.');
      const { signature, body } = answer(toIncoming(message));
      if (!isSilent) send({ type: TYPES.reply, serial: nextSerial(), ...back, ...withBody(signature, body) });
    } catch (thrown) {
      const errorName = thrown instanceof BusError ? thrown.errorName : 'org.freedesktop.DBus.Error.Failed';
      const reason = thrown instanceof BusError ? thrown.message : toRolecallError(thrown).message;
      // It may repeat bytes of the call, and a string of D-Bus can't contain this one.
      const text = reason.replaceAll('\0', '');
      if (!isSilent) send({ type: TYPES.error, serial: nextSerial(), ...back, errorName, ...withBody('s', [text]) });
    }
  }

  // A bus can accept a connection and never answer.
  const silence = setTimeout(
    () => stream.destroy(new Error(`The bus at ${socketPath} does not answer.`)),
    CALL_TIMEOUT_MS,
  );
  try {
    await wire.ready;
  } finally {
    clearTimeout(silence);
  }
  await call(BUS, 'Hello');
  return {
    call,
    emit: (path, interfaceName, member, signature, body) =>
      send({
        type: TYPES.signal,
        serial: nextSerial(),
        path,
        interface: interfaceName,
        member,
        ...withBody(signature, body),
      }),
    onSignal: (listener) => void listeners.push(listener),
    answerWith: (answerer) => {
      answer = answerer;
    },
    closed,
    close() {
      isClosed = true;
      stream.end();
    },
  };
}

const connectionEnded = () => new Error('The connection to the session bus has ended.');

/** The calls that wait for a reply, by their serial. */
function createPendingCalls() {
  const pending = new Map<number, { resolve(body: readonly unknown[]): void; reject(error: Error): void }>();

  function take(serial: number) {
    const call = pending.get(serial);
    pending.delete(serial);
    return call;
  }

  return {
    /** Resolves with the body of the reply; rejects after the timeout, with `timeoutMessage`. */
    add(serial: number, timeoutMessage: string): Promise<readonly unknown[]> {
      return new Promise<readonly unknown[]>((resolve, reject) => {
        const timer = setTimeout(
          () => take(serial)?.reject(new BusError('org.freedesktop.DBus.Error.NoReply', timeoutMessage)),
          CALL_TIMEOUT_MS,
        );
        timer.unref();
        pending.set(serial, {
          resolve(body) {
            clearTimeout(timer);
            resolve(body);
          },
          reject(error) {
            clearTimeout(timer);
            reject(error);
          },
        });
      });
    },
    settle(reply: WireMessage): void {
      const call = take(reply.replySerial ?? 0);
      if (reply.type === TYPES.reply) call?.resolve(reply.body ?? []);
      else call?.reject(toError(reply));
    },
    rejectAll(): void {
      for (const serial of pending.keys()) take(serial)?.reject(connectionEnded());
    },
  };
}

function withBody(signature: string, body: readonly BusValue[]): Pick<WireMessage, 'signature' | 'body'> {
  return signature === '' ? {} : { signature, body };
}

function toError({ errorName = '', body = [] }: WireMessage): BusError {
  const [text] = body;
  return new BusError(errorName, typeof text === 'string' ? text : errorName);
}

function toIncoming(message: WireMessage): IncomingCall {
  return {
    sender: message.sender ?? '',
    path: message.path ?? '',
    interface: message.interface ?? '',
    member: message.member ?? '',
    body: message.body ?? [],
  };
}
