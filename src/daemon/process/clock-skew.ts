// Raises the problem `clock-skew` if this machine's clock differs from AWS's, as measured from AWS's answers.
import { describeClockSkew } from '../../core/aws/clock-skew.ts';
import type { Problems } from '../../core/problems.ts';
import type { ServerClock } from '../../core/clock.ts';

export interface ClockSkew {
  /** Called for each answer of AWS with its Date and its duration. */
  observe(serverTimeMs: number, durationMs: number): void;
  /** Compares again: the wall clock may have been set since the last answer. */
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
