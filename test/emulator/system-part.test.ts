// The helper that decides whether a test of a real part runs.
import { expect, test } from 'vitest';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';

test('finds an existing part', () => {
  expect(systemPart('Node', process.execPath, { ROLECALL_REQUIRE_SYSTEM: '1' })).toBe(true);
});

test('skips a missing part unless the system is required', () => {
  expect(systemPart('nothing', '/nonexistent/program', {})).toBe(false);
  expect(() => systemPart('nothing', '/nonexistent/program', { ROLECALL_REQUIRE_SYSTEM: '1' })).toThrow(
    'nothing is required (ROLECALL_REQUIRE_SYSTEM=1), and is not there: /nonexistent/program',
  );
});

test('checks a part that is not a file with a function', () => {
  const failing = () => {
    throw new Error('no');
  };
  expect(systemPartByCheck('module', 'boto3', () => {}, {})).toBe(true);
  expect(systemPartByCheck('module', 'boto3', failing, {})).toBe(false);
});
