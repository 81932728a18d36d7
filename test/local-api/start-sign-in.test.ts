// Sign-ins at a daemon of before there was another flow than the device code, which refuses fields that it does not know.
import { expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { startSignIn, type SignInRequest } from '../../src/local-api/start-sign-in.ts';

/** What was sent, and what came of it. */
async function startAtOlder(request: SignInRequest, isRefused = (body: SignInRequest) => 'browser' in body) {
  const sent: SignInRequest[] = [];
  const outcome = await startSignIn(request, async (body) => {
    sent.push(body);
    if (isRefused(body)) throw new UsageError('invalid-request', 'The body has an unknown field.');
    return { state: 'pending', flow: 'device' };
  }).catch((error: unknown) => error);
  return { sent, outcome };
}

test.each([{}, { flow: 'device' }] as const)('gets a code from a daemon that knows nothing else: %j', async (asked) => {
  const { sent, outcome } = await startAtOlder({ force: true, acceptEndpoint: true, browser: 'here', ...asked });
  expect(outcome).toEqual({ state: 'pending', flow: 'device' });
  expect(sent.slice(1)).toEqual([{ force: true, acceptEndpoint: true }]);
});

test('says that the daemon is older if it was to sign in without a code', async () => {
  const { sent, outcome } = await startAtOlder({ browser: 'here', flow: 'pkce' });
  expect(outcome).toMatchObject({ code: 'daemon-version-mismatch', hint: 'rolecall daemon restart' });
  expect(sent).toHaveLength(1);
});

test('reports what is refused for another reason', async () => {
  const { sent, outcome } = await startAtOlder({ browser: 'ssh' }, () => true);
  expect(outcome).toMatchObject({ code: 'invalid-request' });
  expect(sent).toHaveLength(2);
});
