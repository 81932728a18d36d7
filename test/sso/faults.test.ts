// The user-visible error for each kind of fault.
import { describe, expect, it, test } from 'vitest';
import { UnavailableError } from '../../src/core/errors.ts';
import { describeFault, isFault, isTransient, sessionOver, signInRequired } from '../../src/sso/faults.ts';
import { IdentityCenterFault, type FaultKind } from '../../src/sso/ports.ts';

const CODES: readonly (readonly [FaultKind, string, string])[] = [
  ['unreachable', 'UnavailableError', 'identity-center-unreachable'],
  ['throttled', 'UnavailableError', 'identity-center-throttled'],
  ['invalid-grant', 'SignInRequiredError', 'sign-in-expired'],
  ['unauthorized', 'SignInRequiredError', 'sign-in-expired'],
  ['authorization-pending', 'ProtocolError', 'unusable-response'],
  ['slow-down', 'ProtocolError', 'unusable-response'],
  ['device-code-expired', 'ProtocolError', 'unusable-response'],
  ['access-denied', 'ProtocolError', 'unusable-response'],
  ['invalid-client', 'ProtocolError', 'unusable-response'],
  ['start-url-refused', 'ProtocolError', 'unusable-response'],
  ['start-url-unresolved', 'ProtocolError', 'unusable-response'],
  ['forbidden', 'ProtocolError', 'unusable-response'],
  ['not-found', 'ProtocolError', 'unusable-response'],
  ['unusable-response', 'ProtocolError', 'unusable-response'],
];

test.each(CODES)('%s becomes %s %s, with the fault as its cause', (kind, errorClass, code) => {
  const fault = new IdentityCenterFault(kind, 'reason', { retryAfterMs: 1000 });
  const error = describeFault(fault, 'work');
  expect({ errorClass: error.errorClass, code: error.code, cause: error.cause }).toEqual({
    errorClass,
    code,
    cause: fault,
  });
  expect(error.message).toContain('work');
});

describe('describing a fault', () => {
  it('keeps the pause that the server asked for, if any', () => {
    const pauses = (['unreachable', 'throttled'] as const).flatMap((kind) => [
      describeFault(new IdentityCenterFault(kind, '', { retryAfterMs: 7000 }), 'work').retryAfterMs,
      describeFault(new IdentityCenterFault(kind, ''), 'work').retryAfterMs,
    ]);
    expect(pauses).toEqual([7000, undefined, 7000, undefined]);
  });

  it('returns RolecallErrors unchanged', () => {
    const locked = new UnavailableError('secret-store-locked', 'locked');
    expect(describeFault(locked, 'work')).toBe(locked);
  });

  it('calls a bug internal, and does not blame Identity Center', () => {
    const bug = new TypeError('x is not a function');
    expect(describeFault(bug, 'work')).toMatchObject({ code: 'internal', cause: bug });
  });
});

test('only network failures and throttling are transient', () => {
  const transient = CODES.map(([kind]) => kind).filter((kind) => isTransient(new IdentityCenterFault(kind, '')));
  expect(transient).toEqual(['unreachable', 'throttled']);
  expect(isTransient(new Error('unreachable'))).toBe(false);
});

test('a fault is recognized by its kind', () => {
  const fault = new IdentityCenterFault('forbidden', '');
  expect([
    isFault(fault, 'not-found', 'forbidden'),
    isFault(fault, 'not-found'),
    isFault('forbidden', 'forbidden'),
  ]).toEqual([true, false, false]);
});

test('the login command names the session if a shell takes the name as one word', () => {
  expect([
    sessionOver('work').hint,
    signInRequired('a/b@c.d_e-f').hint,
    signInRequired('my work; rm -rf').hint,
  ]).toEqual(['rolecall login work', 'rolecall login a/b@c.d_e-f', 'rolecall login']);
});
