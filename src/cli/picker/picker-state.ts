// The state of the picker (query, matching roles, selection, scroll position) and how each key changes it.
import type { Key } from '../terminal/keys.ts';

export interface PickerState {
  /** The query on both sides of the cursor. */
  readonly before: string;
  readonly after: string;
  /** Positions of roles, best first. */
  readonly found: ArrayLike<number>;
  /** The selected index of `found`; 0 when `found` is empty. */
  readonly chosen: number;
  /** The index of the first visible entry of `found`. */
  readonly top: number;
}

export type Outcome = 'picked' | 'left' | 'interrupted';

export function createPickerState(query: string, search: (query: string) => ArrayLike<number>): PickerState {
  return { before: query, after: '', found: search(query.trim()), chosen: 0, top: 0 };
}

/** The state after a key, or how the picker ends. `height` is the number of visible roles. */
export function pressKey(
  state: PickerState,
  key: Key,
  surroundings: { readonly height: number; readonly search: (query: string) => ArrayLike<number> },
): PickerState | Outcome {
  const { height } = surroundings;
  const { before, after, chosen, found } = state;
  const moveTo = (place: number) => keepInView({ ...state, chosen: place }, height);
  const edit = (newBefore: string, newAfter = after): PickerState => {
    const query = newBefore + newAfter;
    // Moving the cursor or adding a trailing space does not change the results, so the selection stays.
    if (query.trim() === (before + after).trim()) return { ...state, before: newBefore, after: newAfter };
    return { before: newBefore, after: newAfter, found: surroundings.search(query.trim()), chosen: 0, top: 0 };
  };
  switch (key.name) {
    case 'interrupt':
      return 'interrupted';
    case 'escape':
      return 'left';
    case 'enter':
      return found.length === 0 ? state : 'picked';
    case 'text':
      return edit(before + key.text);
    case 'up':
      return moveTo(chosen - 1);
    case 'down':
      return moveTo(chosen + 1);
    case 'page-up':
      return moveTo(chosen - height);
    case 'page-down':
      return moveTo(chosen + height);
    case 'home':
      return moveTo(0);
    case 'end':
      return moveTo(found.length - 1);
    case 'left':
      return edit(withoutLast(before), lastOf(before) + after);
    case 'right':
      return edit(before + firstOf(after), after.slice(firstOf(after).length));
    case 'line-start':
      return edit('', before + after);
    case 'line-end':
      return edit(before + after, '');
    case 'backspace':
      return edit(withoutLast(before));
    case 'delete':
      return edit(before, after.slice(firstOf(after).length));
    case 'erase-word':
      return edit(before.replace(/\S+\s*$|\s+$/u, ''));
    case 'erase-line':
      return edit('');
    default:
      return state;
  }
}

/** Limits the selection to the list, and scrolls just enough to show it. */
export function keepInView(state: PickerState, height: number): PickerState {
  const last = Math.max(0, state.found.length - 1);
  const chosen = Math.min(Math.max(0, state.chosen), last);
  const maxTop = Math.max(0, state.found.length - height);
  const top = Math.min(Math.max(state.top, chosen - height + 1), chosen, maxTop);
  return { ...state, chosen, top: Math.max(0, top) };
}

/** Characters as users see them: an emoji made of several code points, a letter with its accents. */
function graphemes(text: string): readonly string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

const lastOf = (text: string) => graphemes(text).at(-1) ?? '';
const firstOf = (text: string) => graphemes(text)[0] ?? '';
const withoutLast = (text: string) => text.slice(0, text.length - lastOf(text).length);
