// Keeps a connection to a bus: connects again, with growing pauses, when it is lost.
import type { Clock } from '../../core/clock.ts';
import { connectToBus, type BusConnection } from './bus-connection.ts';

const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/** Calls `use` with each new connection, and `onDown` each time that there is none. Resolves once `signal` aborts. */
export async function keepConnected(deps: {
  readonly socketPath: () => string | undefined;
  readonly use: (bus: BusConnection) => Promise<void>;
  readonly onDown: (reason: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { clock, signal } = deps;
  let pauseMs = MIN_PAUSE_MS;
  while (!signal.aborted) {
    try {
      await useOnce(deps, () => (pauseMs = MIN_PAUSE_MS));
      if (signal.aborted) return;
      deps.onDown('the connection was lost');
    } catch (error) {
      deps.onDown((error as Error).message);
    }
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
  }
}

/** Resolves when the connection has ended. */
async function useOnce(
  { socketPath, use, signal }: Parameters<typeof keepConnected>[0],
  onUsed: () => void,
): Promise<void> {
  const path = socketPath();
  if (path === undefined) throw new Error('there is no bus');
  const bus = await connectToBus(path);
  const close = () => bus.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) return;
    await use(bus);
    onUsed();
    await bus.closed;
  } finally {
    signal.removeEventListener('abort', close);
    bus.close();
  }
}
