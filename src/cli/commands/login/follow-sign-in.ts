// Tells when to ask the daemon about a sign-in again: when an event announces a change, and without events at intervals.
import type { DaemonAccess, Places } from '../../context.ts';
import type { Clock } from '../../../core/clock.ts';

type Context = Pick<DaemonAccess, 'signal'> & Pick<Places, 'paths'> & { readonly clock: Clock };

export interface SignInFollower {
  /**
   * Waits until the sign-in may have changed, but not longer than `maxMs`. True if it is time to ask the daemon.
   * @throws the reason of the context's signal, when that is aborted
   */
  next(maxMs: number): Promise<boolean>;
  /** Makes the current or next `next` say that it is time. */
  wake(): void;
  /** Ends the event stream. */
  close(): void;
}

/** Without events: the daemon is starting, or has too many listeners. */
const POLL_MS = 200;
/** With events: a stream may be dead for 45 s before that is noticed. */
const CHECK_MS = 5000;
/** Pause before the stream is opened again after the daemon has refused it. */
const REOPEN_MS = 5000;

/** Opens the event stream at the first call of `next`. */
export function followSignIn(session: string, context: Context): SignInFollower {
  const { clock } = context;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  let isStarted = false;
  let isListening = false;
  let hasNews = false;
  let unaskedMs = 0;
  let endPause = (): void => undefined;

  function announce(): void {
    hasNews = true;
    endPause();
  }

  async function readOnce(): Promise<void> {
    const { readEvents } = await import('../../../local-api/events.ts');
    const { socketCandidates } = context.paths;
    for await (const event of readEvents({ socketCandidates, clock, signal })) {
      isListening = event.type !== 'disconnected';
      // What happened before the stream was open has sent no event to it.
      const isOpened = event.type === 'hello' || event.type === 'connected';
      if (isOpened || (event.type === 'sign-in' && event.data.session === session)) announce();
    }
  }

  async function listen(): Promise<void> {
    while (!signal.aborted) {
      // Without events `next` asks more often.
      await readOnce().catch(() => undefined);
      isListening = false;
      await clock.sleep(REOPEN_MS, signal).catch(() => undefined);
    }
  }

  return {
    async next(maxMs) {
      if (!isStarted) void listen();
      isStarted = true;
      if (!hasNews) {
        const pauseMs = isListening ? maxMs : Math.min(maxMs, POLL_MS);
        const pause = new AbortController();
        endPause = () => pause.abort(new Error('an event has come'));
        await clock.sleep(pauseMs, AbortSignal.any([context.signal, pause.signal])).catch(() => undefined);
        unaskedMs += pauseMs;
      }
      context.signal.throwIfAborted();
      if (!hasNews && unaskedMs < (isListening ? CHECK_MS : POLL_MS)) return false;
      hasNews = false;
      unaskedMs = 0;
      return true;
    },
    wake: announce,
    close: () => over.abort(new Error('nobody waits for the sign-in any more')),
  };
}
