// What the page says of a lock: since when, why, and what it withholds.
import { expect, test } from 'vitest';
import { describeLock } from '../../src/web/lock/lock-view.js';
import { NOW_MS } from '../helpers/documents.ts';

const LOCK = { isLocked: true, since: '2026-11-24T07:30:00Z', reason: 'screen', scope: 'all' } as const;

test('says since when and why it is locked, and what programs get', () => {
  expect(describeLock(LOCK, NOW_MS)).toMatch(
    /^Locked since \d\d:\d\d because the screen was locked\. Programs get no credentials until you unlock\.$/,
  );
  expect(describeLock({ ...LOCK, since: null, reason: 'command', scope: 'protected' }, NOW_MS)).toBe(
    'Locked. Programs get credentials of other roles, and none of protected ones until you unlock.',
  );
  const reasons = (['idle', 'sleep', null] as const).map((reason) => describeLock({ ...LOCK, reason }, NOW_MS));
  expect(reasons.map((text) => text.slice('Locked since 00:30'.length).split('.')[0])).toEqual([
    ' because nobody was active',
    ' because the machine slept',
    '',
  ]);
});
