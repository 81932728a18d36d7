// Maps faults of Identity Center to the errors that users see.
import { findPartitionMismatch } from '../core/aws/partitions.ts';
import {
  ProtocolError,
  RefusedError,
  SignInRequiredError,
  toRolecallError,
  UnavailableError,
  type RolecallError,
} from '../core/errors.ts';
import type { SsoSession } from '../core/model.ts';
import { IdentityCenterFault, type FaultKind } from './ports.ts';

const EDIT_AWS_CONFIG = '${EDITOR:-vi} "${AWS_CONFIG_FILE:-$HOME/.aws/config}"';

/** Thrown instead of making a call while the circuit is open; kind and message are those of the last fault. */
export class CircuitOpenError extends IdentityCenterFault {}

/** True for a fault of one of `kinds`. */
export function isFault(thrown: unknown, ...kinds: readonly FaultKind[]): thrown is IdentityCenterFault {
  return thrown instanceof IdentityCenterFault && kinds.includes(thrown.kind);
}

/** True for network failures and throttling: a later attempt may succeed without a sign-in. */
export function isTransient(thrown: unknown): thrown is IdentityCenterFault {
  return isFault(thrown, 'unreachable', 'throttled');
}

/** The user-visible error for what a call to Identity Center threw; RolecallErrors are returned as they are, a bug is `internal`. */
export function describeFault(thrown: unknown, sessionName: string): RolecallError {
  if (!(thrown instanceof IdentityCenterFault)) return toRolecallError(thrown);
  const pause = thrown.retryAfterMs === undefined ? {} : { retryAfterMs: thrown.retryAfterMs };
  switch (thrown.kind) {
    case 'unreachable':
      return new UnavailableError(
        'identity-center-unreachable',
        `Identity Center of ${sessionName} can't be reached: ${thrown.message}`,
        { cause: thrown, ...pause },
      );
    case 'throttled':
      return new UnavailableError(
        'identity-center-throttled',
        `Identity Center of ${sessionName} is throttling requests; rolecall waits and retries automatically.`,
        { cause: thrown, ...pause },
      );
    case 'invalid-grant':
    case 'unauthorized':
      return sessionOver(sessionName, thrown);
    default:
      return new ProtocolError(
        'unusable-response',
        `Identity Center of ${sessionName} sent an unusable answer: ${thrown.message}`,
        { cause: thrown },
      );
  }
}

