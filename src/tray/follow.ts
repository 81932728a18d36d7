// Keeps a view of the daemon up to date from its events, and fetches longer lists when they have changed.
import type { Clock } from '../core/clock.ts';
import { toRolecallError } from '../core/errors.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import { applyEvent, type HeardEvent } from '../local-api/events.ts';
import type { SignInDocument, StatusDocument } from '../local-api/schemas.ts';
import type { TrayView } from './tray-view.ts';

export type ShowChange = (change: (view: TrayView) => TrayView) => void;

/** Delay before a lost daemon is shown, so that a restart does not make the icon flicker. */
const GONE_AFTER_MS = 1500;
/** Delay after a refusal, for example because of too many listeners. */
const RETRY_MS = 5000;

/** Calls `show` for every change until `signal` aborts; never rejects, and never starts a daemon. */
export async function followDaemon(
  deps: {
    readonly client: LocalApiClient;
    readonly readEvents: (signal: AbortSignal) => AsyncIterable<HeardEvent>;
    readonly clock: Clock;
  },
  show: ShowChange,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const follower = createFollower(deps, show, signal);
    try {
      for await (const event of deps.readEvents(signal)) follower.hear(event);
    } catch (error) {
      show((view) => ({ ...view, notice: toRolecallError(error).toBody() }));
    } finally {
      follower.end();
    }
    await deps.clock.sleep(RETRY_MS, signal).catch(() => undefined);
  }
}

function createFollower(
  { client, clock }: { readonly client: LocalApiClient; readonly clock: Clock },
  show: ShowChange,
  signal: AbortSignal,
) {
  let status: StatusDocument | undefined;
  let absence = new AbortController();
  let isLoading = false;
  let isStale = false;

  /** One request at a time; a change meanwhile triggers another one afterwards. */
  async function loadRoles(): Promise<void> {
    isStale = true;
    if (isLoading) return;
    isLoading = true;
    while (isStale && !signal.aborted) {
      isStale = false;
      try {
        const roles = await client.call('roles', { query: { first: true } }, { autostart: false, signal });
        show((view) => ({ ...view, roles }));
      } catch {
        // The next event triggers another request.
      }
    }
    isLoading = false;
  }

  /** Loads the codes of sign-ins that were pending before this process connected. */
  async function loadSignIns({ sessions }: StatusDocument): Promise<void> {
    for (const { session, state } of sessions) {
      if (state !== 'pending') continue;
      const signIn = await client.call('signIn', { session }, { autostart: false, signal }).catch(() => null);
      if (signIn !== null) show((view) => withSignIn(view, session, signIn));
    }
  }

  async function tellAbsence(): Promise<void> {
    const returned = absence.signal;
    await clock.sleep(GONE_AFTER_MS, AbortSignal.any([returned, signal])).catch(() => undefined);
    if (returned.aborted || signal.aborted) return;
    show((view) => ({ ...view, status: undefined, signIns: {}, approvals: [] }));
  }

  return {
    hear(event: HeardEvent): void {
      if (event.type === 'disconnected') {
        absence = new AbortController();
        void tellAbsence();
        return;
      }
      absence.abort();
      status = applyEvent(status, event);
      if (event.type === 'hello') {
        // The event that follows has the pending approvals.
        show((view) => ({ ...view, status, signIns: {}, approvals: [] }));
        void loadSignIns(event.data.status);
        void loadRoles();
      } else if (event.type === 'sign-in') {
        show((view) => withSignIn(view, event.data.session, event.data.signIn));
      } else if (event.type === 'approvals') {
        const { approvals } = event.data;
        show((view) => ({ ...view, status, approvals }));
      } else if (event.type === 'roles') {
        void loadRoles();
      } else {
        show((view) => ({ ...view, status }));
      }
    },
    end: () => absence.abort(),
  };
}

function withSignIn(view: TrayView, session: string, signIn: SignInDocument | null): TrayView {
  const others = Object.entries(view.signIns).filter(([name]) => name !== session);
  const pending = signIn?.state === 'pending' ? [[session, signIn] as const] : [];
  return { ...view, signIns: Object.fromEntries([...others, ...pending]) };
}
