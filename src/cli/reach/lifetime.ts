// Reads how long a role is given away: `--for 8h`.
import { UsageError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { MAX_GRANT_SECONDS } from '../profiles/own-grants.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 24 * 3600 };
/** A working day. */
const DEFAULT_LIFETIME = '8h';

/** Seconds. @throws UsageError usage */
export function parseLifetime(text: string = DEFAULT_LIFETIME, hint: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})\s*([smhd])$/u.exec(text.trim()) ?? [];
  const seconds = Number(amount) * (UNIT_SECONDS[unit] ?? Number.NaN);
  if (seconds >= 1 && seconds <= MAX_GRANT_SECONDS) return seconds;
  throw new UsageError('usage', `--for takes 30m, 8h or 2d, and 7d at most, not "${harmless(text)}".`, { hint });
}