/** As `describeFault`, for a call to STS: its messages name the operation and the host. */
export function describeStsFault(thrown: unknown): RolecallError {
  if (!(thrown instanceof IdentityCenterFault)) return toRolecallError(thrown);
  const { kind, message, retryAfterMs } = thrown;
  const options = { cause: thrown, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  switch (kind) {
    case 'unreachable':
      return new UnavailableError('identity-center-unreachable', `AWS STS can't be reached: ${message}`, options);
    case 'throttled':
      return new UnavailableError(
        'identity-center-throttled',
        'AWS STS is throttling requests; rolecall waits and retries automatically.',
        options,
      );
    default:
      return new ProtocolError('unusable-response', `AWS STS sent an unusable answer: ${message}`, options);
  }
}

/** As `describeFault`, for the request for a code: nothing repeats that one but the user. */
export function describeSignInFault(thrown: unknown, session: SsoSession): RolecallError {
  const { sessionName } = session;
  if (isFault(thrown, 'start-url-refused')) return describeRefusedStartUrl(thrown, session, undefined);
  if (isFault(thrown, 'start-url-unresolved')) {
    return new ProtocolError(
      'unusable-response',
      `The start URL of ${sessionName} is not AWS's, and ${thrown.message} Set sso_start_url to the address of your access portal.`,
      { hint: EDIT_AWS_CONFIG, cause: thrown },
    );
  }
  if (isFault(thrown, 'grant-refused')) return pkceRefused(sessionName, thrown);
  if (!isFault(thrown, 'throttled')) return describeFault(thrown, sessionName);
  const { retryAfterMs } = thrown;
  const when = retryAfterMs === undefined ? 'a minute' : `${Math.max(1, Math.ceil(retryAfterMs / 1000))} s`;
  return new UnavailableError(
    'identity-center-throttled',
    `Identity Center of ${sessionName} is throttling requests. Sign in again in ${when}.`,
    { hint: loginCommand(sessionName), cause: thrown, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  );
}

/** Identity Center in the region of `session` does not know its start URL; `homeRegion` is the region that does, if known. */
export function describeRefusedStartUrl(
  cause: IdentityCenterFault,
  { sessionName, startUrl, region }: SsoSession,
  homeRegion: string | undefined,
): RolecallError {
  const reason = explainRefusal({ sessionName, startUrl, region }, homeRegion);
  return new ProtocolError(
    'unusable-response',
    `Identity Center in ${region} does not accept ${startUrl}, the start URL of ${sessionName}: ${reason}`,
    { hint: EDIT_AWS_CONFIG, cause },
  );
}

function explainRefusal(
  { sessionName, startUrl, region }: Pick<SsoSession, 'sessionName' | 'startUrl' | 'region'>,
  homeRegion: string | undefined,
): string {
  if (homeRegion !== undefined && homeRegion !== region) {
    return `it belongs to ${homeRegion}. Set sso_region = ${homeRegion} in [sso-session ${sessionName}].`;
  }
  const mismatch = findPartitionMismatch(startUrl, region);
  if (mismatch === undefined) return 'the URL or the region is wrong.';
  return `it is in the partition ${mismatch.ofStartUrl}, and the region in ${mismatch.ofRegion}. Correct sso_region in [sso-session ${sessionName}].`;
}

/** As `describeFault`, for the token of an authorization code. */
export function describeCodeFault(thrown: unknown, { sessionName }: SsoSession): RolecallError {
  if (isFault(thrown, 'grant-refused')) return pkceRefused(sessionName, thrown);
  if (isFault(thrown, 'invalid-grant', 'invalid-client')) {
    return new SignInRequiredError(
      'sign-in-expired',
      `Identity Center of ${sessionName} does not accept the answer of the sign-in page: ${thrown.message}`,
      { hint: loginCommand(sessionName), cause: thrown },
    );
  }
  return describeFault(thrown, sessionName);
}

/** What the sign-in page said instead of giving a code. */
export function describeRedirectError(
  { error, description }: { readonly error: string; readonly description?: string },
  { sessionName }: SsoSession,
): RolecallError {
  const said = description === undefined ? error : `${error}: ${description}`;
  return new SignInRequiredError(
    'sign-in-expired',
    `The sign-in page of ${sessionName} answered with an error: ${said.replace(/[.\s]+$/, '')}.`,
    { hint: loginCommand(sessionName, '--use-device-code') },
  );
}

function pkceRefused(sessionName: string, cause: IdentityCenterFault): RefusedError {
  return new RefusedError(
    'pkce-refused',
    `Identity Center of ${sessionName} refuses to sign in through a redirect to this machine (PKCE): ${cause.message}`,
    { hint: loginCommand(sessionName, '--use-device-code'), cause },
  );
}

/** The session has ended; only a new sign-in helps. */
export function sessionOver(sessionName: string, cause?: unknown): SignInRequiredError {
  return new SignInRequiredError('sign-in-expired', `Your sign-in to ${sessionName} has ended.`, {
    hint: loginCommand(sessionName),
    cause,
  });
}

/** True for the error of `sessionOver`, the only one that a login policy may turn into a wait. */
export function isSessionOver(thrown: unknown): thrown is SignInRequiredError {
  return thrown instanceof SignInRequiredError && thrown.code === 'sign-in-expired';
}

/** There is no sign-in at all. */
export function signInRequired(sessionName: string): SignInRequiredError {
  return new SignInRequiredError('sign-in-required', `You are not signed in to ${sessionName}.`, {
    hint: loginCommand(sessionName),
  });
}

/** A person denied it on the page. */
export function signInDenied(sessionName: string): SignInRequiredError {
  return new SignInRequiredError('sign-in-denied', `The sign-in to ${sessionName} was denied on the page.`, {
    hint: loginCommand(sessionName),
  });
}

/** The command for a sign-in, without the session name if a shell would not take it literally. */
export function loginCommand(sessionName: string, option?: '--fresh' | '--force' | '--use-device-code'): string {
  const command = option === undefined ? 'rolecall login' : `rolecall login ${option}`;
  return /^[A-Za-z0-9_.@/][A-Za-z0-9_.@/-]*$/.test(sessionName) ? `${command} ${sessionName}` : command;
}
