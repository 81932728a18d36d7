// Session events reach every listener in order, and a sign-out waits for what they do.
import { describe, expect, it } from 'vitest';
import type { SsoSession } from '../../../src/core/model.ts';
import { createSessionEvents } from '../../../src/daemon/sign-in/session-events.ts';

const SESSION: SsoSession = {
  sessionName: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: [],
};

describe('session events', () => {
  it('call each listener for the events that it handles, in the order of subscription', () => {
    const events = createSessionEvents();
    const calls: string[] = [];
    events.subscribe({
      signedIn: ({ sessionName }) => void calls.push(`first signedIn ${sessionName}`),
      expired: ({ sessionName }) => void calls.push(`first expired ${sessionName}`),
    });
    events.subscribe({
      signedIn: ({ sessionName }) => void calls.push(`second signedIn ${sessionName}`),
      denied: ({ sessionName }) => void calls.push(`second denied ${sessionName}`),
    });

    events.signedIn(SESSION);
    events.denied(SESSION);
    events.expired(SESSION);

    expect(calls).toEqual(['first signedIn work', 'second signedIn work', 'second denied work', 'first expired work']);
  });

  it('start every reaction to a sign-out at once, and wait for all of them', async () => {
    const events = createSessionEvents();
    const calls: string[] = [];
    let finish = () => {};
    const revoking = new Promise<void>((resolve) => {
      finish = resolve;
    });
    events.subscribe({
      async signedOut(_, by) {
        calls.push(`started by ${by}`);
        await revoking;
        calls.push('finished');
      },
    });
    events.subscribe({ signedOut: () => void calls.push('second') });

    const signedOut = events.signedOut(SESSION, 'socket');
    expect(calls).toEqual(['started by socket', 'second']);
    finish();
    await signedOut;
    expect(calls).toEqual(['started by socket', 'second', 'finished']);
  });

  it('fail a sign-out when a reaction to it fails', async () => {
    const events = createSessionEvents();
    events.subscribe({ signedOut: () => Promise.reject(new Error('the grants could not be revoked')) });
    await expect(events.signedOut(SESSION, 'web')).rejects.toThrow('the grants could not be revoked');
  });
});
