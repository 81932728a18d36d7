// The one error that functions of `rolecall/client` throw.
import { RolecallError as InternalRolecallError, toRolecallError } from '../core/errors.ts';

/** A failure of the daemon, or of the way to it: one sentence, a stable code, and the command that helps. */
export class RolecallError extends Error {
  override readonly name = 'RolecallError';
  /** Stable, such as `sign-in-required`. A newer daemon may have codes that this version does not know. */
  readonly code: string;
  /** The command to type next, such as `rolecall login`. */
  readonly hint: string;
  /** What the command line would exit with: 3 daemon unreachable, 4 sign-in required, 7 unavailable, … */
  readonly exitCode: number;
  /** When to try again, if the daemon says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    failure: {
      readonly code: string;
      readonly hint: string;
      readonly exitCode: number;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.hint = failure.hint;
    this.exitCode = failure.exitCode;
    this.retryAfterMs = failure.retryAfterMs;
  }
}

/** `thrown` as the exported error; what is no error of rolecall gets the code `internal`, and stays its cause. */
export function toExportedError(thrown: unknown): RolecallError {
  if (thrown instanceof RolecallError) return thrown;
  const error = toRolecallError(thrown);
  const { hint, exitCode, retryAfterMs } = error;
  const isOurs = thrown instanceof InternalRolecallError;
  const cause = isOurs ? error.cause : thrown;
  // The code of a newer daemon, which the table does not have.
  const foreign = isOurs && error.code === 'internal' ? (cause as { code?: unknown } | undefined)?.code : undefined;
  const code = typeof foreign === 'string' && /^[a-z0-9-]+$/.test(foreign) ? foreign : error.code;
  return new RolecallError(error.message, { code, hint, exitCode, retryAfterMs, cause });
}
