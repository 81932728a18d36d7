// Types of the wire format of `@homebridge/dbus-native`, an independent implementation for the tests.
declare module '@homebridge/dbus-native/lib/message.js' {
  import type { Readable } from 'node:stream';

  export interface WireMessage {
    readonly type: number;
    readonly serial: number;
    readonly flags?: number;
    readonly path?: string;
    readonly interface?: string;
    readonly member?: string;
    readonly sender?: string;
    readonly destination?: string;
    readonly replySerial?: number;
    readonly errorName?: string;
    readonly signature?: string;
    readonly body?: readonly unknown[];
  }

  export function marshall(message: WireMessage): Buffer;
  export function unmarshalMessages(stream: Readable, onMessage: (message: WireMessage) => void): void;
}
