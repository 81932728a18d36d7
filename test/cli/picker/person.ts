// A person at the picker, who types when the screen shows something.
import type { PickerTerminal, Size } from '../../../src/cli/terminal/terminal.ts';
import { createWrittenScreen } from './written-screen.ts';

/** A person who types each of `inputs` once the screen shows what is beside it. */
export function createPerson(
  inputs: readonly (readonly [shown: RegExp, input: string])[],
  size: Size = { columns: 100, rows: 10 },
) {
  const screen = createWrittenScreen(size.rows);
  const left = [...inputs];
  const state = { isOpen: 0, closed: 0, screens: [] as string[] };
  let onInput: ((text: string) => void) | undefined;
  const act = () => {
    const shown = screen.lines().join('\n');
    const [pattern, input] = left[0] ?? [];
    if (onInput === undefined || pattern === undefined || input === undefined || !pattern.test(shown)) return;
    left.shift();
    state.screens.push(shown);
    onInput(input);
  };
  const terminal: PickerTerminal = {
    size: () => size,
    write(text) {
      screen.write(text);
      setImmediate(act);
    },
    listen(listeners) {
      state.isOpen += 1;
      ({ onInput } = listeners);
      setImmediate(act);
    },
    close() {
      state.closed += 1;
      onInput = undefined;
    },
  };
  return { state, openPickerTerminal: async () => terminal };
}
