// Parses terminal input into keys.

export type Key =
  | { readonly name: 'text'; readonly text: string }
  | {
      readonly name:
        | 'enter'
        | 'escape'
        | 'interrupt'
        | 'up'
        | 'down'
        | 'left'
        | 'right'
        | 'page-up'
        | 'page-down'
        | 'home'
        | 'end'
        | 'line-start'
        | 'line-end'
        | 'backspace'
        | 'delete'
        | 'erase-word'
        | 'erase-line'
        | 'redraw'
        | 'other';
    };

type NamedKey = Exclude<Key['name'], 'text'>;

const CONTROLS: Readonly<Record<string, NamedKey>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u0001': 'line-start',
  '\u0002': 'left',
  '\u0003': 'interrupt',
  '\u0004': 'delete',
  '\u0005': 'line-end',
  '\u0006': 'right',
  '\u0007': 'escape',
  '\u0008': 'backspace',
  '\u000b': 'up',
  '\u000c': 'redraw',
  '\u000e': 'down',
  '\u0010': 'up',
  '\u0015': 'erase-line',
  '\u0017': 'erase-word',
  '\u007f': 'backspace',
};

/** Keys by what follows `ESC [` or `ESC O`; modifiers are ignored. */
const SEQUENCES: Readonly<Record<string, NamedKey>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '5~': 'page-up',
  '6~': 'page-down',
  '7~': 'home',
  '8~': 'end',
};

const PASTE = '\u001b[200~';
const PASTE_END = '\u001b[201~';

/** The keys in `input`, and the incomplete key at its end. */
export function parseKeys(input: string): { readonly keys: readonly Key[]; readonly rest: string } {
  const keys: Key[] = [];
  let left = input;
  while (left !== '') {
    if (left.startsWith(PASTE)) {
      const end = left.indexOf(PASTE_END);
      if (end < 0) return { keys, rest: left };
      keys.push({ name: 'text', text: toOneLine(left.slice(PASTE.length, end)) });
      left = left.slice(end + PASTE_END.length);
      continue;
    }
    if (left.startsWith('\u001b')) {
      const sequence = /^\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z])/u.exec(left)?.[0];
      if (sequence === undefined) {
        if (/^\u001b(?:$|\[[0-9;?]*[ -/]*$|O$)/u.test(left)) return { keys, rest: left };
        // Escape before another key means Alt, which has no function here.
        keys.push({ name: 'other' });
        left = left.slice((left.codePointAt(1) ?? 0) > 0xffff ? 3 : 2);
        continue;
      }
      const code = sequence
        .slice(2)
        .replace(/^(\d*)(?:;\d+)*(.)$/u, (_, number: string, last: string) => (last === '~' ? `${number}~` : last));
      keys.push({ name: SEQUENCES[code] ?? 'other' });
      left = left.slice(sequence.length);
      continue;
    }
    const text = /^[^\u0000-\u001f\u007f-\u009f]+/u.exec(left)?.[0];
    if (text === undefined) {
      keys.push({ name: CONTROLS[left.charAt(0)] ?? 'other' });
      left = left.slice(1);
    } else {
      keys.push({ name: 'text', text });
      left = left.slice(text.length);
    }
  }
  return { keys, rest: '' };
}

/** The key that `rest` of `parseKeys` stands for when nothing follows: Escape itself. */
export function endOfKeys(rest: string): readonly Key[] {
  return rest === '' ? [] : [{ name: rest === '\u001b' ? 'escape' : 'other' }];
}

function toOneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu, ' ').trim();
}
