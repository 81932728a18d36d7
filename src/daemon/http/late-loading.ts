// Loads modules that the first answer does not need: each on first use, and the rest once the daemon has answered.
import { onceFulfilled } from '../../core/async/once.ts';
import type { Caller } from './caller.ts';
import type { HandledRoute, Handlers } from './surface.ts';

type Handler = (input: unknown, caller: Caller) => Promise<unknown>;

export interface LateLoading {
  /** Calls `load` once, on the first call or on `warm`. The next call repeats a failed load. */
  defer<T>(load: () => Promise<T>): () => Promise<T>;
  /** Handlers of these routes, which `load` builds on their first request. */
  deferHandlers<R extends HandledRoute>(names: readonly R[], load: () => Promise<Pick<Handlers, R>>): Pick<Handlers, R>;
  /** Loads everything that was not needed so far, before an upgrade replaces our files. */
  warm(): Promise<void>;
}

export function createLateLoading(): LateLoading {
  const loaders: (() => Promise<unknown>)[] = [];

  function defer<T>(load: () => Promise<T>): () => Promise<T> {
    const get = onceFulfilled(load);
    loaders.push(get);
    return get;
  }

  return {
    defer,
    deferHandlers<R extends HandledRoute>(names: readonly R[], load: () => Promise<Pick<Handlers, R>>) {
      const get = defer(load);
      const answer =
        (name: R): Handler =>
        async (input, caller) =>
          ((await get())[name] as Handler)(input, caller);
      return Object.fromEntries(names.map((name) => [name, answer(name)])) as Pick<Handlers, R>;
    },
    async warm() {
      // One at a time, so that requests are answered in between.
      for (const load of loaders) await load();
    },
  };
}
