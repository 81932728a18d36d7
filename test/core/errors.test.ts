// The error table: what the program does for each class, what the user reads for each code.
import { describe, expect, it } from 'vitest';
import {
  classOfCode,
  ConflictError,
  DaemonUnreachableError,
  ERROR_TABLE,
  EXIT_INTERRUPTED,
  InternalError,
  NotFoundError,
  ProtocolError,
  RefusedError,
  RolecallError,
  SignInRequiredError,
  toRolecallError,
  UnavailableError,
  UsageError,
} from '../../src/core/errors.ts';
import type { ErrorClass, ErrorCode, ErrorOptionsBag } from '../../src/core/errors.ts';

type AnyErrorConstructor = new (code: ErrorCode, message: string, options?: ErrorOptionsBag) => RolecallError;

const ROWS = Object.entries(ERROR_TABLE) as [ErrorClass, (typeof ERROR_TABLE)[ErrorClass]][];
const CODES = ROWS.flatMap(([errorClass, row]) =>
  (Object.entries(row.codes) as [ErrorCode, string][]).map(([code, hint]) => ({ errorClass, code, hint })),
);

const CONSTRUCTORS = {
  UsageError,
  DaemonUnreachableError,
  SignInRequiredError,
  RefusedError,
  NotFoundError,
  ConflictError,
  UnavailableError,
  ProtocolError,
  InternalError,
} satisfies Record<ErrorClass, unknown>;

/** Of codes whose status is not that of their class. */
const OWN_STATUSES: Readonly<Record<string, number>> = {
  'token-required': 401,
  locked: 401,
  'request-too-large': 413,
  'unsupported-media-type': 415,
};

describe('table of errors', () => {
  it('has the HTTP status and exit code of each class that scripts rely on', () => {
    const seen = Object.fromEntries(ROWS.map(([name, row]) => [name, [row.httpStatus, row.exitCode]]));
    expect(seen).toEqual({
      UsageError: [400, 2],
      // Client side only; a number for completeness.
      DaemonUnreachableError: [503, 3],
      SignInRequiredError: [401, 4],
      RefusedError: [403, 5],
      NotFoundError: [404, 6],
      ConflictError: [409, 1],
      UnavailableError: [503, 7],
      ProtocolError: [502, 1],
      InternalError: [500, 1],
    });
    expect(EXIT_INTERRUPTED).toBe(130);
  });

  it('has every code of the contract in its class', () => {
    const contract: Record<string, ErrorClass> = {
      usage: 'UsageError',
      'invalid-request': 'UsageError',
      'request-too-large': 'UsageError',
      'unsupported-media-type': 'UsageError',
      'daemon-not-running': 'DaemonUnreachableError',
      'daemon-not-answering': 'DaemonUnreachableError',
      'daemon-version-mismatch': 'DaemonUnreachableError',
      'sign-in-required': 'SignInRequiredError',
      'sign-in-denied': 'SignInRequiredError',
      'sign-in-expired': 'SignInRequiredError',
      'sign-in-unconfirmed': 'SignInRequiredError',
      'permission-set-not-assigned': 'RefusedError',
      'caller-not-allowed': 'RefusedError',
      'token-required': 'RefusedError',
      'approval-refused': 'RefusedError',
      'approval-required': 'RefusedError',
      'passkey-refused': 'RefusedError',
      locked: 'RefusedError',
      'session-not-found': 'NotFoundError',
      'profile-not-found': 'NotFoundError',
      'account-not-found': 'NotFoundError',
      'no-current-role': 'NotFoundError',
      'approval-not-found': 'NotFoundError',
      'passkey-not-found': 'NotFoundError',
      'route-not-found': 'NotFoundError',
      'config-section-not-ours': 'ConflictError',
      'config-key-not-ours': 'ConflictError',
      'config-changed-meanwhile': 'ConflictError',
      'identity-center-unreachable': 'UnavailableError',
      'identity-center-throttled': 'UnavailableError',
      'secret-store-unavailable': 'UnavailableError',
      'secret-store-locked': 'UnavailableError',
      'audit-unavailable': 'UnavailableError',
      'confinement-unavailable': 'UnavailableError',
      'unusable-response': 'ProtocolError',
      internal: 'InternalError',
    };
    const seen = Object.fromEntries(Object.keys(contract).map((code) => [code, classOfCode(code)]));
    expect(seen).toEqual(contract);
  });

  it('uses no code in two classes', () => {
    expect(CODES.length).toBeGreaterThanOrEqual(24);
    expect(new Set(CODES.map(({ code }) => code)).size).toBe(CODES.length);
  });

  it.each(CODES)('$code: has its class, and a command to type', ({ errorClass, code, hint }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(hint).toMatch(/^rolecall( [a-z]+(-[a-z]+)*| --[a-z-]+)+$/);
    expect(classOfCode(code)).toBe(errorClass);
  });

  it.each(CODES)('$code: the class builds an error with it', ({ errorClass, code, hint }) => {
    const error = new (CONSTRUCTORS[errorClass] as AnyErrorConstructor)(code, 'Account 111111111111 is unknown.');
    expect(error).toBeInstanceOf(RolecallError);
    expect({
      errorClass: error.errorClass,
      httpStatus: error.httpStatus,
      exitCode: error.exitCode,
      body: error.toBody(),
      retryAfterMs: error.retryAfterMs,
    }).toEqual({
      errorClass,
      httpStatus: OWN_STATUSES[code] ?? ERROR_TABLE[errorClass].httpStatus,
      exitCode: ERROR_TABLE[errorClass].exitCode,
      body: { code, message: 'Account 111111111111 is unknown.', hint },
      retryAfterMs: undefined,
    });
  });
});

