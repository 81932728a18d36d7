// Notifications on a freedesktop.org desktop, over the session bus: a program's arguments could be read by every user of the machine.
import { BUS, connectToBus, type BusConnection, type IncomingCall } from '../../platform/bus-connection.ts';
import { closeNotification, NOTIFICATION_SERVER, showNotification } from '../../platform/desktop-notifications.ts';
import { escapeMarkup } from '../../core/harmless-text.ts';
import type { Clock } from '../../core/clock.ts';
import {
  SHOW_DEADLINE_MS,
  type NotificationBackend,
  type PlainNotification,
  type ShownNotification,
} from './backend.ts';

const ACTION = 'act';
const SIGNALS = `type='signal',interface='${NOTIFICATION_SERVER.interface}',path='${NOTIFICATION_SERVER.path}'`;

/** One connection for all, made by the first and made again after the bus was gone: clicks come by it. */
export function freedesktop(deps: { readonly socketPath: string; readonly clock: Clock }): NotificationBackend {
  /** What a click on a notification does, by the notification's id. */
  const clicks = new Map<number, () => void>();
  let connection: Promise<BusConnection> | undefined;

  async function connect(): Promise<BusConnection> {
    const bus = await connectToBus(deps.socketPath);
    // Later, for a click may be read from the socket together with the answer that tells the id.
    bus.onSignal((signal) => void setImmediate(() => receive(signal)));
    await bus.call(BUS, 'AddMatch', 's', [SIGNALS]);
    void bus.closed.then(forget);
    return bus;
  }

  function receive({ interface: from, member, body: [id, key] }: IncomingCall): void {
    if (from !== NOTIFICATION_SERVER.interface || typeof id !== 'number') return;
    if (member === 'ActionInvoked' && key === ACTION) clicks.get(id)?.();
    if (member === 'NotificationClosed') clicks.delete(id);
  }

  function forget(): void {
    connection = undefined;
    clicks.clear();
  }

  async function showOnBus({ title, body, action, stays }: PlainNotification): Promise<ShownNotification> {
    connection ??= connect();
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
      const settled = new AbortController();
      const late = deps.clock.sleep(SHOW_DEADLINE_MS, settled.signal).then(() => {
        throw new Error('The session bus does not answer.');
      });
      try {
        return await Promise.race([showOnBus(notification), late]);
      } catch {
        forget();
        return undefined;
      } finally {
        settled.abort(new Error('settled'));
        late.catch(() => undefined);
      }
    },
  };
}
