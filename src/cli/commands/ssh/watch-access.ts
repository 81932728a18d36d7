// Ends a far host's access at the end of its time, and as soon as the host no longer answers.
import type { Clock } from '../../../core/clock.ts';
import type { SshConnection } from '../../reach/connection.ts';

export type AccessEnd = 'connection' | 'silence' | 'time';

export const REASONS: Readonly<Record<AccessEnd, string>> = {
  connection: 'the connection has ended',
  silence: 'it no longer answers',
  time: 'its time is over',
};

/** Compared with the wall clock in steps of this, because a timer does not run while the machine sleeps. */
const MAX_STEP_MS = 10_000;

/** `accessEnded` resolves why, once the grants are revoked; until `stop` is called. */
export function watchAccess(
  watched: {
    readonly connection: SshConnection;
    /** ISO time. */
    readonly expiresAt: string;
    revoke(): Promise<void>;
    /** For a host that still answers, but whose bootstrap does not. */
    removeFiles(): void;
  },
  { clock }: { readonly clock: Clock },
): { readonly accessEnded: Promise<AccessEnd>; stop(): void } {
  const { connection, revoke } = watched;
  const stopping = new AbortController();
  const { signal } = stopping;
  const accessEnded = Promise.race([
    connection.ended.then((): AccessEnd => 'connection'),
    connection.channel.keepAlive(signal).then((): AccessEnd => 'silence'),
    waitUntil(Date.parse(watched.expiresAt), clock, signal).then((): AccessEnd => 'time'),
  ]).then(async (reason) => {
    if (signal.aborted) return new Promise<AccessEnd>(() => undefined);
    await revoke();
    connection.channel.end();
    if (reason === 'silence') watched.removeFiles();
    return reason;
  });
  return { accessEnded, stop: () => stopping.abort() };
}

async function waitUntil(endsAtMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.nowMs() < endsAtMs) {
    await clock.sleep(Math.min(MAX_STEP_MS, endsAtMs - clock.nowMs()), signal).catch(() => undefined);
  }
}

/** The terminal sends Ctrl-C to ssh too, and the end of ssh can be noticed first. */
const INTERRUPT_DELAY_MS = 100;

/** Asked when ssh has ended: whether that was Ctrl-C. */
export async function wasInterrupted({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
  if (!signal.aborted) await clock.sleep(INTERRUPT_DELAY_MS, signal).catch(() => undefined);
  return signal.aborted;
}
