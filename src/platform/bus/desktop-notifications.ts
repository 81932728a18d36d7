// Shows and closes notifications through the desktop's notification server on the session bus.
import type { BusConnection, Destination } from './bus-connection.ts';

/** @see https://specifications.freedesktop.org/notification-spec/latest/protocol.html */
export const NOTIFICATION_SERVER: Readonly<Destination> = {
  destination: 'org.freedesktop.Notifications',
  path: '/org/freedesktop/Notifications',
  interface: 'org.freedesktop.Notifications',
};
/** Expiry of a notification that stays until it is closed, and of one whose expiry the server chooses. */
const NEVER_MS = 0;
const SERVER_DEFAULT_MS = -1;

export interface DesktopNotification {
  readonly title: string;
  /** Markup: the caller escapes it. */
  readonly body: string;
  /** The id of the notification that this one replaces. */
  readonly replaces?: number | undefined;
  /** Keys and labels of buttons. */
  readonly actions?: readonly (readonly [key: string, label: string])[];
  readonly stays: boolean;
}

/** Returns its id. @throws BusError: there is no notification server; Error: the connection has ended */
export async function showNotification(call: BusConnection['call'], shown: DesktopNotification): Promise<number> {
  const [id] = await call(NOTIFICATION_SERVER, 'Notify', 'susssasa{sv}i', [
    'rolecall',
    shown.replaces ?? 0,
    '',
    shown.title,
    shown.body,
    (shown.actions ?? []).flat(),
    [],
    shown.stays ? NEVER_MS : SERVER_DEFAULT_MS,
  ]);
  if (typeof id !== 'number') throw new Error('The notification server gave no id.');
  return id;
}

/** Never rejects: a notification that no longer exists needs no closing. */
export async function closeNotification(call: BusConnection['call'], id: number): Promise<void> {
  await call(NOTIFICATION_SERVER, 'CloseNotification', 'u', [id]).catch(() => undefined);
}
