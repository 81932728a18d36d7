// Parts that the first answer does without: each is loaded by whoever needs it first, and all of them once the daemon has answered.
import { onceFulfilled } from '../../core/async/once.ts';
import type { Caller } from './caller.ts';
import type { HandledRoute, Handlers } from './surface.ts';

type Handler = (input: unknown, caller: Caller) => Promise<unknown>;

export interface LateLoading {
  /** What `load` gives: loaded by the first call or by `warm`, once; a failed load is tried again by the next call. */
  defer<T>(load: () => Promise<T>): () => Promise<T>;
  /** The handlers of these routes, built by `load` at their first request. */
  deferHandlers<R extends HandledRoute>(names: readonly R[], load: () => Promise<Pick<Handlers, R>>): Pick<Handlers, R>;
  /** Loads what was not needed yet: an upgrade may put other files in the place of ours. */
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
      // One after the other: callers have their turn in between.
      for (const load of loaders) await load();
    },
  };
}
