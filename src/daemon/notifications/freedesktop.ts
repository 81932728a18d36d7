// Shows notifications on a freedesktop.org desktop over D-Bus; notify-send would expose the text to other users through its arguments.
import { withTimeout } from '../../core/async/with-timeout.ts';
import {
  BUS,
  BusError,
  connectToBus,
  type BusConnection,
  type IncomingCall,
} from '../../platform/bus/bus-connection.ts';
import { closeNotification, NOTIFICATION_SERVER, showNotification } from '../../platform/bus/desktop-notifications.ts';
import { escapeMarkup } from '../../core/text/harmless-text.ts';
import type { Clock } from '../../core/clock.ts';
import {
  SHOW_DEADLINE_MS,
  type NotificationBackend,
  type PlainNotification,
  type ShownNotification,
} from './backend.ts';

const ACTION = 'act';
const SIGNALS = `type='signal',interface='${NOTIFICATION_SERVER.interface}',path='${NOTIFICATION_SERVER.path}'`;

/** Uses one bus connection, opened on first use and reopened after a failure: it stays open to receive clicks. */
export function freedesktop(deps: { readonly socketPath: string; readonly clock: Clock }): NotificationBackend {
  /** Click handlers by notification id. */
  const clicks = new Map<number, () => void>();
  let current: Promise<BusConnection> | undefined;

  function connect(): Promise<BusConnection> {
    const connection = listen();
    void connection
      .then(({ closed }) => closed)
      .then(
        () => drop(connection),
        () => undefined,
      );
    return connection;
  }

  async function listen(): Promise<BusConnection> {
    const bus = await connectToBus(deps.socketPath);
    // Deferred: a click may arrive in the same read as the reply that tells the id.
    bus.onSignal((signal) => void setImmediate(() => receive(signal)));
    await bus.call(BUS, 'AddMatch', 's', [SIGNALS]);
    return bus;
  }

  function receive({ interface: from, member, body: [id, key] }: IncomingCall): void {
    if (from !== NOTIFICATION_SERVER.interface || typeof id !== 'number') return;
    if (member === 'ActionInvoked' && key === ACTION) clicks.get(id)?.();
    if (member === 'NotificationClosed') clicks.delete(id);
  }

  /** Closes a connection; the state is cleared only if it is still the current one. */
  function drop(connection: Promise<BusConnection>): void {
    void connection.then(
      (bus) => bus.close(),
      () => undefined,
    );
    if (connection !== current) return;
    current = undefined;
    clicks.clear();
  }

  async function showOnBus(
    connection: Promise<BusConnection>,
    { title, body, action, stays }: PlainNotification,
  ): Promise<ShownNotification> {
    const { call } = await connection;
    const id = await showNotification(call, {
      title,
      body: escapeMarkup(body),
      actions: action === undefined ? [] : [[ACTION, action.label]],
      stays: stays === true,
    });
    if (action !== undefined) clicks.set(id, action.onClick);
    return {
      withdraw() {
        clicks.delete(id);
        void closeNotification(call, id);
      },
    };
  }

  return {
    name: 'the notification server',
    async show(notification) {
      current ??= connect();
      const connection = current;
      try {
        const shown = await withTimeout(deps.clock, SHOW_DEADLINE_MS, showOnBus(connection, notification));
        // The bus does not answer.
        if (shown === undefined) drop(connection);
        return shown;
      } catch (error) {
        // A BusError is a reply: no notification server, but the bus itself works.
        if (!(error instanceof BusError)) drop(connection);
        return undefined;
      }
    },
  };
}
