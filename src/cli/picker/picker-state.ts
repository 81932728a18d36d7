// What a key does to the picker: the query, the roles that match it, the chosen one and the part of the list that is in view.
import type { Key } from '../terminal/keys.ts';

export interface PickerState {
  /** The query on both sides of the cursor. */
  readonly before: string;
  readonly after: string;
  /** Positions of roles, best first. */
  readonly found: ArrayLike<number>;
  /** Which of `found` is chosen; 0 when there is none. */
  readonly chosen: number;
  /** The first of `found` that is in view. */
  readonly top: number;
}

export type Outcome = 'picked' | 'left' | 'interrupted';

export function createPickerState(query: string, search: (query: string) => ArrayLike<number>): PickerState {
  return { before: query, after: '', found: search(query.trim()), chosen: 0, top: 0 };
}

/** The state after a key, or how the picker ends. `height` is the number of roles in view. */
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
    // Moving the cursor, or a space at the end, finds the same roles, and the choice stays.
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

/** The same choice within the list, and the list moved as little as it takes to show it. */
export function keepInView(state: PickerState, height: number): PickerState {
  const last = Math.max(0, state.found.length - 1);
  const chosen = Math.min(Math.max(0, state.chosen), last);
  const most = Math.max(0, state.found.length - height);
  const top = Math.min(Math.max(state.top, chosen - height + 1), chosen, most);
  return { ...state, chosen, top: Math.max(0, top) };
}

/** What a person takes for one character: an emoji of several, a letter with its accents. */
function graphemes(text: string): readonly string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

const lastOf = (text: string) => graphemes(text).at(-1) ?? '';
const firstOf = (text: string) => graphemes(text)[0] ?? '';
const withoutLast = (text: string) => text.slice(0, text.length - lastOf(text).length);
