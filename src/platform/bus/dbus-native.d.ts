// The part of `@homebridge/dbus-native` that is used, and that its own types leave out: authentication, framing, marshalling.
import type { Socket } from 'node:net';

declare module '@homebridge/dbus-native' {
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

  export interface Wire {
    on(event: 'connect' | 'end', listener: () => void): void;
    on(event: 'message', listener: (message: WireMessage) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    /** Throws on a body that does not fit its signature. */
    message(message: WireMessage): void;
  }

  export function createConnection(options: { stream: Socket; authMethods: string[] }): Wire;
}
