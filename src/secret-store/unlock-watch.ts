// Notices through the Secret Service that the keychain was unlocked, without a request that opens a dialog.
import { createSerialQueue } from '../core/async/serial-queue.ts';
import { BUS, type BusConnection, type Destination, type IncomingCall } from '../platform/bus/bus-connection.ts';

export interface UnlockWatch {
  /** Watches until the keychain is unlocked; does nothing if it is already watching. Never rejects. */
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
/** gnome-keyring changes the property; as of 2026-11 other providers send the service's signal, or restart. */
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
  /** False if the last report came from our own check: if the keychain then refuses again, another check would start a loop. */
  let checksAtOnce = true;

  async function watch(signal: AbortSignal): Promise<void> {
    const bus = await deps.connect();
    signal.addEventListener('abort', () => bus.close(), { once: true });
    if (signal.aborted) return bus.close();
    const inTurn = createSerialQueue();
    bus.onSignal((received) => {
      if (!mayReportUnlock(received)) return;
      void inTurn(async () => {
        if (!signal.aborted && (await isUnlocked(bus))) report({ bySignal: true });
      });
    });
    for (const match of MATCHES) await bus.call(BUS, 'AddMatch', 's', [match]);
    // It may have been unlocked between the refusal and now.
    if (checksAtOnce && (await isUnlocked(bus)) && !signal.aborted) report({ bySignal: false });
    await bus.closed;
  }

  function report({ bySignal }: { bySignal: boolean }): void {
    checksAtOnce = bySignal;
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
      // Without the bus there is no keychain either; the next refusal starts a new watch.
      const end = () => {
        if (current === own) stop();
      };
      void watch(own.signal).then(end, end);
    },
    stop,
  };
}

function mayReportUnlock({ interface: from, member }: IncomingCall): boolean {
  return (
    (from === PROPERTIES && member === 'PropertiesChanged') ||
    (from === SERVICE.interface && member === 'CollectionChanged') ||
    (from === BUS.interface && member === 'NameOwnerChanged')
  );
}

/** Whether the collection with our items is unlocked. Reading a property opens no dialog. */
async function isUnlocked(bus: BusConnection): Promise<boolean> {
  try {
    const [path] = await bus.call(SERVICE, 'ReadAlias', 's', ['default']);
    if (typeof path !== 'string' || path === '/') return false;
    const properties = { ...SERVICE, path, interface: PROPERTIES };
    const [locked] = await bus.call(properties, 'Get', 'ss', [COLLECTION, 'Locked']);
    return readBoolean(locked) === false;
  } catch {
    // The provider is just stopping or starting: another signal will follow.
    return false;
  }
}

/** The value of a variant, which is [signature, value]. */
function readBoolean(variant: unknown): boolean | undefined {
  const value: unknown = Array.isArray(variant) ? variant[1] : undefined;
  return typeof value === 'boolean' ? value : undefined;
}
