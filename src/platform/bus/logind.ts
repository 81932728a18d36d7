// Asks logind on the system bus about the graphical sessions of a user, and reports when they may have changed.
import { BUS, type BusConnection, type Destination, type IncomingCall } from './bus-connection.ts';

/** @see https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html */
const MANAGER: Readonly<Destination> = {
  destination: 'org.freedesktop.login1',
  path: '/org/freedesktop/login1',
  interface: 'org.freedesktop.login1.Manager',
};
const SESSION = 'org.freedesktop.login1.Session';
const GRAPHICAL: ReadonlySet<unknown> = new Set(['x11', 'wayland', 'mir']);

/** All graphical sessions of a user together. */
export interface Screens {
  /** How many there are. Without one, the rest says nothing. */
  readonly count: number;
  readonly isLocked: boolean;
  readonly isIdle: boolean;
  /** By the wall clock; undefined while one is in use. */
  readonly idleSinceMs: number | undefined;
}

export interface LogindListener {
  /** Somebody asked for the screen to be locked, or the machine is about to sleep. */
  readonly onLock: (why: 'screen' | 'sleep') => void;
  /** `readScreens` may have another result now. Signals are only a reason to ask: programs can forge them. */
  readonly onChange: () => void;
}

export interface Logind {
  /** @throws Error: logind does not answer */
  readScreens(): Promise<Screens>;
}

/** @throws Error: there is no logind on this bus */
export async function watchLogind(bus: BusConnection, userId: number, listener: LogindListener): Promise<Logind> {
  /** The unique name of logind; only its signals count. */
  let owner: string | undefined;
  /** Of the user's graphical sessions. */
  let paths: ReadonlySet<string> = new Set();

  function receive(signal: IncomingCall): void {
    if (signal.sender === BUS.destination && signal.member === 'NameOwnerChanged') {
      const [name, , newOwner] = signal.body;
      if (name !== MANAGER.destination) return;
      owner = typeof newOwner === 'string' && newOwner !== '' ? newOwner : undefined;
      listener.onChange();
    }
    if (owner === undefined || signal.sender !== owner) return;
    if (signal.member === 'PrepareForSleep' && signal.body[0] === true) listener.onLock('sleep');
    else if (signal.member === 'Lock' && paths.has(signal.path)) listener.onLock('screen');
    // A session that is new, or whose properties have changed, also of another user: it is cheap to ask.
    else listener.onChange();
  }

  async function readSession(path: string): Promise<ReadonlyMap<unknown, unknown>> {
    const properties = { destination: MANAGER.destination, path, interface: 'org.freedesktop.DBus.Properties' };
    const [entries] = await bus.call(properties, 'GetAll', 's', [SESSION]);
    return new Map((entries as [string, [string, unknown]][]).map(([name, [, value]]) => [name, value]));
  }

  bus.onSignal(receive);
  const { destination } = MANAGER;
  await bus.call(BUS, 'AddMatch', 's', [`type='signal',sender='${destination}'`]);
  await bus.call(BUS, 'AddMatch', 's', [
    `type='signal',sender='${BUS.destination}',member='NameOwnerChanged',arg0='${destination}'`,
  ]);
  // Starts logind if need be.
  await bus.call(MANAGER, 'ListSessions');
  owner = String((await bus.call(BUS, 'GetNameOwner', 's', [destination]))[0]);

  return {
    async readScreens() {
      const [listed] = await bus.call(MANAGER, 'ListSessions');
      const own = (listed as [string, number, string, string, string][]).filter(([, uid]) => uid === userId);
      const found = new Map<string, ReadonlyMap<unknown, unknown>>();
      for (const [, , , , path] of own) {
        // A session that has just ended has no properties.
        const properties = await readSession(path).catch(() => new Map());
        if (properties.get('Class') === 'user' && GRAPHICAL.has(properties.get('Type'))) found.set(path, properties);
      }
      paths = new Set(found.keys());
      const sessions = [...found.values()];
      const isIdle = sessions.length > 0 && sessions.every((session) => session.get('IdleHint') === true);
      const idleSince = Math.max(...sessions.map((session) => Number(session.get('IdleSinceHint') ?? 0) / 1000));
      return {
        count: sessions.length,
        isLocked: sessions.some((session) => session.get('LockedHint') === true),
        isIdle,
        idleSinceMs: isIdle && idleSince > 0 ? idleSince : undefined,
      };
    },
  };
}
