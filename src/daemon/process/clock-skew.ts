// The problem `clock-skew`: this machine's clock differs from AWS's, as the daemon learns from AWS's answers.
import { describeClockSkew } from '../../core/aws/clock-skew.ts';
import type { Problems } from '../../core/problems.ts';
import type { ServerClock } from '../../core/server-clock.ts';

export interface ClockSkew {
  /** For each answer of AWS's: its Date, and how long it took. */
  observe(serverTimeMs: number, durationMs: number): void;
  /** Looks at the wall clock, which may have been set since the last answer. */
  check(): void;
}

export function createClockSkew(deps: {
  readonly serverClock: ServerClock;
  readonly problems: Problems;
  readonly platform: NodeJS.Platform;
}): ClockSkew {
  const { serverClock, problems } = deps;

  function check(): void {
    const aheadMs = serverClock.aheadMs();
    const skew = aheadMs === undefined ? undefined : describeClockSkew(aheadMs, deps.platform);
    if (skew === undefined) problems.clear('clock');
    else problems.raise('clock', { code: 'clock-skew', message: skew.message, hint: skew.command });
  }

  return {
    check,
    observe(serverTimeMs, durationMs) {
      serverClock.observe(serverTimeMs, durationMs);
      check();
    },
  };
}
