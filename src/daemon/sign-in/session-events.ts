// Notifies other parts of the daemon when a sign-in is approved, denied or expires, and when a session is signed out.
import type { SsoSession } from '../../core/model.ts';
import type { SurfaceName } from '../../local-api/routes.ts';

/** Called in the order of subscription. */
export interface SessionListener {
  /** A person approved a sign-in: its token is in use, but perhaps not stored yet. */
  signedIn?(session: SsoSession): void;
  /** A person denied a sign-in. */
  denied?(session: SsoSession): void;
  /** Nobody answered a sign-in before its code expired. */
  expired?(session: SsoSession): void;
  /** The session is no longer served. The sign-out waits for the promise, and fails when it rejects. */
  signedOut?(session: SsoSession, by: SurfaceName): Promise<void> | void;
}

export interface SessionEvents {
  subscribe(listener: SessionListener): void;
  signedIn(session: SsoSession): void;
  denied(session: SsoSession): void;
  expired(session: SsoSession): void;
  /** Calls every listener before it returns; resolves when all have finished. */
  signedOut(session: SsoSession, by: SurfaceName): Promise<void>;
}

export function createSessionEvents(): SessionEvents {
  const listeners: SessionListener[] = [];
  return {
    subscribe: (listener) => void listeners.push(listener),
    signedIn(session) {
      for (const listener of listeners) listener.signedIn?.(session);
    },
    denied(session) {
      for (const listener of listeners) listener.denied?.(session);
    },
    expired(session) {
      for (const listener of listeners) listener.expired?.(session);
    },
    async signedOut(session, by) {
      await Promise.all(listeners.map(async (listener) => listener.signedOut?.(session, by)));
    },
  };
}
