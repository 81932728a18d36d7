// Watches the screen: logind, the screen savers of the session bus, and on macOS the IORegistry.
import { existsSync } from 'node:fs';
import { coalesced } from '../../core/async/coalesced.ts';
import type { Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { findBusSocket, findSystemBusSocket } from '../../platform/bus/bus-address.ts';
import type { BusConnection } from '../../platform/bus/bus-connection.ts';
import { keepConnected } from '../../platform/bus/keep-connected.ts';
import { watchLogind, type Logind } from '../../platform/bus/logind.ts';
import { watchScreenSavers } from '../../platform/bus/screen-savers.ts';
import type { Log } from '../process/log.ts';
import type { DesktopIdle } from './idle.ts';
import type { LockEvent } from './lock-state.ts';

export interface ScreenWatch {
  /** Timed work. */
  check(): Promise<void>;
  close(): void;
}

export interface ScreenListener {
  readonly onScreen: (event: LockEvent) => void;
  readonly onIdle: (desktop: DesktopIdle | undefined) => void;
}

interface ScreenWatchDeps {
  readonly listener: ScreenListener;
  /** Whether rolecall locks with the screen; else only IdleHint is of interest. */
  readonly locksWithScreen: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userId: number;
  readonly settingsFile: string;
  readonly problems: Pick<Problems, 'raise' | 'clear'>;
  readonly clock: Clock;
  readonly log: Log;
}

const PROBLEM_KEY = 'screen lock';

/** Never rejects: what can't be watched is a problem in the status. */
export function watchScreen(deps: ScreenWatchDeps & { readonly platform: NodeJS.Platform }): ScreenWatch {
  const reporter = createReporter(deps);
  if (deps.platform === 'darwin') return watchMacScreen(deps, reporter);
  return watchBuses(deps, reporter);
}

type Reporter = (failure: string | undefined) => void;

/** Shows why rolecall can't lock with the screen, if it should. */
function createReporter(deps: ScreenWatchDeps): Reporter {
  const { locksWithScreen, problems, log } = deps;
  let last: string | undefined;
  return (failure) => {
    if (failure !== last && failure !== undefined) log('warn', `the screen can't be watched: ${failure}`);
    last = failure;
    if (failure === undefined) problems.clear(PROBLEM_KEY);
    else if (locksWithScreen) {
      problems.raise(PROBLEM_KEY, {
        code: 'screen-not-watched',
        message: `lock_with_screen has no effect: ${failure}. Lock rolecall yourself, or take the setting out.`,
        hint: `${editCommand(deps.settingsFile)} && rolecall daemon restart`,
      });
    }
  };
}

function watchBuses(deps: ScreenWatchDeps, report: Reporter): ScreenWatch {
  const { clock, environment, listener, locksWithScreen } = deps;
  const stopped = new AbortController();
  const { signal } = stopped;
  const onScreen = (event: LockEvent) => (locksWithScreen ? listener.onScreen(event) : undefined);

  async function useSystemBus(bus: BusConnection): Promise<void> {
    const connected: { logind?: Logind } = {};
    const read = coalesced(async () => {
      // A signal can come before the connection is complete.
      const { logind } = connected;
      if (logind === undefined) return;
      try {
        const { count, isLocked, isIdle, idleSinceMs } = await logind.readScreens();
        report(count === 0 ? 'logind knows no graphical session of yours' : undefined);
        listener.onIdle(count === 0 ? undefined : { isIdle, idleSinceMs });
        if (isLocked) onScreen({ kind: 'screen-locked', isKnown: true });
        // Without a session nobody has unlocked a screen.
        else if (count > 0) onScreen({ kind: 'screen-unlocked' });
      } catch (error) {
        listener.onIdle(undefined);
        report(`logind does not answer: ${(error as Error).message}`);
      }
    });
    connected.logind = await watchLogind(bus, deps.userId, {
      onLock: (why) =>
        onScreen(why === 'sleep' ? { kind: 'lock', reason: 'sleep' } : { kind: 'screen-locked', isKnown: false }),
      onChange: () => void read(),
    });
    await read();
  }

  void keepConnected({
    socketPath: () => findSystemBusSocket(environment),
    use: useSystemBus,
    onDown(reason) {
      listener.onIdle(undefined);
      report(`the system bus can't be used: ${reason}`);
    },
    clock,
    signal,
  });
  if (locksWithScreen) {
    void keepConnected({
      socketPath: () => findBusSocket(environment, existsSync),
      use: (bus) => watchScreenSavers(bus, () => onScreen({ kind: 'screen-locked', isKnown: false })),
      // Most desktops tell logind as well.
      onDown: () => undefined,
      clock,
      signal,
    });
  }
  return { check: async () => undefined, close: () => stopped.abort(new Error('the daemon stops')) };
}

/** macOS has no signal for it: asked on each tick. As of 2026-11 not run on a Mac. */
function watchMacScreen({ listener, locksWithScreen, userId }: ScreenWatchDeps, report: Reporter): ScreenWatch {
  return {
    async check() {
      if (!locksWithScreen) return;
      const { readMacScreen } = await import('../../platform/programs/mac-screen.ts');
      const isLocked = await readMacScreen(userId);
      report(isLocked === undefined ? 'ioreg does not tell whether the screen is locked' : undefined);
      if (isLocked === undefined) return;
      listener.onScreen(isLocked ? { kind: 'screen-locked', isKnown: true } : { kind: 'screen-unlocked' });
    },
    close: () => undefined,
  };
}
