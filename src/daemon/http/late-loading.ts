// Parts that the first answer does without: each is loaded by whoever needs it first, and all of them once the daemon has answered.
import type { CallableRouteName } from '../../local-api/routes.ts';
import type { Caller } from './caller.ts';
import type { Responders } from './surface.ts';

type Responder = (input: unknown, caller: Caller) => Promise<unknown>;

export interface LateLoading {
  /** What `load` gives: loaded by the first call or by `warm`, once; a failed load is tried again by the next call. */
  defer<T>(load: () => Promise<T>): () => Promise<T>;
  /** The responders of these routes, built by `load` at their first request. */
  deferResponders<R extends CallableRouteName>(
    names: readonly R[],
    load: () => Promise<Pick<Responders, R>>,
  ): Pick<Responders, R>;
  /** Loads what was not needed yet: an upgrade may put other files in the place of ours. */
  warm(): Promise<void>;
}

export function createLateLoading(): LateLoading {
  const loaders: (() => Promise<unknown>)[] = [];

  function defer<T>(load: () => Promise<T>): () => Promise<T> {
    let loading: Promise<T> | undefined;
    async function get(): Promise<T> {
      try {
        return await (loading ??= load());
      } catch (error) {
        loading = undefined;
        throw error;
      }
    }
    loaders.push(get);
    return get;
  }

  return {
    defer,
    deferResponders<R extends CallableRouteName>(names: readonly R[], load: () => Promise<Pick<Responders, R>>) {
      const get = defer(load);
      const answer =
        (name: R): Responder =>
        async (input, caller) =>
          ((await get())[name] as Responder)(input, caller);
      return Object.fromEntries(names.map((name) => [name, answer(name)])) as Pick<Responders, R>;
    },
    async warm() {
      // One after the other: callers have their turn in between.
      for (const load of loaders) await load();
    },
  };
}
