// A bell: whoever changes what others show rings it, and does not need to know who they are.

export interface Changes {
  /** Something that a person may be looking at is another now. Returns at once. */
  announce(): void;
  /** `listener` is called at each announcement, in its turn; it must not throw. */
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
