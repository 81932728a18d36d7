// Registers the icon with the desktop's tray, again after each restart of the tray, and reports whether there is one.
import { BUS, type BusConnection, type Destination } from '../../platform/bus/bus-connection.ts';

const WATCHER_NAME = 'org.kde.StatusNotifierWatcher';
const WATCHER: Readonly<Destination> = {
  destination: WATCHER_NAME,
  path: '/StatusNotifierWatcher',
  interface: 'org.kde.StatusNotifierWatcher',
};
const PROPERTIES = 'org.freedesktop.DBus.Properties';

export interface TrayHost {
  /** Resolves once a tray shows the icon; never resolves without a tray. */
  readonly registered: Promise<void>;
}

/** Registers the item `itemName` with the current watcher and every later one. */
export async function registerWithHosts(bus: BusConnection, itemName: string): Promise<TrayHost> {
  let taken: () => void;
  const registered = new Promise<void>((resolve) => {
    taken = resolve;
  });

  async function register(): Promise<void> {
    try {
      await bus.call(WATCHER, 'RegisterStatusNotifierItem', 's', [itemName]);
      // A watcher alone shows nothing: Plasma's also runs without a panel.
      const [shown] = await bus.call({ ...WATCHER, interface: PROPERTIES }, 'Get', 'ss', [
        WATCHER.interface,
        'IsStatusNotifierHostRegistered',
      ]);
      if (valueOf(shown) === true) taken();
    } catch {
      // No watcher now, or it has just ended; a new one is announced by a signal.
    }
  }

  bus.onSignal(({ interface: from, member, sender, body }) => {
    const hasNewOwner = member === 'NameOwnerChanged' && sender === BUS.destination && body[2] !== '';
    if (hasNewOwner && body[0] === WATCHER_NAME) void register();
    if (from === WATCHER.interface && member === 'StatusNotifierHostRegistered') taken();
  });
  const rules = [
    `type='signal',sender='${BUS.destination}',member='NameOwnerChanged',arg0='${WATCHER_NAME}'`,
    `type='signal',interface='${WATCHER.interface}',member='StatusNotifierHostRegistered'`,
  ];
  for (const rule of rules) await bus.call(BUS, 'AddMatch', 's', [rule]);
  await register();
  return { registered };
}

/** The value of a variant, which is [signature, value]. */
function valueOf(variant: unknown): unknown {
  return Array.isArray(variant) ? (variant[1] as unknown) : undefined;
}
