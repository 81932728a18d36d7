// The tray on a Linux desktop: an icon with a menu on the session bus, updated from the daemon's events.
import type { Clock } from '../../core/clock.ts';
import { toRolecallError, UnavailableError } from '../../core/errors.ts';
import { summarizeState } from '../../local-api/state-summary.ts';
import { BUS, connectToBus, type BusConnection } from '../../platform/bus/bus-connection.ts';
import { createBusMenu } from './bus-menu.ts';
import { createCodeNotification, type CodeNotification } from './code-notification.ts';
import { performClick, type ClickDeps } from '../clicks.ts';
import { createAnswerer } from './exported-object.ts';
import type { ShowChange } from '../follow.ts';
import { describeApproval, describeLocked } from '../approval-items.ts';
import { buildMenu, describeCurrentRole, describeSession, listProblems } from '../menu.ts';
import type { Action } from '../menu-item.ts';
import { createStatusNotifierItem, ITEM_PATH, MENU_PATH, type Face } from './status-notifier-item.ts';
import { registerWithHosts } from './tray-host.ts';
import { EMPTY_VIEW, type TrayView } from '../tray-view.ts';

export interface DesktopTrayDeps {
  /** For `net.connect`; undefined on a machine without a session bus. */
  readonly busSocket: string | undefined;
  readonly processId: number;
  readonly client: ClickDeps['client'];
  readonly openBrowser: ClickDeps['openBrowser'];
  readonly findBrowserPlace: ClickDeps['findBrowserPlace'];
  /** Calls `show` for each change until the signal is aborted; never rejects. */
  readonly follow: (show: ShowChange, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Wait for a tray indefinitely, for autostart with the desktop. */
  readonly waits: boolean;
  readonly say: (text: string) => void;
}

/** Only the owner of this bus name shows an icon. */
const SINGLETON_NAME = 'rolecall.Tray';
const DO_NOT_QUEUE = 4;
const IS_OWNER = 1;
/** How long to wait for a panel that is just starting. */
const HOST_DEADLINE_MS = 5000;
const FIRST_LOOK_MS = 3000;
/** Updates the time left, which is shown in minutes. */
const REDRAW_MS = 20_000;
/** A restarted bus is back within seconds; otherwise the desktop session has ended. */
const RECONNECTS = 5;
const RECONNECT_MS = 1000;

/**
 * Shows the icon until the signal is aborted, the user chooses Quit, or the bus is gone for good.
 * @throws UnavailableError no-tray: no session bus, or no tray that shows icons
 */
export async function runDesktopTray(deps: DesktopTrayDeps): Promise<void> {
  if (deps.busSocket === undefined) throw noTray('No D-Bus session bus was found, so there is no tray.');
  const quit = new AbortController();
  const signal = AbortSignal.any([deps.signal, quit.signal]);
  const tray = createTray(deps, () => quit.abort());
  const starting = tray.startDaemon();
  const running = Promise.all([starting, deps.follow(tray.change, signal), redraw(tray, deps.clock, signal)]);
  try {
    // Loads the status first, so that the icon does not start without one.
    await Promise.race([starting, deps.clock.sleep(FIRST_LOOK_MS, signal).catch(() => undefined)]);
    await showOnBus(deps.busSocket, tray, deps, signal);
  } finally {
    quit.abort();
    await running;
  }
}

/** The state of the tray, independent of the bus connection. */
interface Tray {
  readonly change: ShowChange;
  redraw(): void;
  /** Starts the daemon if needed; shows a failure as a notice. */
  startDaemon(): Promise<void>;
  /** Exports icon and menu on `bus`. Nothing is removed later: the bus drops them with the connection. */
  show(bus: BusConnection): void;
}

function createTray(deps: DesktopTrayDeps, quit: () => void): Tray {
  let view = EMPTY_VIEW;
  let surfaces: { update(): void; code: CodeNotification } | undefined;

  function change(apply: (view: TrayView) => TrayView): void {
    const before = view;
    view = apply(view);
    for (const session of Object.keys(before.signIns)) {
      if (view.signIns[session]?.userCode === undefined) void surfaces?.code.withdraw(session);
    }
    surfaces?.update();
  }

  const setNotice = (notice: TrayView['notice']) => change((now) => ({ ...now, notice }));

  async function click(action: Action): Promise<void> {
    if (action.does === 'quit') return quit();
    setNotice(undefined);
    try {
      await performClick(action, {
        client: deps.client,
        openBrowser: deps.openBrowser,
        findBrowserPlace: deps.findBrowserPlace,
        showSignIn(session, signIn) {
          change((now) => ({ ...now, signIns: { ...now.signIns, [session]: signIn } }));
          void surfaces?.code.show(session, signIn);
        },
      });
    } catch (error) {
      setNotice(toRolecallError(error).toBody());
    }
  }

  return {
    change,
    redraw: () => surfaces?.update(),
    async startDaemon() {
      try {
        const status = await deps.client.call('status', {}, { signal: deps.signal });
        change((now) => (now.status === undefined ? { ...now, status } : now));
      } catch (error) {
        // The menu already shows that the daemon is not running.
        const { code, ...rest } = toRolecallError(error).toBody();
        if (code !== 'daemon-not-running' && !deps.signal.aborted) setNotice({ code, ...rest });
      }
    },
    show(bus) {
      const now = () => deps.clock.nowMs();
      const item = createStatusNotifierItem({
        emit: bus.emit,
        face: describeFace(view, now()),
        onActivate: () => void click({ does: view.status === undefined ? 'start-daemon' : 'open-page' }),
      });
      const menu = createBusMenu({
        emit: bus.emit,
        menu: buildMenu(view, now()),
        // Replies to the click first: the host waits for it, and Quit ends the connection.
        onClick: (action) => void setImmediate(() => void click(action)),
      });
      surfaces = {
        update() {
          item.update(describeFace(view, now()));
          menu.update(buildMenu(view, now()));
        },
        code: createCodeNotification(bus.call),
      };
      bus.answerWith(createAnswerer({ [ITEM_PATH]: item.exported, [MENU_PATH]: menu.exported }));
    },
  };
}

function describeFace(view: TrayView, nowMs: number): Face {
  const { status } = view;
  if (status === undefined) return { state: 'problem', tooltipLines: ['The rolecall daemon is not running.'] };
  const locked = describeLocked(status, nowMs);
  return {
    state: view.notice === undefined ? summarizeState(status, nowMs) : 'problem',
    tooltipLines: [
      ...view.approvals.map(describeApproval),
      ...(locked === undefined ? [] : [locked]),
      describeCurrentRole(status) ?? 'No current role',
      ...status.sessions.map((session) => describeSession(session, nowMs)),
      ...[...(view.notice === undefined ? [] : [view.notice]), ...listProblems(status)].map(({ message }) => message),
    ],
  };
}

async function redraw(tray: Tray, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(REDRAW_MS, signal).catch(() => undefined);
    if (!signal.aborted) tray.redraw();
  }
}

