// What AWS accepts as the fields of a chained role.
import { expect, test } from 'vitest';
import { roleSessionNameOf } from '../../../src/core/aws/chain-fields.ts';

test.each([
  [undefined, 'rolecall'],
  ['x', 'rolecall'],
  ['taylor', 'taylor'],
  ['taylor@example.com', 'taylor@example.com'],
  ['Zoë van Dam', 'Zo--van-Dam'],
  ['t'.repeat(80), 't'.repeat(64)],
])('the session of %s is called %s', (user, name) => {
  expect(roleSessionNameOf(user)).toBe(name);
});
