// The tray that shows our icon: found, asked again whenever it has been restarted, and whether there is one at all.
import { BUS, type BusConnection, type Destination } from '../../platform/bus/bus-connection.ts';

const WATCHER_NAME = 'org.kde.StatusNotifierWatcher';
const WATCHER: Readonly<Destination> = {
  destination: WATCHER_NAME,
  path: '/StatusNotifierWatcher',
  interface: 'org.kde.StatusNotifierWatcher',
};
const PROPERTIES = 'org.freedesktop.DBus.Properties';

export interface TrayHost {
  /** Resolves once a tray has taken our icon; never when none ever comes. */
  readonly registered: Promise<void>;
}

/** Registers the item under `itemName` with every watcher that there is from now on. */
export async function registerWithHosts(bus: BusConnection, itemName: string): Promise<TrayHost> {
  let taken: () => void;
  const registered = new Promise<void>((resolve) => {
    taken = resolve;
  });

  async function register(): Promise<void> {
    try {
      await bus.call(WATCHER, 'RegisterStatusNotifierItem', 's', [itemName]);
      // A watcher alone shows nothing: Plasma's runs on without any panel.
      const [shown] = await bus.call({ ...WATCHER, interface: PROPERTIES }, 'Get', 'ss', [
        WATCHER.interface,
        'IsStatusNotifierHostRegistered',
      ]);
      if (valueOf(shown) === true) taken();
    } catch {
      // Nobody has the name now, or its owner has just gone: the next owner makes itself known.
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

/** What is in a variant as the library reads it: [parsed signature, [value]]. */
function valueOf(variant: unknown): unknown {
  return Array.isArray(variant) && Array.isArray(variant[1]) ? (variant[1] as unknown[])[0] : undefined;
}
