// The helper that decides whether a test of a real part runs.
import { expect, test } from 'vitest';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';

test('a part that is there is there', () => {
  expect(systemPart('Node', process.execPath, { ROLECALL_REQUIRE_SYSTEM: '1' })).toBe(true);
});

test('a missing part is skipped, unless the system is required', () => {
  expect(systemPart('nothing', '/nonexistent/program', {})).toBe(false);
  expect(() => systemPart('nothing', '/nonexistent/program', { ROLECALL_REQUIRE_SYSTEM: '1' })).toThrow(
    'nothing is required (ROLECALL_REQUIRE_SYSTEM=1), and is not there: /nonexistent/program',
  );
});

test('a part that is no file is asked for by a check', () => {
  const failing = () => {
    throw new Error('no');
  };
  expect(systemPartByCheck('module', 'boto3', () => {}, {})).toBe(true);
  expect(systemPartByCheck('module', 'boto3', failing, {})).toBe(false);
});
