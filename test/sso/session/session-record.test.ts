// The stored form of a sign-in; an unreadable record is an error, never "no sign-in".
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import {
  formatSessionRecord,
  parseSessionRecord,
  type SessionRecord,
} from '../../../src/sso/session/session-record.ts';

const FULL: SessionRecord = {
  issuer: 'issuer',
  signedInAtMs: 1000,
  tokens: {
    accessToken: new Secret('access'),
    issuedAtMs: 2000,
    expiresAtMs: 3000,
    refresh: { refreshToken: new Secret('refresh'), clientId: 'client' },
  },
};
const FULL_TEXT =
  '{"schemaVersion":1,"issuer":"issuer","signedInAtMs":1000,"accessToken":"access","issuedAtMs":2000,' +
  '"expiresAtMs":3000,"refreshToken":"refresh","clientId":"client"}';

/** Secrets compare equal whatever they hold, so they are shown. */
const reveal = (record: SessionRecord) => formatSessionRecord(record).reveal();

describe('a session record', () => {
  it('is one JSON object', () => {
    expect(reveal(FULL)).toBe(FULL_TEXT);
  });

  it.each<[string, SessionRecord]>([
    ['whole', FULL],
    ['without a refresh token', { ...FULL, tokens: { accessToken: new Secret('a'), issuedAtMs: 1, expiresAtMs: 2 } }],
    ['of a session that is over', { issuer: 'issuer', signedInAtMs: 1000 }],
  ])('%s is read back unchanged', (_, record) => {
    const parsed = parseSessionRecord(formatSessionRecord(record), 'session:x');
    expect(reveal(parsed)).toBe(reveal(record));
    expect(parsed).toEqual(record);
  });

  it.each([
    ['nothing at all', ''],
    ['garbage', 'not json: secret-token'],
    ['a truncated item', FULL_TEXT.slice(0, 80)],
    ['no object', '"secret-token"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a newer schema', FULL_TEXT.replace('"schemaVersion":1', '"schemaVersion":2')],
    ['no schema', FULL_TEXT.replace('"schemaVersion":1,', '')],
    ['no issuer', FULL_TEXT.replace('"issuer":"issuer",', '')],
    ['no time of sign-in', FULL_TEXT.replace('1000', '"soon"')],
    ['an access token of a wrong type', FULL_TEXT.replace('"access"', '7')],
    ['an access token without its times', FULL_TEXT.replace(',"issuedAtMs":2000', '')],
    ['a time that is no number', FULL_TEXT.replace('3000', 'null')],
  ])('%s is an error that names the item without quoting it', (_, text) => {
    let thrown: unknown;
    try {
      parseSessionRecord(new Secret(text), 'session:x');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'secret-store-unavailable',
      message: 'This version of rolecall cannot read the stored item "session:x"; it was left unchanged.',
    });
    // The parser's own message would quote the text.
    expect((thrown as Error).cause).toBeUndefined();
  });

  it('without everything that a refresh needs has no refresh token', () => {
    const half = parseSessionRecord(new Secret(FULL_TEXT.replace(',"clientId":"client"', '')), 'session:x');
    expect(half.tokens?.refresh).toBeUndefined();
    expect(half.tokens?.accessToken.reveal()).toBe('access');
  });
});
