// The desktop's notification server, as it is spoken to over the session bus.
import type { BusConnection, Destination } from './bus-connection.ts';

/** @see https://specifications.freedesktop.org/notification-spec/latest/protocol.html */
export const NOTIFICATION_SERVER: Readonly<Destination> = {
  destination: 'org.freedesktop.Notifications',
  path: '/org/freedesktop/Notifications',
  interface: 'org.freedesktop.Notifications',
};
/** The expiry of a notification that stays until it is closed; and the one that the server chooses. */
const NEVER_MS = 0;
const AS_THE_SERVER_LIKES_MS = -1;

export interface DesktopNotification {
  readonly title: string;
  /** Read as markup: escaped by the caller. */
  readonly body: string;
  /** The id of one that this one replaces. */
  readonly replaces?: number | undefined;
  /** Keys and labels of buttons. */
  readonly actions?: readonly (readonly [key: string, label: string])[];
  readonly stays: boolean;
}

/** Its id. @throws BusError: nobody shows notifications here; Error: the bus is gone */
export async function showNotification(call: BusConnection['call'], shown: DesktopNotification): Promise<number> {
  const [id] = await call(NOTIFICATION_SERVER, 'Notify', 'susssasa{sv}i', [
    'rolecall',
    shown.replaces ?? 0,
    '',
    shown.title,
    shown.body,
    (shown.actions ?? []).flat(),
    [],
    shown.stays ? NEVER_MS : AS_THE_SERVER_LIKES_MS,
  ]);
  if (typeof id !== 'number') throw new Error('The notification server gave no id.');
  return id;
}

/** Never rejects: one that is gone needs no closing. */
export async function closeNotification(call: BusConnection['call'], id: number): Promise<void> {
  await call(NOTIFICATION_SERVER, 'CloseNotification', 'u', [id]).catch(() => undefined);
}
