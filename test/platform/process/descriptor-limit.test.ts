// How many descriptors a process has, by the text of /proc/self/limits.
import { expect, test } from 'vitest';
import { readDescriptorLimit } from '../../../src/platform/process/descriptor-limit.ts';

test('reads the soft limit, and assumes a low one if there is no table', () => {
  const table = `Limit                     Soft Limit           Hard Limit           Units
Max processes             95943                95943                processes
Max open files            20000                524288               files
Max locked memory         8388608              8388608              bytes
`;
  expect(readDescriptorLimit(() => table)).toBe(20_000);
  expect(readDescriptorLimit(() => table.replace('20000', 'unlimited'))).toBe(1024);
  expect(
    readDescriptorLimit(() => {
      throw new Error('ENOENT');
    }),
  ).toBe(1024);
});
