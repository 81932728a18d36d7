// The error model: the class decides what the program does, the code what the user reads.
import { harmless } from './text/harmless-text.ts';

interface ClassRow {
  readonly httpStatus: number;
  readonly exitCode: number;
  /** Every code of the class with its default hint, a command to type. */
  readonly codes: Readonly<Record<string, string>>;
}

/** One row per class. The docs' table and the CLI's exit codes come from here, and a test checks them. */
export const ERROR_TABLE = {
  UsageError: {
    httpStatus: 400,
    exitCode: 2,
    codes: {
      usage: 'rolecall --help',
      'invalid-request': 'rolecall --help',
      'request-too-large': 'rolecall --help',
      'unsupported-media-type': 'rolecall --help',
      'config-malformed': 'rolecall doctor',
      'settings-invalid': 'rolecall doctor',
      'settings-too-new': 'rolecall doctor',
      'profile-mismatch': 'rolecall profiles list',
      'invalid-policy': 'rolecall config check',
    },
  },
  DaemonUnreachableError: {
    httpStatus: 503,
    exitCode: 3,
    codes: {
      'daemon-not-running': 'rolecall daemon start',
      'daemon-not-answering': 'rolecall daemon restart',
      'daemon-version-mismatch': 'rolecall daemon restart',
      'foreign-socket': 'rolecall doctor',
    },
  },
  SignInRequiredError: {
    httpStatus: 401,
    exitCode: 4,
    codes: {
      'sign-in-required': 'rolecall login',
      'sign-in-denied': 'rolecall login',
      'sign-in-expired': 'rolecall login',
      'sign-in-unconfirmed': 'rolecall login',
    },
  },
  RefusedError: {
    httpStatus: 403,
    exitCode: 5,
    codes: {
      'permission-set-not-assigned': 'rolecall ls --refresh',
      'assume-role-refused': 'rolecall whoami',
      'caller-not-allowed': 'rolecall web',
      'token-required': 'rolecall web',
      'signature-refused': 'rolecall setup --help',
      'approval-refused': 'rolecall approvals',
      'approval-required': 'rolecall approvals',
      'passkey-refused': 'rolecall web',
      locked: 'rolecall unlock',
      'container-port-lost': 'rolecall exec --help',
      'endpoint-not-accepted': 'rolecall login',
      'pkce-refused': 'rolecall login --use-device-code',
    },
  },
  NotFoundError: {
    httpStatus: 404,
    exitCode: 6,
    codes: {
      'session-not-found': 'rolecall status',
      'profile-not-found': 'rolecall profiles list',
      'chain-unavailable': 'rolecall config check',
      'account-not-found': 'rolecall ls --refresh',
      'no-current-role': 'rolecall ls',
      'grant-not-found': 'rolecall exec --help',
      'approval-not-found': 'rolecall approvals',
      'passkey-not-found': 'rolecall passkey list',
      'directory-entry-not-found': 'rolecall emulator --help',
      'route-not-found': 'rolecall daemon restart',
    },
  },
  ConflictError: {
    httpStatus: 409,
    exitCode: 1,
    codes: {
      'config-section-not-ours': 'rolecall doctor',
      'config-key-not-ours': 'rolecall doctor',
      'config-changed-meanwhile': 'rolecall profiles sync',
      'profile-shadowed': 'rolecall profiles sync',
      'still-assigned': 'rolecall emulator --help',
    },
  },
  UnavailableError: {
    httpStatus: 503,
    exitCode: 7,
    codes: {
      'identity-center-unreachable': 'rolecall doctor',
      'identity-center-throttled': 'rolecall status',
      'secret-store-unavailable': 'rolecall status',
      'secret-store-locked': 'rolecall status',
      'file-not-writable': 'rolecall doctor',
      'audit-unavailable': 'rolecall doctor',
      'confinement-unavailable': 'rolecall exec --help',
      'host-unusable': 'rolecall ssh --help',
      'relay-failed': 'rolecall container-env --help',
      'too-many-connections': 'rolecall daemon restart',
      'too-many-listeners': 'rolecall status',
      'web-unavailable': 'rolecall doctor',
      'no-callback-port': 'rolecall login --use-device-code',
      'no-service-manager': 'rolecall daemon start',
      'no-tray': 'rolecall tray --help',
    },
  },
  ProtocolError: {
    httpStatus: 502,
    exitCode: 1,
    codes: { 'unusable-response': 'rolecall doctor' },
  },
  InternalError: {
    httpStatus: 500,
    exitCode: 1,
    codes: { internal: 'rolecall daemon restart' },
  },
} as const satisfies Record<string, ClassRow>;

export type ErrorClass = keyof typeof ERROR_TABLE;
type CodeOf<C extends ErrorClass> = keyof (typeof ERROR_TABLE)[C]['codes'] & string;
export type ErrorCode = { [C in ErrorClass]: CodeOf<C> }[ErrorClass];

