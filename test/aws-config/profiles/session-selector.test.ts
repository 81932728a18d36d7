// The session selector on a profile's command line: safe in any shell and never ambiguous.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesSessionSelector, sessionSelector } from '../../../src/aws-config/profiles/session-selector.ts';

it('is the name if it is safe, else a stable id', () => {
  expect(
    ['my-sso-session', 'a_b.c@d/e', 'Corp Ü', "it's", '$(id)', '', 'id-0123456789ab'].map(sessionSelector),
  ).toEqual([
    'my-sso-session',
    'a_b.c@d/e',
    'id-84e7d10de975',
    'id-24ceef1cb6b0',
    'id-d7d54e796817',
    'id-e3b0c44298fc',
    'id-1b2c0f822f6a',
  ]);
});

it('matches the session that it was made from, and so does the plain name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const selector = sessionSelector(name);
      expect(selector).toMatch(/^[A-Za-z0-9_.@/-]+$/u);
      expect([matchesSessionSelector(selector, name), matchesSessionSelector(name, name)]).toEqual([true, true]);
      expect(matchesSessionSelector(selector, `${name}x`)).toBe(false);
    }),
  );
});
