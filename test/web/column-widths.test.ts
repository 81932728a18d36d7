// The widths of the grid's columns: the profile gives way first, then what has the most room.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divideColumns } from '../../src/web/grid/column-widths.js';

describe('the columns of the grid', () => {
  test.each([
    ['get what they need, and share what is left', 900, { name: 200, set: 150, profile: 250 }, [300, 250, 350]],
    ['cut the profile first', 600, { name: 200, set: 150, profile: 400 }, [200, 150, 250]],
    ['leave out a profile of which little would be left', 500, { name: 200, set: 150, profile: 400 }, [275, 225, 0]],
    ['cut the name where the permission set is short', 400, { name: 350, set: 100, profile: 400 }, [300, 100, 0]],
    ['cut the permission set where the name is short', 400, { name: 100, set: 350, profile: 400 }, [100, 300, 0]],
    ['cut both alike where both are long', 400, { name: 300, set: 350, profile: 400 }, [200, 200, 0]],
  ])('%s', (_what, room, needs, [name, set, profile]) => {
    expect(divideColumns(room, needs, 0)).toEqual({ name, set, profile });
  });

  test('keep room for the badge of the current role before they share the rest', () => {
    const needs = { name: 200, set: 150, profile: 160 };
    expect(divideColumns(400, needs, 72)).toEqual({ name: 200, set: 200, profile: 0 });
    expect(divideColumns(442, needs, 72)).toEqual({ name: 210, set: 232, profile: 0 });
    expect(divideColumns(612, needs, 72)).toEqual({ name: 210, set: 232, profile: 170 });
  });

  test('never take more than there is, and cut neither name nor permission set while the other has room to spare', () => {
    const width = fc.integer({ min: 0, max: 900 });
    fc.assert(
      fc.property(width, fc.record({ name: width, set: width, profile: width }), width, (room, needs, badge) => {
        const { name, set, profile } = divideColumns(room, needs, badge);
        expect(name + set + profile).toBeLessThanOrEqual(room + 0.001);
        if (name >= needs.name - 0.001 && set >= needs.set - 0.001) return;
        const hasSpare = name > needs.name + 0.001 || set > needs.set + 0.001;
        expect({ profile, hasSpare }).toEqual({ profile: 0, hasSpare: false });
      }),
    );
  });
});
