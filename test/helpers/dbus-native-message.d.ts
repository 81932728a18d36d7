// The wire format of `@homebridge/dbus-native`, for a bus of the tests' own.
declare module '@homebridge/dbus-native/lib/message.js' {
  import type { Readable } from 'node:stream';
  import type { WireMessage } from '@homebridge/dbus-native';

  export function marshall(message: WireMessage): Buffer;
  export function unmarshalMessages(stream: Readable, onMessage: (message: WireMessage) => void): void;
}
