// logind as a test wants it, on a private bus: the sessions of some users, and its signals.
import { BUS, connectToBus, type BusConnection, type IncomingCall } from '../../src/platform/bus/bus-connection.ts';
import type { BusValue } from '../../src/platform/bus/bus-values.ts';

export interface StandInSession {
  readonly id: string;
  readonly userId: number;
  /** Default: a graphical session. */
  readonly type?: string;
  isLocked?: boolean;
  /** In microseconds, as logind has it; absent: in use. */
  idleSince?: number;
}

export interface LogindStandIn {
  readonly sessions: StandInSession[];
  /** Changes a session, and says so by PropertiesChanged. */
  set(id: string, change: Partial<Pick<StandInSession, 'isLocked' | 'idleSince'>>): void;
  /** As `loginctl lock-session` does. */
  askForLock(id: string): void;
  sleep(isAboutTo: boolean): void;
  /** Leaves the bus, as a logind that crashes. */
  end(): void;
}

export const pathOf = (id: string) => `/org/freedesktop/login1/session/${id}`;

export async function startLogind(socketPath: string, sessions: StandInSession[]): Promise<LogindStandIn> {
  const bus = await connectToBus(socketPath);
  bus.answerWith((call) => answer(call, sessions));
  await bus.call(BUS, 'RequestName', 'su', ['org.freedesktop.login1', 4]);
  const emitChange = (id: string) =>
    bus.emit(pathOf(id), 'org.freedesktop.DBus.Properties', 'PropertiesChanged', 'sa{sv}as', [
      'org.freedesktop.login1.Session',
      [],
      ['LockedHint', 'IdleHint'],
    ]);
  return {
    sessions,
    set(id, change) {
      Object.assign(sessions.find((session) => session.id === id) as StandInSession, change);
      emitChange(id);
    },
    askForLock: (id) => bus.emit(pathOf(id), 'org.freedesktop.login1.Session', 'Lock', '', []),
    sleep: (isAboutTo) =>
      bus.emit('/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PrepareForSleep', 'b', [isAboutTo]),
    end: () => bus.close(),
  };
}

function answer({ member, path }: IncomingCall, sessions: readonly StandInSession[]) {
  if (member === 'ListSessions') {
    const rows = sessions.map(({ id, userId }): BusValue => [id, userId, `user${userId}`, 'seat0', pathOf(id)]);
    return { signature: 'a(susso)', body: [rows] };
  }
  const session = sessions.find(({ id }) => pathOf(id) === path);
  if (member !== 'GetAll' || session === undefined) throw new Error(`there is no ${member} at ${path}`);
  const properties: BusValue = [
    ['Class', ['s', 'user']],
    ['Type', ['s', session.type ?? 'wayland']],
    ['LockedHint', ['b', session.isLocked === true]],
    ['IdleHint', ['b', session.idleSince !== undefined]],
    ['IdleSinceHint', ['t', session.idleSince ?? 0]],
  ];
  return { signature: 'a{sv}', body: [properties] };
}

/** Another program on the bus. */
export async function joinBus(socketPath: string): Promise<BusConnection> {
  return connectToBus(socketPath);
}
