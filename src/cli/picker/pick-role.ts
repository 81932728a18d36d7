// The built-in picker: a person narrows the roles down by typing and takes one.
import type { Clock } from '../../core/clock.ts';
import { endOfKeys, parseKeys, type Key } from './keys.ts';
import { createPickerState, keepInView, pressKey, type Outcome, type PickerState } from './picker-state.ts';
import type { RoleIndex } from './rank-roles.ts';
import { drawScreen, listHeight, type ScreenParts } from './screen.ts';
import type { PickerTerminal } from './terminal.ts';

/** A terminal sends the rest of a key at once; Escape alone is followed by nothing. */
const ESCAPE_MS = 40;

/** The position of the role that was picked, or undefined when the person left; `terminal` is closed in any case. */
export function pickRole(
  query: string,
  deps: ScreenParts & {
    readonly index: RoleIndex;
    readonly terminal: PickerTerminal;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<number | undefined> {
  const { terminal, index, clock, signal } = deps;
  return new Promise<number | undefined>((resolve, reject) => {
    let state: PickerState = createPickerState(query === '' ? '' : `${query} `, index.search);
    let unread = '';
    let chunks = 0;
    let isOver = false;

    const end = (settle: () => void) => {
      chunks += 1;
      isOver = true;
      signal.removeEventListener('abort', onAbort);
      terminal.close();
      settle();
    };
    const onAbort = () => end(() => reject(signal.reason as Error));
    const finish = (outcome: Outcome) => {
      const picked = outcome === 'picked' ? state.found[state.chosen] : undefined;
      end(() => resolve(picked));
    };
    const draw = () => {
      const size = terminal.size();
      state = keepInView(state, listHeight(size));
      terminal.write(drawScreen(state, size, deps));
    };
    const press = (keys: readonly Key[]) => {
      for (const key of keys) {
        const next = pressKey(state, key, { height: listHeight(terminal.size()), search: index.search });
        if (typeof next === 'string') {
          finish(next);
          return;
        }
        state = next;
      }
      draw();
    };
    const onInput = (text: string) => {
      chunks += 1;
      const { keys, rest } = parseKeys(unread + text);
      unread = rest;
      press(keys);
      if (rest === '') return;
      const chunk = chunks;
      void clock.sleep(ESCAPE_MS, signal).then(
        () => {
          if (chunk !== chunks) return;
          unread = '';
          press(endOfKeys(rest));
        },
        () => undefined,
      );
    };

    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    draw();
    terminal.listen({ onInput, onResize: draw });
    const prepare = () => {
      if (!isOver && index.prepare()) setImmediate(prepare);
    };
    setImmediate(prepare);
  });
}