async function showOnBus(socketPath: string, tray: Tray, deps: DesktopTrayDeps, signal: AbortSignal): Promise<void> {
  let wasShown = false;
  let triesLeft = RECONNECTS;
  while (!signal.aborted) {
    try {
      const bus = await connectToBus(socketPath);
      const leave = () => bus.close();
      signal.addEventListener('abort', leave, { once: true });
      try {
        const outcome = await serve(bus, tray, deps, wasShown, signal);
        if (outcome === 'elsewhere') return;
        triesLeft = RECONNECTS;
        wasShown = true;
      } finally {
        signal.removeEventListener('abort', leave);
        bus.close();
      }
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof UnavailableError) throw cause;
      triesLeft -= 1;
      if (!wasShown || triesLeft === 0) throw noTray('The D-Bus session bus does not answer.', cause);
      await deps.clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
    }
  }
}

/** Resolves when the connection ends, or immediately if another tray runs. @throws Error: the bus failed during setup */
async function serve(
  bus: BusConnection,
  tray: Tray,
  deps: DesktopTrayDeps,
  wasShown: boolean,
  signal: AbortSignal,
): Promise<'closed' | 'elsewhere'> {
  const itemName = `org.kde.StatusNotifierItem-${deps.processId}-1`;
  const [outcome] = await bus.call(BUS, 'RequestName', 'su', [SINGLETON_NAME, DO_NOT_QUEUE]);
  if (outcome !== IS_OWNER) {
    deps.say('The rolecall tray is already running.\n');
    return 'elsewhere';
  }
  tray.show(bus);
  await bus.call(BUS, 'RequestName', 'su', [itemName, DO_NOT_QUEUE]);
  const { registered } = await registerWithHosts(bus, itemName);
  if (!wasShown && (await waitForHost(registered, bus, deps, signal))) deps.say('rolecall is in the tray.\n');
  await bus.closed;
  return 'closed';
}

async function waitForHost(
  registered: Promise<void>,
  bus: BusConnection,
  { clock, waits }: DesktopTrayDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const ends = [registered.then(() => 'shown' as const), bus.closed.then(() => 'closed' as const)];
  if (waits) return (await Promise.race(ends)) === 'shown';
  const late = clock.sleep(HOST_DEADLINE_MS, signal).then(
    () => 'late' as const,
    () => 'closed' as const,
  );
  const outcome = await Promise.race([...ends, late]);
  if (outcome === 'late') throw noTray('No tray was found that shows icons.');
  return outcome === 'shown';
}

function noTray(message: string, cause?: unknown): UnavailableError {
  return new UnavailableError('no-tray', message, cause === undefined ? {} : { cause });
}
