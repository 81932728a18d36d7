// Learns from the Secret Service that the keychain was unlocked, without asking it for anything that opens a dialog.
import { createSerialQueue } from '../core/async/serial-queue.ts';
import { BUS, type BusConnection, type Destination, type IncomingCall } from '../platform/bus/bus-connection.ts';

export interface UnlockWatch {
  /** Watches until the keychain is unlocked; does nothing while it watches already. Never rejects. */
  start(): void;
  stop(): void;
}

const SERVICE_NAME = 'org.freedesktop.secrets';
const SERVICE: Readonly<Destination> = {
  destination: SERVICE_NAME,
  path: '/org/freedesktop/secrets',
  interface: 'org.freedesktop.Secret.Service',
};
const COLLECTION = 'org.freedesktop.Secret.Collection';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
/** gnome-keyring changes the property; others tell by the service's signal (as of 2026-11), or come anew. */
const MATCHES = [
  `type='signal',sender='${SERVICE_NAME}',interface='${PROPERTIES}',member='PropertiesChanged',arg0='${COLLECTION}'`,
  `type='signal',sender='${SERVICE_NAME}',interface='${SERVICE.interface}',member='CollectionChanged'`,
  `type='signal',sender='${BUS.destination}',interface='${BUS.interface}',member='NameOwnerChanged',arg0='${SERVICE_NAME}'`,
] as const;

/**
 * @see https://specifications.freedesktop.org/secret-service-spec/latest/org.freedesktop.Secret.Collection.html
 */
export function createUnlockWatch(deps: {
  readonly connect: () => Promise<BusConnection>;
  /** Called once for each `start`. */
  readonly onUnlocked: () => void;
}): UnlockWatch {
  let current: AbortController | undefined;
  /** False once a look of ours found it unlocked and nothing came of it: two refusals in a row are not to begin a loop. */
  let looksAtOnce = true;

  async function watch(signal: AbortSignal): Promise<void> {
    const bus = await deps.connect();
    signal.addEventListener('abort', () => bus.close(), { once: true });
    if (signal.aborted) return bus.close();
    const inTurn = createSerialQueue();
    bus.onSignal((received) => {
      if (!mayTellOfUnlocking(received)) return;
      void inTurn(async () => {
        if (!signal.aborted && (await isUnlocked(bus))) tell({ bySignal: true });
      });
    });
    for (const match of MATCHES) await bus.call(BUS, 'AddMatch', 's', [match]);
    // It may have been unlocked between the refusal and now.
    if (looksAtOnce && (await isUnlocked(bus)) && !signal.aborted) tell({ bySignal: false });
    await bus.closed;
  }

  function tell({ bySignal }: { bySignal: boolean }): void {
    looksAtOnce = bySignal;
    stop();
    deps.onUnlocked();
  }

  function stop(): void {
    current?.abort();
    current = undefined;
  }

  return {
    start() {
      if (current !== undefined) return;
      const own = new AbortController();
      current = own;
      // A bus that is gone takes the keychain along; the next refusal begins anew.
      const end = () => {
        if (current === own) stop();
      };
      void watch(own.signal).then(end, end);
    },
    stop,
  };
}

function mayTellOfUnlocking({ interface: from, member }: IncomingCall): boolean {
  return (
    (from === PROPERTIES && member === 'PropertiesChanged') ||
    (from === SERVICE.interface && member === 'CollectionChanged') ||
    (from === BUS.interface && member === 'NameOwnerChanged')
  );
}

/** Of the collection that our items are in. Reading a property opens no dialog. */
async function isUnlocked(bus: BusConnection): Promise<boolean> {
  try {
    const [path] = await bus.call(SERVICE, 'ReadAlias', 's', ['default']);
    if (typeof path !== 'string' || path === '/') return false;
    const properties = { ...SERVICE, path, interface: PROPERTIES };
    const [locked] = await bus.call(properties, 'Get', 'ss', [COLLECTION, 'Locked']);
    return readBoolean(locked) === false;
  } catch {
    // The provider is just going, or coming: another signal tells of it.
    return false;
  }
}

/** The value of a variant, which is [signature, value]. */
function readBoolean(variant: unknown): boolean | undefined {
  const value: unknown = Array.isArray(variant) ? variant[1] : undefined;
  return typeof value === 'boolean' ? value : undefined;
}
