// The page's words: those that the terminal has too are the same words.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless } from '../../src/cli/terminal/render.ts';
import { formatDuration, formatMoment } from '../../src/core/text/format-duration.ts';
import { quoteForShell } from '../../src/core/text/quote-for-shell.ts';
import * as page from '../../src/web/frame/wording.js';
import { aChain, aRole } from '../helpers/documents.ts';
import type { SessionStatusDocument } from '../../src/local-api/schemas.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const MINUTE_MS = 60_000;

function session(changes: Partial<SessionStatusDocument>): SessionStatusDocument {
  return {
    session: 'work',
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    state: 'live',
    catalog: null,
    listing: null,
    tokenFileProfiles: [],
    ...changes,
  };
}
const at = (ms: number) => new Date(NOW_MS + ms).toISOString();

describe('a chained role', () => {
  const role = aChain({}, { cappedFrom: 8 * 3600, policy: true });

  test('is named by its role and source, as in the terminal', () => {
    expect([page.roleTitle(aRole()), page.roleTitle(role)]).toEqual(['Admin', 'deploy via taylor.Admin']);
    expect(page.roleTitle(aChain({}, { sourceProfile: 'a\u202e<b>' }))).toBe('deploy via a\ufffd<b>');
  });

  test('says how it is reached, how long its credentials last, and why not longer', () => {
    expect([aChain(), role].map(({ chain }) => chain && page.describeChain(chain))).toEqual([
      'It is arn:aws:iam::222222222222:role/ci/deploy, assumed with the credentials of taylor.Admin. Its own credentials last 1 h.',
      'It is arn:aws:iam::222222222222:role/ci/deploy, assumed with the credentials of taylor.Admin. Its own credentials last 1 h, not the 8 h that its profile asks for. AWS allows no more for a role behind another one. A session policy limits what they can do.',
    ]);
  });
});

describe('what page and terminal both say', () => {
  test('durations', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 40 * 24 * 60 * MINUTE_MS }), (ms) => {
        expect(page.formatDuration(ms)).toBe(formatDuration(ms));
      }),
    );
  });

  test('moments', () => {
    const sameDay = new Date(2026, 10, 24, 9, 5);
    const otherDay = new Date(2026, 10, 26, 23, 59);
    for (const date of [sameDay, otherDay]) {
      expect(page.formatMoment(date.getTime(), NOW_MS)).toBe(formatMoment(date.toISOString(), NOW_MS));
    }
    expect(page.formatMoment(otherDay.getTime(), NOW_MS)).toBe('2026-11-26 23:59');
  });

  test('text from AWS, made harmless', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(page.harmless(text)).toBe(harmless(text));
      }),
    );
    expect(page.harmless('a\u202eb\nc\u0000')).toBe('a\ufffdb\ufffdc\ufffd');
  });

  test('words for a shell', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(page.quoteForShell(text)).toBe(quoteForShell(text));
      }),
    );
  });
});

test('the lines to paste are one word where the profile is', () => {
  expect([page.exportLine('taylor.Admin'), page.cliLine('taylor.Admin')]).toEqual([
    'export AWS_PROFILE=taylor.Admin',
    'aws sts get-caller-identity --profile taylor.Admin',
  ]);
  expect(page.exportLine("$(touch x)'`")).toBe("export AWS_PROFILE='$(touch x)'\\''`'");
});

test('counts have their plural and their commas', () => {
  expect([page.count(0, 'role'), page.count(1, 'role'), page.count(20_000, 'role')]).toEqual([
    '0 roles',
    '1 role',
    '20,000 roles',
  ]);
  expect([999, 1000, 123_456, 1_234_567].map(page.formatCount)).toEqual(['999', '1,000', '123,456', '1,234,567']);
});

test.each([
  ['of a known end', { sessionExpiresAt: at(90 * MINUTE_MS) }, 'good', 'Signed in', '1 h 30 min left'],
  [
    'of an observed end',
    { sessionExpiresAt: at(60 * MINUTE_MS), sessionEndIs: 'observed' },
    'good',
    'Signed in',
    'about 1 h left',
  ],
  ['that ends soon', { sessionExpiresAt: at(30 * MINUTE_MS) }, 'soon', 'Ends soon', '30 min left'],
  ['without a known end', { signedInAt: at(-61 * MINUTE_MS) }, 'good', 'Signed in', 'since 1 h 1 min'],
  [
    'of a user who is known',
    { user: 'taylor', sessionExpiresAt: at(90 * MINUTE_MS) },
    'good',
    'Signed in',
    'as taylor, 1 h 30 min left',
  ],
  ['of whom alone the user is known', { user: 'taylor' }, 'good', 'Signed in', 'as taylor'],
  ['that is signed in to', { state: 'pending' }, 'busy', 'Signing in', 'waiting for your approval'],
  ['that is over', { state: 'expired' }, 'off', 'Session ended', 'sign in to get credentials'],
  ['that is signed out', { state: 'signed-out' }, 'off', 'Signed out', ''],
] as const)('a session %s is described', (_what, changes, tone, word, detail) => {
  expect(page.describeSession(session(changes), NOW_MS)).toEqual({ tone, word, detail });
});

test('the part of a session that is left is known only with both its ends', () => {
  const half = { signedInAt: at(-60 * MINUTE_MS), sessionExpiresAt: at(60 * MINUTE_MS) };
  expect([
    page.fractionLeft(session(half), NOW_MS),
    page.fractionLeft(session(half), NOW_MS + 120 * MINUTE_MS),
    page.fractionLeft(session({ ...half, sessionExpiresAt: half.signedInAt }), NOW_MS),
    page.fractionLeft(session({ ...half, state: 'expired' }), NOW_MS),
    page.fractionLeft(session({ signedInAt: half.signedInAt }), NOW_MS),
  ]).toEqual([0.5, 0, 0, undefined, undefined]);
});

test.each([
  ['https://d-1234567890.awsapps.com/start/#/console', true],
  ['http://127.0.0.1:4000/device?user_code=A', true],
  ['http://localhost:4000/', true],
  ['http://[::1]:4000/', true],
  ['http://evil.example/', false],
  ['http://127.0.0.1.evil.example/', false],
  ['javascript:alert(1)', false],
  [' javascript:alert(1)', false],
  ['data:text/html,x', false],
  ['file:///etc/passwd', false],
  ['/start', false],
  ['', false],
  [undefined, false],
])('the link %j may be followed: %j', (link, may) => {
  expect(page.safeLink(link)).toBe(may ? link : undefined);
});