/** Codes whose HTTP status differs from that of their class. */
const OWN_STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  'token-required': 401,
  locked: 401,
  'request-too-large': 413,
  'unsupported-media-type': 415,
};

/** The HTTP status of a code on the local API. */
export function httpStatusOf(code: ErrorCode): number {
  return OWN_STATUSES[code] ?? ERROR_TABLE[classOfCode(code) ?? 'InternalError'].httpStatus;
}

/** The exit code after Ctrl-C. */
export const EXIT_INTERRUPTED = 130;

export interface ErrorOptionsBag {
  /** The command to type next; by default that of the table. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
}

/** The shape of an error on every route. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- an interface is not assignable to the documents of the schemas
export type ErrorBody = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
};

/** An error as text: the sentence with its code, `more` of our own lines, then the command to type. Safe to print. */
export function formatFailure({ code, message, hint }: ErrorBody, more = ''): string {
  return `${harmless(message)} [${code}]\n${more}Run: ${harmless(hint)}\n`;
}

/** A failure shown to the user: one sentence, a stable code, one command to type. */
export abstract class RolecallError extends Error {
  abstract readonly errorClass: ErrorClass;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptionsBag = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? defaultHint(code);
    this.retryAfterMs = options.retryAfterMs;
  }

  /** HTTP status on the local API. */
  get httpStatus(): number {
    return OWN_STATUSES[this.code] ?? ERROR_TABLE[this.errorClass].httpStatus;
  }

  get exitCode(): number {
    return ERROR_TABLE[this.errorClass].exitCode;
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

export class UsageError extends RolecallError {
  readonly errorClass = 'UsageError';
  constructor(code: CodeOf<'UsageError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class DaemonUnreachableError extends RolecallError {
  readonly errorClass = 'DaemonUnreachableError';
  constructor(code: CodeOf<'DaemonUnreachableError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class SignInRequiredError extends RolecallError {
  readonly errorClass = 'SignInRequiredError';
  constructor(code: CodeOf<'SignInRequiredError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class RefusedError extends RolecallError {
  readonly errorClass = 'RefusedError';
  constructor(code: CodeOf<'RefusedError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class NotFoundError extends RolecallError {
  readonly errorClass = 'NotFoundError';
  constructor(code: CodeOf<'NotFoundError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class ConflictError extends RolecallError {
  readonly errorClass = 'ConflictError';
  constructor(code: CodeOf<'ConflictError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class UnavailableError extends RolecallError {
  readonly errorClass = 'UnavailableError';
  constructor(code: CodeOf<'UnavailableError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class ProtocolError extends RolecallError {
  readonly errorClass = 'ProtocolError';
  constructor(code: CodeOf<'ProtocolError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

export class InternalError extends RolecallError {
  readonly errorClass = 'InternalError';
  constructor(code: CodeOf<'InternalError'>, message: string, options?: ErrorOptionsBag) {
    super(code, message, options);
  }
}

/** `thrown` itself if it is a RolecallError, else an InternalError with it as the cause. */
export function toRolecallError(thrown: unknown): RolecallError {
  if (thrown instanceof RolecallError) return thrown;
  return new InternalError('internal', 'Something went wrong inside rolecall.', { cause: thrown });
}

/** The class of a code, undefined for an unknown one. */
export function classOfCode(code: string): ErrorClass | undefined {
  for (const [name, row] of Object.entries(ERROR_TABLE)) {
    if (Object.hasOwn(row.codes, code)) return name as ErrorClass;
  }
  return undefined;
}

const CONSTRUCTORS: Readonly<
  Record<ErrorClass, new (code: never, message: string, options?: ErrorOptionsBag) => RolecallError>
> = {
  UsageError,
  DaemonUnreachableError,
  SignInRequiredError,
  RefusedError,
  NotFoundError,
  ConflictError,
  UnavailableError,
  ProtocolError,
  InternalError,
};

/**
 * The error in an answer of the daemon, as an instance of its class; an unknown code, of a newer daemon, becomes an
 * InternalError with the body as its cause.
 */
export function errorFromBody(body: ErrorBody, retryAfterMs?: number): RolecallError {
  const { code, message, hint } = body;
  const errorClass = classOfCode(code);
  const options = { hint, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (errorClass === undefined) return new InternalError('internal', message, { ...options, cause: body });
  return new CONSTRUCTORS[errorClass](code as never, message, options);
}

function defaultHint(code: ErrorCode): string {
  const errorClass = classOfCode(code);
  const codes: Readonly<Record<string, string>> = errorClass === undefined ? {} : ERROR_TABLE[errorClass].codes;
  return codes[code] ?? 'rolecall --help';
}
