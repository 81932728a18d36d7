// The error before the first sign-in, when no account has been listed.
import { NotFoundError } from '../../core/errors.ts';

const LOGIN = 'rolecall login';

export function nothingListedYet(): NotFoundError {
  return new NotFoundError('account-not-found', 'No accounts have been listed yet.', { hint: LOGIN });
}

/** Whether it is this error, so that a sign-in brings what is missing. */
export function isNothingListedYet(error: unknown): boolean {
  return error instanceof NotFoundError && error.code === 'account-not-found' && error.hint === LOGIN;
}
