// From what Identity Center did to what a person is told.
import {
  ProtocolError,
  SignInRequiredError,
  toRolecallError,
  UnavailableError,
  type RolecallError,
} from '../core/errors.ts';
import { IdentityCenterFault, type FaultKind } from './ports.ts';

/** Thrown in place of a call to an upstream that is left alone for now; kind and message are those of what it did last. */
export class CircuitOpenError extends IdentityCenterFault {}

/** True for a fault of one of `kinds`. */
export function isFault(thrown: unknown, ...kinds: readonly FaultKind[]): thrown is IdentityCenterFault {
  return thrown instanceof IdentityCenterFault && kinds.includes(thrown.kind);
}

/** True when asking again later may help and nobody needs to sign in: network trouble and throttling. */
export function isTransient(thrown: unknown): thrown is IdentityCenterFault {
  return isFault(thrown, 'unreachable', 'throttled');
}

/** The error of ours for whatever a call to Identity Center threw; errors of ours pass through, a bug is `internal`. */
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
        `Identity Center of ${sessionName} asks for fewer calls; rolecall waits and tries again by itself.`,
        { cause: thrown, ...pause },
      );
    case 'invalid-grant':
    case 'unauthorized':
      return sessionOver(sessionName, thrown);
    default:
      return new ProtocolError(
        'unusable-response',
        `Identity Center of ${sessionName} gave an answer that can't be used: ${thrown.message}`,
        { cause: thrown },
      );
  }
}

/** The session has ended and only a new sign-in helps. */
export function sessionOver(sessionName: string, cause?: unknown): SignInRequiredError {
  return new SignInRequiredError('sign-in-expired', `Your sign-in to ${sessionName} has ended.`, {
    hint: loginCommand(sessionName),
    cause,
  });
}

/** There is no sign-in at all. */
export function signInRequired(sessionName: string): SignInRequiredError {
  return new SignInRequiredError('sign-in-required', `You are not signed in to ${sessionName}.`, {
    hint: loginCommand(sessionName),
  });
}

/** A person said no on the page. */
export function signInDenied(sessionName: string): SignInRequiredError {
  return new SignInRequiredError('sign-in-denied', `The sign-in to ${sessionName} was denied on the page.`, {
    hint: loginCommand(sessionName),
  });
}

/** What to type for a sign-in; a name that a shell would read as something else is left out. */
export function loginCommand(sessionName: string, option?: '--fresh'): string {
  const command = option === undefined ? 'rolecall login' : `rolecall login ${option}`;
  return /^[A-Za-z0-9_.@/][A-Za-z0-9_.@/-]*$/.test(sessionName) ? `${command} ${sessionName}` : command;
}
