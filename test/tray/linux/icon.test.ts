// The drawn icon: sharp at every size, with states that differ in shape and not only in colour.
import { describe, expect, test } from 'vitest';
import { drawIcons } from '../../../src/tray/linux/icon.ts';

const STATES = ['ok', 'ends-soon', 'signed-out', 'problem', 'locked', 'needs-approval'] as const;

/** The icon as text: `#` opaque, `+` edge, `.` transparent. */
function sketch(argb: Uint8Array, size: number): string[] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (__, column) => {
      const alpha = argb[(row * size + column) * 4] ?? 0;
      if (alpha > 200) return '#';
      return alpha > 50 ? '+' : '.';
    }).join(''),
  );
}

describe('the icon', () => {
  test.each(STATES)('for %s has four sizes with transparent bottom corners', (state) => {
    const icons = drawIcons(state);
    expect(icons.map(({ size, argb }) => [size, argb.length])).toEqual(
      [22, 24, 32, 48].map((size) => [size, size * size * 4]),
    );
    for (const { size, argb } of icons) {
      expect([argb[(size - 1) * size * 4], argb[size * size * 4 - 4]]).toEqual([0, 0]);
      expect(argb.some((value, index) => index % 4 === 0 && value === 255)).toBe(true);
    }
  });

  test('has a different shape in each state', () => {
    const shapes = STATES.map((state) => {
      const [icon] = drawIcons(state);
      return icon === undefined ? '' : sketch(icon.argb, icon.size).join('\n');
    });
    expect(new Set(shapes).size).toBe(STATES.length);
  });

  test('is a key', () => {
    const [icon] = drawIcons('ok');
    expect(icon === undefined ? [] : sketch(icon.argb, icon.size).filter((line) => /[#+]/.test(line))).toEqual([
      '.....+++..............',
      '...######+............',
      '..########+...........',
      '.+###++####...........',
      '.###+...###++++++++++.',
      '+###....+############+',
      '+###....+############+',
      '.###+...###+++++#++##+',
      '.+###++####....+#+.+#+',
      '..########+....+#+.+#+',
      '...######+.....+#+.+#+',
      '.....+++...........+#+',
      '....................+.',
    ]);
  });
});
