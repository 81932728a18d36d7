// Which processes are stopped together with a confined command.
import { expect, test } from 'vitest';
import { descendantsOf } from '../../../src/cli/confine/process-tree.ts';

test('finds everything below a process, in any order of their ids, and nothing else', () => {
  const entry = (processId: number, parentId: number) => ({ processId, parentId, state: 'S' });
  const processes = [entry(9, 30), entry(10, 1), entry(20, 10), entry(30, 20), entry(40, 1), entry(50, 10)];
  expect(descendantsOf(10, processes).map(({ processId }) => processId)).toEqual([10, 20, 50, 30, 9]);
  expect(descendantsOf(99, processes)).toEqual([]);
});