describe('a RolecallError', () => {
  it('answers 401 for a missing token and while locked, and 403 for any other refusal', () => {
    expect(new RefusedError('token-required', 'No token.').httpStatus).toBe(401);
    expect(new RefusedError('locked', 'Locked.').httpStatus).toBe(401);
    expect(new RefusedError('caller-not-allowed', 'Not from here.').httpStatus).toBe(403);
  });

  it('accepts a more specific hint than that of the table', () => {
    const error = new NotFoundError('session-not-found', 'No sso-session.', { hint: 'rolecall login work' });
    expect(error.toBody().hint).toBe('rolecall login work');
  });

  it('keeps its cause and retry time, and puts neither into its body', () => {
    const cause = new Error('ECONNREFUSED 10.0.0.1');
    const error = new UnavailableError('identity-center-unreachable', 'Not reachable.', { cause, retryAfterMs: 1500 });
    expect(error.cause).toBe(cause);
    expect(error.retryAfterMs).toBe(1500);
    expect(Object.keys(error.toBody()).toSorted()).toEqual(['code', 'hint', 'message']);
    expect(JSON.stringify(error.toBody())).not.toContain('ECONNREFUSED');
    expect('cause' in new InternalError('internal', 'No cause.')).toBe(false);
  });
});

describe('classOfCode', () => {
  it.each(['', 'nonsense', 'toString', 'constructor', '__proto__'])('knows no class of %j', (word) => {
    expect(classOfCode(word)).toBeUndefined();
  });
});

describe('toRolecallError', () => {
  it('returns a RolecallError unchanged', () => {
    const error = new RefusedError('approval-refused', 'Refused.');
    expect(toRolecallError(error)).toBe(error);
  });

  it.each([new TypeError('secret path /x'), 'a string', undefined])(
    'keeps %s as the cause of an internal error',
    (thrown) => {
      const error = toRolecallError(thrown);
      expect(error).toMatchObject({ errorClass: 'InternalError', code: 'internal', exitCode: 1, httpStatus: 500 });
      expect(error.cause).toBe(thrown);
      expect(error.message).toBe('Something went wrong inside rolecall.');
    },
  );
});
