// Change notifier: producers call `announce`, and subscribers read the new state.

export interface Changes {
  /** Says that something a person may be looking at has changed. Returns at once. */
  announce(): void;
  /** Calls `listener` on each announcement, in the order of subscription. It must not throw. */
  subscribe(listener: () => void): void;
}

export function createChanges(): Changes {
  const listeners: (() => void)[] = [];
  return {
    announce() {
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}
