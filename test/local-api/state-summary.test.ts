// The state of everything in one word, the gravest that applies.
import { describe, expect, test } from 'vitest';
import type { SessionStatusDocument } from '../../src/local-api/schemas.ts';
import { summarizeState } from '../../src/local-api/state-summary.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 6, 0, 0);
const inMinutes = (minutes: number) => new Date(NOW_MS + minutes * 60_000).toISOString();

type Input = Parameters<typeof summarizeState>[0];

const session = (more: Partial<SessionStatusDocument> = {}): SessionStatusDocument => ({
  session: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  state: 'live',
  catalog: null,
  listing: null,
  tokenFileProfiles: [],
  ...more,
});
const problem = (code: string) => ({ code, message: 'It is so.', hint: 'rolecall status' });
const current = (name: string) => ({ session: name, accountId: '111111111111', permissionSet: 'Admin', profile: null });
const KEYCHAIN = { driver: 'keychain', durable: true } as const;
const MEMORY = { driver: 'memory', durable: false } as const;

const LOCKED = { isLocked: true, since: '2026-11-24T05:00:00Z', reason: 'screen', scope: 'all' } as const;

const summarize = (more: Partial<Input>) =>
  summarizeState({ sessions: [session()], current: null, problems: [], store: KEYCHAIN, ...more }, NOW_MS);

describe('the state in a word', () => {
  test.each([
    ['ok', 'somebody is signed in', {}],
    ['ok', 'one of two is signed in', { sessions: [session(), session({ session: 'other', state: 'expired' })] }],
    ['ok', 'the end is 31 minutes away', { sessions: [session({ sessionExpiresAt: inMinutes(31) })] }],
    ['ok', 'a problem is none that stops keys', { problems: [problem('settings-without-effect')] }],
    ['ok', 'there is no keychain on the machine', { problems: [problem('secret-store-unavailable')], store: MEMORY }],
    ['ok', 'the session of the current role is live', { current: current('work') }],
    ['ends-soon', 'the end is 30 minutes away', { sessions: [session({ sessionExpiresAt: inMinutes(30) })] }],
    [
      'ends-soon',
      'that is so of any live session',
      { sessions: [session(), session({ session: 'other', sessionExpiresAt: inMinutes(1) })] },
    ],
    [
      'ok',
      'the one that ends is over already',
      { sessions: [session(), session({ session: 'other', state: 'expired', sessionExpiresAt: inMinutes(-1) })] },
    ],
    ['signed-out', 'there is no session', { sessions: [] }],
    ['signed-out', 'none is live', { sessions: [session({ state: 'expired' }), session({ state: 'pending' })] }],
    [
      'signed-out',
      'that of the current role is not live, whatever others are',
      { sessions: [session(), session({ session: 'other', state: 'expired' })], current: current('other') },
    ],
    ['signed-out', 'the session of the current role is not there', { current: current('gone') }],
    ['problem', 'the store is locked', { problems: [problem('secret-store-locked')], sessions: [] }],
    ['problem', 'the keychain fails', { problems: [problem('secret-store-unavailable')] }],
    ['problem', 'AWS cannot be reached', { problems: [problem('identity-center-unreachable')] }],
    ['problem', 'the current role is gone', { problems: [problem('current-role-gone')] }],
    ['locked', 'it is locked, whatever else is wrong', { lock: LOCKED, sessions: [] }],
    ['ok', 'it was unlocked', { lock: { ...LOCKED, isLocked: false } }],
    ['needs-approval', 'a request waits for a person, even for the unlock', { approvals: 1, lock: LOCKED }],
    ['ok', 'the last request was answered', { approvals: 0 }],
  ] as const)('is %s when %s', (word, _when, more) => {
    expect(summarize(more as Partial<Input>)).toBe(word);
  });
});
