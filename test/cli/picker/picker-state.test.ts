// What each key does to the query and the selection.
import { describe, expect, test } from 'vitest';
import { parseKeys } from '../../../src/cli/terminal/keys.ts';
import { createPickerState, keepInView, pressKey, type PickerState } from '../../../src/cli/picker/picker-state.ts';

const HEIGHT = 3;
/** Ten roles, of which a digit finds one and anything else none. */
const search = (query: string): readonly number[] => {
  const all = Array.from({ length: 10 }, (_, number) => number);
  return query === '' ? all : all.filter((number) => String(number) === query);
};

/** The state after all that was typed; `ended` is how it ended, if it did. */
function type(input: string, start = createPickerState('', search)) {
  let state: PickerState = start;
  for (const key of parseKeys(input).keys) {
    const next = pressKey(state, key, { height: HEIGHT, search });
    if (typeof next === 'string') return { ended: next, chosen: state.found[state.chosen] };
    state = next;
  }
  const { before, after, chosen, top } = state;
  return { query: `${before}|${after}`, chosen, top };
}

const [UP, DOWN, LEFT, RIGHT] = ['\u001b[A', '\u001b[B', '\u001b[D', '\u001b[C'];
const [PAGE_UP, PAGE_DOWN, HOME, END] = ['\u001b[5~', '\u001b[6~', '\u001b[H', '\u001b[F'];

describe('moving', () => {
  test.each([
    ['down', DOWN, { chosen: 1, top: 0 }],
    ['down past the view', DOWN.repeat(4), { chosen: 4, top: 2 }],
    ['up at the top', UP, { chosen: 0, top: 0 }],
    ['down and up', `${DOWN.repeat(4)}${UP.repeat(3)}`, { chosen: 1, top: 1 }],
    ['a page', PAGE_DOWN, { chosen: 3, top: 1 }],
    ['a page back', `${PAGE_DOWN}${PAGE_DOWN}${PAGE_UP}`, { chosen: 3, top: 3 }],
    ['to the end', END, { chosen: 9, top: 7 }],
    ['past the end', `${END}${DOWN}`, { chosen: 9, top: 7 }],
    ['home', `${END}${HOME}`, { chosen: 0, top: 0 }],
    ['by Ctrl-N and Ctrl-P', '\u000e\u000e\u0010', { chosen: 1, top: 0 }],
  ])('%s', (_, input, expected) => expect(type(input)).toEqual({ query: '|', ...expected }));

  test('a smaller terminal still shows the selection', () => {
    const state = { ...createPickerState('', search), chosen: 9, top: 0 };
    expect(keepInView(state, 4)).toMatchObject({ chosen: 9, top: 6 });
    expect(keepInView({ ...state, chosen: 2, top: 7 }, 20)).toMatchObject({ chosen: 2, top: 0 });
  });
});

describe('the query', () => {
  test.each([
    ['typing', '4', '4|'],
    ['typing amid it', `ac${LEFT}b`, 'ab|c'],
    ['backspace', 'ab\u007f', 'a|'],
    ['backspace on nothing', '\u007f', '|'],
    ['backspace over an emoji of several', 'a👩‍🚀\u007f', 'a|'],
    ['backspace over a letter with its accent', 'ae\u0301\u007f', 'a|'],
    ['delete', `ab${LEFT}\u001b[3~`, 'a|'],
    ['Ctrl-W', 'one two \u0017', 'one |'],
    ['Ctrl-U', `one two${LEFT}\u0015`, '|o'],
    ['Ctrl-A and Ctrl-E', 'ab\u0001c\u0005d', 'cabd|'],
    ['right at the end', `a${RIGHT}`, 'a|'],
  ])('%s', (_, input, query) => expect(type(input)).toMatchObject({ query }));

  test('resets the selection when it changes, but not when it means the same', () => {
    expect(type(`${DOWN}${DOWN}4`)).toEqual({ query: '4|', chosen: 0, top: 0 });
    expect(type(`${DOWN}${DOWN} `)).toEqual({ query: ' |', chosen: 2, top: 0 });
  });
});

test('Enter picks the selection unless nothing matches; Escape cancels; Ctrl-C interrupts', () => {
  expect(type(`${DOWN}\r`)).toEqual({ ended: 'picked', chosen: 1 });
  expect(type('7\r')).toEqual({ ended: 'picked', chosen: 7 });
  expect(type('x\r')).toEqual({ query: 'x|', chosen: 0, top: 0 });
  expect(type('\u0003')).toEqual({ ended: 'interrupted', chosen: 0 });
  expect(type('\u0007')).toEqual({ ended: 'left', chosen: 0 });
});
