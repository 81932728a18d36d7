// A session bus in this process with only a notification server: records notifications and simulates clicks.
import { createServer, type Socket } from 'node:net';
import { marshall, unmarshalMessages, type WireMessage } from '@homebridge/dbus-native/lib/message.js';

export interface SeenNotification {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  /** Keys and labels in turn. */
  readonly actions: readonly string[];
  readonly expiryMs: number;
  isClosed: boolean;
}

export interface NotificationStandIn {
  readonly shown: readonly SeenNotification[];
  /** Presses the first button of the newest notification that has one. */
  click(): void;
  /** Ends every connection, as a bus does that goes away. */
  hangUp(): void;
  end(): Promise<void>;
}

export interface StandInOptions {
  /** False: a bus on which nobody shows notifications. */
  readonly isThere?: boolean;
  /** Presses the button of each notification that has one as soon as it is shown. */
  readonly clicksAtOnce?: boolean;
}

const REPLY = 2;
const ERROR = 3;
const SIGNAL = 4;
const NAME = 'org.freedesktop.Notifications';
const PATH = '/org/freedesktop/Notifications';

export async function startNotificationStandIn(
  socketPath: string,
  { isThere = true, clicksAtOnce = false }: StandInOptions = {},
): Promise<NotificationStandIn> {
  const shown: SeenNotification[] = [];
  const sockets = new Set<Socket>();
  let serial = 0;

  const send = (socket: Socket, message: Omit<WireMessage, 'serial'>) => {
    serial += 1;
    socket.write(marshall({ sender: ':1.0', ...message, serial }));
  };
  const signal = (socket: Socket, member: string, signature: string, body: readonly unknown[]) =>
    send(socket, { type: SIGNAL, path: PATH, interface: NAME, member, signature, body });
  const press = ({ id, actions }: SeenNotification) => {
    for (const socket of sockets) signal(socket, 'ActionInvoked', 'us', [id, actions[0]]);
  };

  function answer(socket: Socket, message: WireMessage): void {
    const reply = (signature: string, body: readonly unknown[]) =>
      send(socket, { type: REPLY, replySerial: message.serial, ...(signature === '' ? {} : { signature, body }) });
    const [first] = message.body ?? [];
    if (message.member === 'Hello') reply('s', [':1.1']);
    else if (message.member === 'AddMatch') reply('', []);
    else if (message.destination === NAME && isThere && message.member === 'Notify') {
      const [, , , title, body, actions, , expiryMs] = message.body as [
        string,
        number,
        string,
        string,
        string,
        string[],
        unknown,
        number,
      ];
      const notification = { id: shown.length + 1, title, body, actions, expiryMs, isClosed: false };
      shown.push(notification);
      reply('u', [notification.id]);
      if (clicksAtOnce && actions.length > 0) press(notification);
    } else if (message.destination === NAME && isThere && message.member === 'CloseNotification') {
      for (const notification of shown) if (notification.id === first) notification.isClosed = true;
      reply('', []);
      signal(socket, 'NotificationClosed', 'uu', [first, 3]);
    } else {
      send(socket, {
        type: ERROR,
        replySerial: message.serial,
        errorName: 'org.freedesktop.DBus.Error.ServiceUnknown',
        signature: 's',
        body: [`Nobody is ${message.destination}.`],
      });
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    authenticate(socket, () => unmarshalMessages(socket, (message) => answer(socket, message)));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    shown,
    click() {
      const withButton = shown.findLast(({ actions }) => actions.length > 0);
      if (withButton === undefined) throw new Error('there is no button to click');
      press(withButton);
    },
    hangUp,
    async end() {
      hangUp();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Believes everybody: `AUTH EXTERNAL …` is answered by `OK`, what libdbus asks next by `ERROR`, and after `BEGIN` come messages. */
function authenticate(socket: Socket, onReady: () => void): void {
  let received = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const end = received.indexOf('\r\n');
      if (end === -1) return;
      const line = received.subarray(0, end).toString('latin1').replace('\0', '');
      received = received.subarray(end + 2);
      if (line === 'BEGIN') break;
      socket.write(line.startsWith('AUTH EXTERNAL') ? 'OK 1234deadbeef1234deadbeef1234dead\r\n' : 'ERROR\r\n');
    }
    socket.off('data', onData);
    socket.pause();
    if (received.length > 0) socket.unshift(received);
    onReady();
  };
  socket.on('data', onData);
}
