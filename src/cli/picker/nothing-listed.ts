// The error before the first sign-in, when no account has been listed.
import { NotFoundError } from '../../core/errors.ts';

/** A class of its own, as a sign-in brings what is missing. */
export class NothingListedError extends NotFoundError {
  constructor() {
    super('account-not-found', 'No accounts have been listed yet.', { hint: 'rolecall login' });
  }
}
