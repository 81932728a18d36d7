// Measures how long no person has acted: with rolecall, or anywhere on the desktop if logind knows it.
import type { Clock } from '../../core/clock.ts';
import { momentOf } from '../../core/moments.ts';

/** What logind says of the person's sessions. */
export interface DesktopIdle {
  readonly isIdle: boolean;
  readonly idleSinceMs?: number | undefined;
}

export interface IdleWatch {
  /** A person has used rolecall. */
  personActs(): void;
  /** Some desktops never set IdleHint, so it counts only once it has been true. Undefined: logind can't be asked. */
  noteDesktop(desktop: DesktopIdle | undefined): void;
  /** How long nobody had acted until now. While the desktop is in use, each call counts as an act. */
  idleMs(): number;
}

export function createIdleWatch(clock: Clock): IdleWatch {
  let lastAct = momentOf(clock);
  let isHintUsed = false;
  let isDesktopInUse = false;

  /** The wall clock counts the time that a laptop sleeps; the other one is not set back. */
  function sinceLastActMs(): number {
    const { wallMs, monotonicMs } = momentOf(clock);
    return Math.max(wallMs - lastAct.wallMs, monotonicMs - lastAct.monotonicMs);
  }

  function actedAgo(agoMs: number): void {
    const { wallMs, monotonicMs } = momentOf(clock);
    if (agoMs <= sinceLastActMs()) lastAct = { wallMs: wallMs - agoMs, monotonicMs: monotonicMs - agoMs };
  }

  return {
    personActs: () => actedAgo(0),
    noteDesktop(desktop) {
      isDesktopInUse = isHintUsed && desktop?.isIdle === false;
      if (isDesktopInUse) actedAgo(0);
      if (desktop?.isIdle !== true) return;
      isHintUsed = true;
      actedAgo(Math.max(0, clock.nowMs() - (desktop.idleSinceMs ?? clock.nowMs())));
    },
    idleMs() {
      const idleMs = sinceLastActMs();
      if (isDesktopInUse) actedAgo(0);
      return idleMs;
    },
  };
}
