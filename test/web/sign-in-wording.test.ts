// What the card of a session says about a sign-in, with a code and without.
import { expect, test } from 'vitest';
import { describeOutcome, offersCode, offersRenewal, signInButton } from '../../src/web/sessions/sign-in-wording.js';

const OUT = { state: 'signed-out' } as const;
const PENDING = { state: 'pending' } as const;
const LIVE = { state: 'live' } as const;

test('the button shows the code, or opens the page of a sign-in without one', () => {
  expect(signInButton(OUT, undefined)).toEqual(['Sign in', 'to']);
  expect(signInButton(PENDING, { state: 'pending', flow: 'device', userCode: 'KQTB-XWHD' })).toEqual([
    'Show code',
    'for',
  ]);
  expect(signInButton(PENDING, { state: 'pending', flow: 'pkce' })).toEqual(['Open page', 'for']);
  expect(signInButton(OUT, { state: 'expired', flow: 'pkce' })).toEqual(['Sign in', 'to']);
  expect(signInButton(LIVE, { state: 'approved', flow: 'pkce' })).toEqual(['Sign out', 'of']);
});

test('says how a sign-in failed, until the session is live', () => {
  expect(describeOutcome(OUT, { state: 'expired', flow: 'pkce' })).toBe('The sign-in was not approved in time.');
  expect(describeOutcome(OUT, { state: 'denied' })).toBe('The sign-in was denied on the page.');
  expect(describeOutcome(LIVE, { state: 'expired' })).toBe('');
  expect(describeOutcome(OUT, { state: 'approved' })).toBe('');
});

test('cuts the text of an error between characters, and makes it harmless', () => {
  const describe = (message: string) =>
    describeOutcome(OUT, { state: 'expired', error: { code: 'unusable-response', message, hint: 'rolecall login' } });
  expect(describe('a\u202eb\n<b>')).toBe('a\ufffdb\ufffd<b>');
  expect(describe('\u{1f600}'.repeat(160))).toBe('\u{1f600}'.repeat(160));
  expect(describe('\u{1f600}'.repeat(161))).toBe(`${'\u{1f600}'.repeat(159)}…`);
});

test('offers a code when the browser did not come back, and not when the user has denied it', () => {
  expect(offersCode(OUT, { state: 'expired', flow: 'pkce' })).toBe(true);
  for (const [session, signIn] of [
    [OUT, undefined],
    [OUT, { state: 'denied', flow: 'pkce' }],
    [OUT, { state: 'expired', flow: 'device' }],
    [PENDING, { state: 'expired', flow: 'pkce' }],
    [LIVE, { state: 'expired', flow: 'pkce' }],
  ] as const) {
    expect(offersCode(session, signIn)).toBe(false);
  }
});

test('offers a renewal while the daemon says so, and no sign-in is pending', () => {
  expect(offersRenewal({ ...LIVE, renewal: 'due' }, undefined)).toBe(true);
  expect(offersRenewal({ ...LIVE, renewal: 'offered' }, { state: 'approved' })).toBe(true);
  expect(offersRenewal({ ...LIVE, renewal: 'due' }, { state: 'pending' })).toBe(false);
  expect(offersRenewal(LIVE, undefined)).toBe(false);
});
