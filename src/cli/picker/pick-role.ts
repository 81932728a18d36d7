// The built-in picker: narrows the roles down as the user types.
import type { Clock } from '../../core/clock.ts';
import type { RoleIndex } from '../../core/search/role-index.js';
import { endOfKeys, parseKeys, type Key } from '../terminal/keys.ts';
import { createPickerState, keepInView, pressKey, type Outcome, type PickerState } from './picker-state.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { RoleColumns } from './role-columns.ts';
import { drawScreen, listHeight, type ScreenParts } from './screen.ts';
import type { PickerTerminal } from '../terminal/terminal.ts';

/** How long to wait for the rest of an escape sequence before it counts as the Escape key. */
const ESCAPE_MS = 40;
const CONTROL_C = '\u0003';

export interface PickerList {
  readonly roles: readonly RoleDocument[];
  readonly columns: RoleColumns;
  readonly index: RoleIndex;
  /** More than `roles.length` when `roles` is only the start of the list. */
  readonly total: number;
}

export interface Picked {
  readonly role: RoleDocument;
  /** The query at the time of the choice. */
  readonly query: string;
}

/**
 * The chosen role, or undefined when the user cancelled; closes `terminal` in any case.
 * With `whole`, `list` is only the start of a list that still loads; typed text is queued until then.
 */
export function pickRole(
  query: string,
  deps: Omit<ScreenParts, keyof PickerList> & {
    readonly list: PickerList;
    readonly whole?: Promise<PickerList>;
    readonly terminal: PickerTerminal;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<Picked | undefined> {
  const { terminal, clock, signal } = deps;
  return new Promise<Picked | undefined>((resolve, reject) => {
    let { list } = deps;
    let held: string | undefined = deps.whole === undefined ? undefined : '';
    const search = (words: string) => list.index.search(words).positions;
    let state: PickerState = createPickerState(query === '' ? '' : `${query} `, search);
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
      const role = outcome === 'picked' ? chosenRole() : undefined;
      const typed = state.before + state.after;
      end(() => resolve(role === undefined ? undefined : { role, query: typed }));
    };
    const chosenRole = () => list.roles[state.found[state.chosen] ?? -1];
    const draw = () => {
      const size = terminal.size();
      state = keepInView(state, listHeight(size));
      terminal.write(drawScreen(state, size, { ...deps, ...list }));
    };
    const press = (keys: readonly Key[]) => {
      for (const key of keys) {
        const next = pressKey(state, key, { height: listHeight(terminal.size()), search });
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
      if (held !== undefined && !text.includes(CONTROL_C)) {
        held += text;
        return;
      }
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
      if (!isOver && list.index.prepare()) setImmediate(prepare);
    };
    const replace = (whole: PickerList) => {
      if (isOver) return;
      const chosen = chosenRole();
      list = whole;
      state = createPickerState(state.before, search);
      // The list may have changed; the selected role stays selected, so Enter picks what the screen showed.
      if (chosen !== undefined) state = { ...state, chosen: Math.max(0, placeOf(chosen, state, list)) };
      draw();
      const typed = held ?? '';
      held = undefined;
      if (typed !== '') onInput(typed);
      prepare();
    };
    if (deps.whole === undefined) setImmediate(prepare);
    else deps.whole.then(replace, (error: unknown) => isOver || end(() => reject(toRolecallError(error))));
  });
}

function placeOf(role: RoleDocument, { found }: PickerState, { roles }: PickerList): number {
  return Array.from(found).findIndex((position) => {
    const other = roles[position];
    return (
      other?.accountId === role.accountId &&
      other.permissionSet === role.permissionSet &&
      other.session === role.session
    );
  });
}
