// Starts a sign-in also at a daemon that is older than this client, and that the client may not replace.
import { DaemonUnreachableError, RolecallError } from '../core/errors.ts';
import type { InputOf } from './routes.ts';
import type { SignInDocument } from './schemas.ts';

export type SignInRequest = NonNullable<InputOf<'startSignIn'>['body']>;

/**
 * Sends the request. A daemon that knows only the device code refuses fields about flows, and is asked without them.
 * @throws DaemonUnreachableError daemon-version-mismatch: such a daemon was asked for `pkce`
 */
export async function startSignIn(
  request: SignInRequest,
  send: (request: SignInRequest) => Promise<SignInDocument>,
): Promise<SignInDocument> {
  try {
    return await send(request);
  } catch (error) {
    const { flow, browser, ...known } = request;
    if (!(error instanceof RolecallError) || error.code !== 'invalid-request' || browser === undefined) throw error;
    if (flow !== 'pkce') return send(known);
    throw new DaemonUnreachableError(
      'daemon-version-mismatch',
      'The daemon is older than this command, and can sign in by device code only.',
      { cause: error },
    );
  }
}
