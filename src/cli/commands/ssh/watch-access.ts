// Ends a far host's access at the end of its time, and as soon as the host no longer answers.
import type { Clock } from '../../../core/clock.ts';
import { UnavailableError } from '../../../core/errors.ts';
import { harmless } from '../../../core/text/harmless-text.ts';
import type { SshConnection } from '../../reach/connection.ts';

export type AccessEnd = 'connection' | 'silence' | 'time';

export const REASONS: Readonly<Record<AccessEnd, string>> = {
  connection: 'the connection has ended',
  silence: 'it no longer answers',
  time: 'its time is over',
};

/** Compared with the wall clock in steps of this, because a timer does not run while the machine sleeps. */
const MAX_STEP_MS = 10_000;
/** Between attempts to revoke the grants at a daemon that does not answer. */
const RETRY_MS = 1000;

/**
 * `accessEnded` resolves why, once the grants are revoked; until `stop` is called. While the daemon does not answer, nobody has
 * the role, and it is asked again until it has revoked them: the host may answer again later, on the same connection.
 */
export function watchAccess(
  watched: {
    readonly connection: Pick<SshConnection, 'ended' | 'stopForwarding'> & {
      readonly channel: Pick<SshConnection['channel'], 'end' | 'keepAlive'>;
    };
    /** ISO time. */
    readonly expiresAt: string;
    /** Resolves whether all grants have ended. */
    revoke(): Promise<boolean>;
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
    if (!(await revoke())) void revokeLater(revoke, clock, signal);
    connection.channel.end();
    if (reason === 'silence') watched.removeFiles();
    void connection.stopForwarding();
    return reason;
  });
  return { accessEnded, stop: () => stopping.abort() };
}

async function revokeLater(revoke: () => Promise<boolean>, clock: Clock, signal: AbortSignal): Promise<void> {
  do await clock.sleep(RETRY_MS, signal).catch(() => undefined);
  while (!signal.aborted && !(await revoke()));
}

async function waitUntil(endsAtMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.nowMs() < endsAtMs) {
    await clock.sleep(Math.min(MAX_STEP_MS, endsAtMs - clock.nowMs()), signal).catch(() => undefined);
  }
}

/**
 * `installing`, unless the host loses its access or the person interrupts before: a host may answer and never get ready.
 * @throws UnavailableError host-unusable
 */
export async function untilInstalled<T>(
  installing: Promise<T>,
  { host, accessEnded, signal }: { host: string; accessEnded: Promise<AccessEnd>; signal: AbortSignal },
): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  signal.throwIfAborted();
  const ended = accessEnded.then((reason) => {
    throw new UnavailableError('host-unusable', `${harmless(host)} did not get the role: ${REASONS[reason]}.`, {
      hint: 'rolecall ssh --help',
    });
  });
  return Promise.race([installing, aborted, ended]);
}

/** The terminal sends Ctrl-C to ssh too, and the end of ssh can be noticed first. */
const INTERRUPT_DELAY_MS = 100;

/** Asked when ssh has ended: whether that was Ctrl-C. */
export async function wasInterrupted({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
  if (!signal.aborted) await clock.sleep(INTERRUPT_DELAY_MS, signal).catch(() => undefined);
  return signal.aborted;
}
